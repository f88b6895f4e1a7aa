"""An edge server that is reached from the VPC only, in a network without a way out."""

import os

from datafi_cdk import EdgeDns, EdgeNetwork, EdgeServer, EdgeStorage, SharedIngress
from aws_cdk import App, ArnFormat, CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_secretsmanager as secretsmanager

# For a trial: `cdk destroy` deletes everything. Take it away before data matters.
TRIAL = RemovalPolicy.DESTROY

app = App(outdir=os.environ.get("CDK_OUTDIR", "cdk.out"))
stack = Stack(app, "DatafiPrivate")

network = EdgeNetwork(stack, "Network", nat_gateways=0, public_subnets=False, removal_policy=TRIAL)
cluster = ecs.Cluster(
    stack,
    "Cluster",
    vpc=network.vpc,
    container_insights_v2=ecs.ContainerInsights.ENABLED,
)

# ACM validates through no private zone: the certificate is there already.
certificate_arn = app.node.try_get_context("certificate_arn") or stack.format_arn(
    service="acm", resource="certificate", resource_name="00000000-0000-4000-8000-000000000000"
)
dns = EdgeDns(
    stack,
    "Dns",
    root_domain=app.node.try_get_context("root_domain") or "edge.example.com",
    private_zone_vpc=network.vpc,
    certificate=acm.Certificate.from_certificate_arn(stack, "Certificate", certificate_arn),
    removal_policy=TRIAL,
)
ingress = SharedIngress(
    stack,
    "Ingress",
    vpc=network.vpc,
    dns=dns,
    internal=True,
    deletion_protection=False,
    removal_policy=TRIAL,
)

secret_arn = app.node.try_get_context("secret_arn") or stack.format_arn(
    service="secretsmanager",
    resource="secret",
    resource_name="datafi/es-AbCdEf",
    arn_format=ArnFormat.COLON_RESOURCE_NAME,
)
repository = app.node.try_get_context("repository") or "datafi-es"
edge = EdgeServer(
    stack,
    "Es",
    cluster=cluster,
    ingress=ingress,
    name="es",
    image=ecs.ContainerImage.from_ecr_repository(
        ecr.Repository.from_repository_name(stack, "Images", repository), "latest"
    ),
    secret=secretsmanager.Secret.from_secret_complete_arn(stack, "EsKeys", secret_arn),
    secret_variables=["KEY"],
    storage=EdgeStorage(stack, "EsData", removal_policy=TRIAL),
    removal_policy=TRIAL,
)
CfnOutput(stack, "Url", value=edge.url)
app.synth()
