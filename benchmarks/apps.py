"""The CDK apps that are measured, each as the code of an `app.py` for a process of its own.

They are templates of text, so that the floor imports nothing of this library, and the others what
an app of a user imports and nothing else.
"""

from __future__ import annotations

FLOOR = """
from aws_cdk import App, Stack

app = App(outdir={outdir!r})
Stack(app, "Empty")
app.synth()
"""
"""Importing aws-cdk-lib and synthesizing a stack with nothing in it."""

REFERENCE = """
from pathlib import Path
from datafi_cdk import DatafiEdgeConfig, DatafiEdgeStack
from aws_cdk import App

app = App(outdir={outdir!r})
config = DatafiEdgeConfig.from_file(Path({datafi_yaml!r}))
DatafiEdgeStack(app, "DatafiEdge", config=config)
app.synth()
"""
"""The reference deployment, which a `datafi.yaml` describes."""

WITHOUT_VALIDATION = """
import os

os.environ["CDK_VALIDATION"] = "false"
"""
"""Before an app: without what CDK itself checks of every template at the end of a synthesis."""

SERVERS = """
from datafi_cdk import EdgeDns, EdgeNetwork, EdgeServer, EdgeStorage, SharedIngress, UpdateApi
from aws_cdk import App, Stack
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_secretsmanager as secretsmanager

app = App(outdir={outdir!r})
entrance = Stack(app, "Entrance")
network = EdgeNetwork(entrance, "Network")
cluster = ecs.Cluster(entrance, "Cluster", vpc=network.vpc)
dns = EdgeDns(entrance, "Dns", root_domain="edge.example.com")
ingress = SharedIngress(entrance, "Ingress", vpc=network.vpc, dns=dns, max_rules=200)
edges_of_all = []
for first in range(0, {servers}, {servers_per_stack}):
    stack = Stack(app, f"Servers{{first}}")
    edges = []
    logs = ingress.server_access_logs_bucket
    for number in range(first, min(first + {servers_per_stack}, {servers})):
        arn = f"arn:aws:secretsmanager:us-east-1:111111111111:secret:es{{number}}-AbCdEf"
        edge = EdgeServer(
            stack,
            f"Es{{number}}",
            cluster=cluster,
            ingress=ingress,
            name=f"es{{number}}",
            secret=secretsmanager.Secret.from_secret_complete_arn(stack, f"Key{{number}}", arn),
            storage=EdgeStorage(stack, f"Data{{number}}", server_access_logs_bucket=logs),
        )
        edges.append(edge)
        if not {shared}:
            UpdateApi(stack, f"Updates{{number}}", ingress=ingress, services=[edge])
    if {shared}:
        edges_of_all += edges
if {shared}:
    updates = Stack(app, "Updates")
    UpdateApi(updates, "Api", ingress=ingress, services=edges_of_all, every_path=True)
app.synth()
"""
"""Any number of edge servers with storage, in stacks of ten behind one load balancer."""

SERVERS_PER_STACK = 10


def servers(count: int, *, shared: bool, outdir: str) -> str:
    """The app of a number of servers.

    Args:
        count: How many servers.
        shared: Whether they share one update API; else each has its own.
        outdir: Where it writes its templates.
    """
    return SERVERS.format(
        servers=count, servers_per_stack=SERVERS_PER_STACK, shared=shared, outdir=outdir
    )
