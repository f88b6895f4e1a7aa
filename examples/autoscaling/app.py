"""An edge server whose number of tasks follows its load, most of them on Fargate Spot."""

import os

from datafi_cdk import AutoScaling, EdgeDns, EdgeNetwork, EdgeServer, SharedIngress
from aws_cdk import App, ArnFormat, CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_secretsmanager as secretsmanager

# For a trial: `cdk destroy` deletes everything. Take it away before data matters.
TRIAL = RemovalPolicy.DESTROY

app = App(outdir=os.environ.get("CDK_OUTDIR", "cdk.out"))
stack = Stack(app, "DatafiAutoscaling")

network = EdgeNetwork(stack, "Network", removal_policy=TRIAL)
cluster = ecs.Cluster(
    stack,
    "Cluster",
    vpc=network.vpc,
    container_insights_v2=ecs.ContainerInsights.ENABLED,
    enable_fargate_capacity_providers=True,
)
dns = EdgeDns(
    stack,
    "Dns",
    root_domain=app.node.try_get_context("root_domain") or "edge.example.com",
    removal_policy=TRIAL,
)
ingress = SharedIngress(
    stack,
    "Ingress",
    vpc=network.vpc,
    dns=dns,
    deletion_protection=False,
    removal_policy=TRIAL,
)
secret_arn = app.node.try_get_context("secret_arn") or stack.format_arn(
    service="secretsmanager",
    resource="secret",
    resource_name="datafi/es-AbCdEf",
    arn_format=ArnFormat.COLON_RESOURCE_NAME,
)
edge = EdgeServer(
    stack,
    "Es",
    cluster=cluster,
    ingress=ingress,
    name="es",
    secret=secretsmanager.Secret.from_secret_complete_arn(stack, "EsKeys", secret_arn),
    auto_scaling=AutoScaling(2, 10, cpu_percent=60, requests_per_target=1000),
    capacity_provider_strategies=[
        ecs.CapacityProviderStrategy(capacity_provider="FARGATE", base=1, weight=1),
        ecs.CapacityProviderStrategy(capacity_provider="FARGATE_SPOT", weight=3),
    ],
    removal_policy=TRIAL,
)
CfnOutput(stack, "Url", value=edge.url)
app.synth()
