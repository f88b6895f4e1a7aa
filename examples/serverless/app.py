"""One edge server on Lambda, behind a load balancer in a network of its own."""

import os

from datafi_cdk import EdgeDns, EdgeStorage, ServerlessEdgeServer, SharedIngress
from aws_cdk import App, CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager

# For a trial: `cdk destroy` deletes everything. Take it away before data matters.
TRIAL = RemovalPolicy.DESTROY

app = App(outdir=os.environ.get("CDK_OUTDIR", "cdk.out"))
stack = Stack(app, "DatafiServerless")

flow_logs = logs.LogGroup(
    stack, "FlowLogs", retention=logs.RetentionDays.ONE_MONTH, removal_policy=TRIAL
)
vpc = ec2.Vpc(
    stack,
    "Vpc",
    max_azs=2,
    nat_gateways=0,
    flow_logs={
        "FlowLog": ec2.FlowLogOptions(
            destination=ec2.FlowLogDestination.to_cloud_watch_logs(flow_logs)
        )
    },
    subnet_configuration=[
        ec2.SubnetConfiguration(
            name="Public", subnet_type=ec2.SubnetType.PUBLIC, map_public_ip_on_launch=False
        )
    ],
)
root_domain = app.node.try_get_context("root_domain") or "edge.example.com"
dns = EdgeDns(stack, "Dns", root_domain=root_domain, removal_policy=TRIAL)
ingress = SharedIngress(
    stack, "Ingress", vpc=vpc, dns=dns, deletion_protection=False, removal_policy=TRIAL
)

secret_arn = app.node.try_get_context("secret_arn")
server = ServerlessEdgeServer(
    stack,
    "Es",
    ingress=ingress,
    name="es",
    repository=ecr.Repository.from_repository_name(
        stack, "Images", app.node.try_get_context("repository") or "datafi-es-lambda"
    ),
    secret=secretsmanager.Secret.from_secret_complete_arn(stack, "Secret", secret_arn)
    if secret_arn
    else None,
    storage=EdgeStorage(stack, "EsData", removal_policy=TRIAL),
    removal_policy=TRIAL,
)
CfnOutput(stack, "Url", value=server.url)
app.synth()
