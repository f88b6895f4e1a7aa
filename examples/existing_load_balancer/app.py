"""An edge server behind a load balancer that a company has already."""

import os
from typing import cast

from datafi_cdk import EdgeDns, EdgeNetwork, EdgeServer, SharedIngress
from aws_cdk import Acknowledgment, App, ArnFormat, CfnOutput, RemovalPolicy, Stack, Validations
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager

# For a trial: `cdk destroy` deletes everything. Take it away before data matters.
TRIAL = RemovalPolicy.DESTROY


def access_logs_bucket(stack: Stack) -> s3.Bucket:
    """A bucket for the logs of a load balancer; requests to it are logged in another one."""

    def log_bucket(construct_id: str, requests_to: s3.Bucket | None = None) -> s3.Bucket:
        return s3.Bucket(
            stack,
            construct_id,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            versioned=True,
            server_access_logs_bucket=requests_to,
            removal_policy=TRIAL,
            auto_delete_objects=TRIAL != RemovalPolicy.RETAIN,
        )

    requests = log_bucket("BucketRequests")
    endless = {"id": "CKV_AWS_18", "comment": "The logs of its own requests would never end."}
    cast(s3.CfnBucket, requests.node.default_child).add_metadata("checkov", {"skip": [endless]})
    bucket = log_bucket("AccessLogs", requests)
    bucket.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal("logdelivery.elasticloadbalancing.amazonaws.com")],
            actions=["s3:PutObject"],
            resources=[bucket.arn_for_objects(f"AWSLogs/{stack.account}/*")],
        )
    )
    return bucket


app = App(
    outdir=os.environ.get("CDK_OUTDIR", "cdk.out"),
    context={"@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy": True},
)
root_domain = app.node.try_get_context("root_domain") or "edge.example.com"

# What the company has: a load balancer with a certificate and a rule of its own.
company = Stack(app, "Company")
access_logs = access_logs_bucket(company)
vpc = EdgeNetwork(company, "Network", removal_policy=TRIAL).vpc
load_balancer = elbv2.ApplicationLoadBalancer(
    company, "LoadBalancer", vpc=vpc, internet_facing=True, drop_invalid_header_fields=True
)
certificate_arn = app.node.try_get_context("certificate_arn") or company.format_arn(
    service="acm", resource="certificate", resource_name="00000000-0000-4000-8000-000000000000"
)
Validations.of(load_balancer).acknowledge(
    Acknowledgment(id="AwsSolutions::AwsSolutions-EC23", reason="A shop is open to everybody.")
)
load_balancer.set_attribute("access_logs.s3.enabled", "true")
load_balancer.set_attribute("access_logs.s3.bucket", access_logs.bucket_name)
load_balancer.node.add_dependency(access_logs)
listener = load_balancer.add_listener(
    "Https",
    port=443,
    certificates=[elbv2.ListenerCertificate.from_arn(certificate_arn)],
    ssl_policy=elbv2.SslPolicy.RECOMMENDED_TLS,
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
    cluster=ecs.Cluster(
        servers, "Cluster", vpc=vpc, container_insights_v2=ecs.ContainerInsights.ENABLED
    ),
    ingress=ingress,
    name="es",
    secret=secretsmanager.Secret.from_secret_complete_arn(servers, "EsKeys", secret_arn),
    removal_policy=TRIAL,
)
CfnOutput(servers, "Url", value=edge.url)
CfnOutput(servers, "GrpcEndpoint", value=edge.grpc_endpoint)
app.synth()
