"""Thirty edge servers behind one load balancer, ten in each of three stacks."""

import os

from datafi_cdk import EdgeDns, EdgeNetwork, EdgeServer, SharedIngress
from aws_cdk import Acknowledgment, App, RemovalPolicy, Stack, Validations
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_secretsmanager as secretsmanager

# For a trial: `cdk destroy` deletes everything. Take it away before data matters.
TRIAL = RemovalPolicy.DESTROY
TEAMS = ("finance", "research", "sales")
SERVERS = 10

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

for team in TEAMS:
    stack = Stack(app, f"Datafi-{team}")
    # To be filled in with one field for each server: see README.md.
    keys = secretsmanager.Secret(stack, "Keys", removal_policy=TRIAL)
    Validations.of(keys).acknowledge(
        Acknowledgment(
            id="AwsSolutions::AwsSolutions-SMG4",
            reason="Somebody fills it in: nothing can make new keys by itself.",
        )
    )
    for number in range(1, SERVERS + 1):
        name = f"{team}-{number}"
        EdgeServer(
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
app.synth()
