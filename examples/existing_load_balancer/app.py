"""An edge server behind a load balancer that a company has already."""

import os

from datafi_cdk import EdgeDns, EdgeServer, SharedIngress
from aws_cdk import App, ArnFormat, CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_secretsmanager as secretsmanager

# For a trial: `cdk destroy` deletes everything. Take it away before data matters.
TRIAL = RemovalPolicy.DESTROY

app = App(outdir=os.environ.get("CDK_OUTDIR", "cdk.out"))
root_domain = app.node.try_get_context("root_domain") or "edge.example.com"

# What the company has: a load balancer with a certificate and a rule of its own.
company = Stack(app, "Company")
vpc = ec2.Vpc(company, "Vpc", max_azs=2, nat_gateways=1)
load_balancer = elbv2.ApplicationLoadBalancer(
    company, "LoadBalancer", vpc=vpc, internet_facing=True
)
certificate_arn = app.node.try_get_context("certificate_arn") or company.format_arn(
    service="acm", resource="certificate", resource_name="00000000-0000-4000-8000-000000000000"
)
listener = load_balancer.add_listener(
    "Https",
    port=443,
    certificates=[elbv2.ListenerCertificate.from_arn(certificate_arn)],
    default_action=elbv2.ListenerAction.fixed_response(404),
)
listener.add_action(
    "Shop",
    priority=1,
    conditions=[elbv2.ListenerCondition.host_headers(["shop.example.com"])],
    action=elbv2.ListenerAction.fixed_response(200, message_body="the shop"),
)

# What is added: rules from 10000 to 29999, a second certificate, and records of names.
servers = Stack(app, "DatafiEdgeServers")
dns = EdgeDns(servers, "Dns", root_domain=root_domain, removal_policy=TRIAL)
ingress = SharedIngress.from_listeners(
    servers, "Ingress", https_listener=listener, dns=dns, priority_range=(10_000, 29_999)
)
secret_arn = app.node.try_get_context("secret_arn") or servers.format_arn(
    service="secretsmanager",
    resource="secret",
    resource_name="datafi/es-AbCdEf",
    arn_format=ArnFormat.COLON_RESOURCE_NAME,
)
edge = EdgeServer(
    servers,
    "Es",
    cluster=ecs.Cluster(servers, "Cluster", vpc=vpc),
    ingress=ingress,
    name="es",
    secret=secretsmanager.Secret.from_secret_complete_arn(servers, "EsKeys", secret_arn),
    removal_policy=TRIAL,
)
CfnOutput(servers, "Url", value=edge.url)
CfnOutput(servers, "GrpcEndpoint", value=edge.grpc_endpoint)
app.synth()
