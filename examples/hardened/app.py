"""Datafi's parts with all that NIST 800-53 r5, HIPAA and PCI DSS ask for, each said by itself."""

import os

from datafi_cdk import (
    EdgeDns,
    EdgeNetwork,
    EdgeServer,
    EdgeStorage,
    SharedIngress,
    UpdateApi,
    UpdateRouter,
)
from aws_cdk import App, ArnFormat, CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager

# For a trial: `cdk destroy` deletes everything. Take it away before data matters.
TRIAL = RemovalPolicy.DESTROY

app = App(outdir=os.environ.get("CDK_OUTDIR", "cdk.out"))
stack = Stack(app, "DatafiHardened")

key = kms.Key(stack, "Key", enable_key_rotation=True, removal_policy=TRIAL)
network = EdgeNetwork(stack, "Network", encryption_key=key, removal_policy=TRIAL)
cluster = ecs.Cluster(
    stack, "Cluster", vpc=network.vpc, container_insights_v2=ecs.ContainerInsights.ENABLED
)
dns = EdgeDns(
    stack,
    "Dns",
    root_domain=app.node.try_get_context("root_domain") or "edge.example.com",
    vpc=network.vpc,
    encryption_key=key,
    reserved_concurrent_executions=1,
    removal_policy=TRIAL,
)
ingress = SharedIngress(
    stack,
    "Ingress",
    vpc=network.vpc,
    dns=dns,
    web_acl=True,
    encryption_key=key,
    deletion_protection=app.node.try_get_context("deletion_protection") != "false",
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
    storage=EdgeStorage(
        stack,
        "EsData",
        encryption_key=key,
        server_access_logs_bucket=ingress.server_access_logs_bucket,
        removal_policy=TRIAL,
    ),
    encryption_key=key,
    removal_policy=TRIAL,
)
updates = UpdateApi(
    stack,
    "EsUpdates",
    ingress=ingress,
    services=[edge],
    vpc=network.vpc,
    encryption_key=key,
    reserved_concurrent_executions=5,
    removal_policy=TRIAL,
)
UpdateRouter(
    stack,
    "UpdateRouter",
    ingress=ingress,
    update_apis=[updates],
    vpc=network.vpc,
    encryption_key=key,
    reserved_concurrent_executions=5,
    removal_policy=TRIAL,
)

CfnOutput(stack, "Url", value=edge.url)
app.synth()
