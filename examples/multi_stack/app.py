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
from aws_cdk import App, CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_secretsmanager as secretsmanager

# For a trial: `cdk destroy` deletes everything. Take it away before data matters.
TRIAL = RemovalPolicy.DESTROY

app = App(outdir=os.environ.get("CDK_OUTDIR", "cdk.out"))
root_domain = app.node.try_get_context("root_domain") or "edge.example.com"

network_stack = Stack(app, "DatafiNetwork")
network = EdgeNetwork(network_stack, "Network", removal_policy=TRIAL)
cluster = ecs.Cluster(network_stack, "Cluster", vpc=network.vpc)

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

# The secrets hold a random string until somebody fills them in: see README.md.
coordinator_stack = Stack(app, "DatafiCoordinator")
coordinator = Coordinator(
    coordinator_stack,
    "Coordinator",
    cluster=cluster,
    ingress=ingress,
    secret=secretsmanager.Secret(coordinator_stack, "Keys", removal_policy=TRIAL),
    registry_credentials=secretsmanager.Secret(coordinator_stack, "Registry", removal_policy=TRIAL),
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
    secret=secretsmanager.Secret(edge_stack, "EsKeys", removal_policy=TRIAL),
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
