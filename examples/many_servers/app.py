"""Thirty edge servers behind one load balancer, ten in each of three stacks, updated by one API."""

import os

from datafi_cdk import (
    Coordinator,
    EdgeDns,
    EdgeNetwork,
    EdgeServer,
    SharedIngress,
    UpdateApi,
)
from aws_cdk import Acknowledgment, App, RemovalPolicy, Stack, Validations
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

# For a trial: `cdk destroy` deletes everything. Take it away before data matters.
TRIAL = RemovalPolicy.DESTROY
TEAMS = ("finance", "research", "sales")
SERVERS = 10


def to_be_filled_in(scope: Construct, name: str) -> secretsmanager.Secret:
    """A secret whose fields somebody fills in: see README.md."""
    secret = secretsmanager.Secret(scope, name, removal_policy=TRIAL)
    Validations.of(secret).acknowledge(
        Acknowledgment(
            id="AwsSolutions::AwsSolutions-SMG4",
            reason="Somebody fills it in: nothing can make new keys by itself.",
        )
    )
    return secret


app = App(outdir=os.environ.get("CDK_OUTDIR", "cdk.out"))
root_domain = app.node.try_get_context("root_domain") or "edge.example.com"
tasks = int(app.node.try_get_context("tasks") or 0)

shared = Stack(app, "DatafiShared")
network = EdgeNetwork(shared, "Network", removal_policy=TRIAL)
cluster = ecs.Cluster(
    shared,
    "Cluster",
    vpc=network.vpc,
    container_insights_v2=ecs.ContainerInsights.ENABLED,
    enable_fargate_capacity_providers=True,
)
dns = EdgeDns(shared, "Dns", root_domain=root_domain, removal_policy=TRIAL)
ingress = SharedIngress(
    shared,
    "Ingress",
    vpc=network.vpc,
    dns=dns,
    deletion_protection=False,
    removal_policy=TRIAL,
)
coordinator = Coordinator(
    shared,
    "Coordinator",
    cluster=cluster,
    ingress=ingress,
    secret=to_be_filled_in(shared, "CoordinatorKeys"),
    registry_credentials=to_be_filled_in(shared, "Registry"),
    desired_count=tasks,
    removal_policy=TRIAL,
)

servers = []
for team in TEAMS:
    stack = Stack(app, f"Datafi-{team}")
    keys = to_be_filled_in(stack, "Keys")
    for number in range(1, SERVERS + 1):
        name = f"{team}-{number}"
        server = EdgeServer(
            stack,
            name,
            cluster=cluster,
            ingress=ingress,
            name=name,
            secret=keys,
            secret_variables={"KEY": name},
            cpu=512,
            memory_limit_mib=1024,
            desired_count=tasks,
            removal_policy=TRIAL,
        )
        servers.append(server)

# One rule and one target group of the load balancer, in place of one for each server.
UpdateApi(
    Stack(app, "Datafi-updates"),
    "Updates",
    ingress=ingress,
    services=[coordinator, *servers],
    every_path=True,
    removal_policy=TRIAL,
)
app.synth()
