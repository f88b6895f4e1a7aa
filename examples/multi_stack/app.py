"""A deployment over four stacks, as teams share it out: network, front, coordinator, servers."""

import os

from datafi_cdk import (
    Coordinator,
    EdgeDns,
    EdgeNetwork,
    EdgeServer,
    EdgeStorage,
    SharedIngress,
    UpdateApi,
    UpdateRouter,
)
from aws_cdk import Acknowledgment, App, CfnOutput, RemovalPolicy, Stack, Validations
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_secretsmanager as secretsmanager

# For a trial: `cdk destroy` deletes everything. Take it away before data matters.
TRIAL = RemovalPolicy.DESTROY


def secret_in(stack: Stack, construct_id: str) -> secretsmanager.Secret:
    """A secret with a random string, until somebody fills it in: see README.md."""
    secret = secretsmanager.Secret(stack, construct_id, removal_policy=TRIAL)
    Validations.of(secret).acknowledge(
        Acknowledgment(
            id="AwsSolutions::AwsSolutions-SMG4",
            reason="Somebody fills it in: nothing can make new keys by itself.",
        )
    )
    return secret


app = App(outdir=os.environ.get("CDK_OUTDIR", "cdk.out"))
root_domain = app.node.try_get_context("root_domain") or "edge.example.com"

network_stack = Stack(app, "DatafiNetwork")
network = EdgeNetwork(network_stack, "Network", removal_policy=TRIAL)
cluster = ecs.Cluster(
    network_stack,
    "Cluster",
    vpc=network.vpc,
    container_insights_v2=ecs.ContainerInsights.ENABLED,
)

front_stack = Stack(app, "DatafiFront")
dns = EdgeDns(front_stack, "Dns", root_domain=root_domain, removal_policy=TRIAL)
ingress = SharedIngress(
    front_stack,
    "Ingress",
    vpc=network.vpc,
    dns=dns,
    deletion_protection=False,
    removal_policy=TRIAL,
)

coordinator_stack = Stack(app, "DatafiCoordinator")
coordinator = Coordinator(
    coordinator_stack,
    "Coordinator",
    cluster=cluster,
    ingress=ingress,
    secret=secret_in(coordinator_stack, "Keys"),
    registry_credentials=secret_in(coordinator_stack, "Registry"),
    desired_count=int(app.node.try_get_context("tasks") or 0),
    removal_policy=TRIAL,
)

edge_stack = Stack(app, "DatafiEdgeServers")
edge = EdgeServer(
    edge_stack,
    "Es",
    cluster=cluster,
    ingress=ingress,
    name="es",
    secret=secret_in(edge_stack, "EsKeys"),
    storage=EdgeStorage(edge_stack, "EsData", removal_policy=TRIAL),
    desired_count=int(app.node.try_get_context("tasks") or 0),
    removal_policy=TRIAL,
)
updates = UpdateApi(edge_stack, "EsUpdates", ingress=ingress, services=[edge], removal_policy=TRIAL)
UpdateRouter(
    edge_stack, "UpdateRouter", ingress=ingress, update_apis=[updates], removal_policy=TRIAL
)

CfnOutput(edge_stack, "EdgeServerUrl", value=edge.url)
CfnOutput(coordinator_stack, "CoordinatorUrl", value=coordinator.url)
app.synth()
