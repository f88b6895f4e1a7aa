"""Datafi's parts in a stack that a company has already, with its own network and cluster."""

import os

from datafi_cdk import (
    Coordinator,
    EdgeDns,
    EdgeMonitoring,
    EdgeServer,
    EdgeStorage,
    SharedIngress,
    UpdateApi,
    UpdateRouter,
)
from aws_cdk import Acknowledgment, App, CfnOutput, RemovalPolicy, Stack, Validations
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from constructs import Construct

# For a trial: `cdk destroy` deletes everything. Take it away before data matters.
TRIAL = RemovalPolicy.DESTROY


class DataPlatform(Stack):
    """What was there before: a VPC and a cluster. What is new: everything below them."""

    def __init__(
        self, scope: Construct, construct_id: str, *, root_domain: str, tasks: int
    ) -> None:
        super().__init__(scope, construct_id)
        flow_logs = logs.LogGroup(
            self, "FlowLogs", retention=logs.RetentionDays.ONE_MONTH, removal_policy=TRIAL
        )
        vpc = ec2.Vpc(
            self,
            "Vpc",
            max_azs=2,
            nat_gateways=1,
            flow_logs={
                "FlowLog": ec2.FlowLogOptions(
                    destination=ec2.FlowLogDestination.to_cloud_watch_logs(flow_logs)
                )
            },
            subnet_configuration=[
                ec2.SubnetConfiguration(
                    name="Public", subnet_type=ec2.SubnetType.PUBLIC, map_public_ip_on_launch=False
                ),
                ec2.SubnetConfiguration(
                    name="Private", subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS
                ),
            ],
        )
        cluster = ecs.Cluster(
            self, "Cluster", vpc=vpc, container_insights_v2=ecs.ContainerInsights.ENABLED
        )

        dns = EdgeDns(self, "Dns", root_domain=root_domain, removal_policy=TRIAL)
        ingress = SharedIngress(
            self,
            "Ingress",
            vpc=vpc,
            dns=dns,
            deletion_protection=False,
            removal_policy=TRIAL,
        )
        jwks = self.secret("JwtJwks")
        edge = EdgeServer(
            self,
            "Es",
            cluster=cluster,
            ingress=ingress,
            name="es",
            secret=self.secret("EsKeys"),
            jwt_jwks_secret=jwks,
            environment={"TIMEOUT": "1200", "CACHE_LIFE": "1800"},
            storage=EdgeStorage(self, "EsData", removal_policy=TRIAL),
            desired_count=tasks,
            removal_policy=TRIAL,
        )
        coordinator = Coordinator(
            self,
            "Coordinator",
            cluster=cluster,
            ingress=ingress,
            secret=self.secret("CoordinatorKeys"),
            registry_credentials=self.secret("Registry"),
            desired_count=tasks,
            removal_policy=TRIAL,
        )
        updates = [
            UpdateApi(self, construct_id, ingress=ingress, services=[service], removal_policy=TRIAL)
            for construct_id, service in (("EsUpdates", edge), ("CoordinatorUpdates", coordinator))
        ]
        UpdateRouter(
            self, "UpdateRouter", ingress=ingress, update_apis=updates, removal_policy=TRIAL
        )
        topic_arn = self.node.try_get_context("alarm_topic_arn")
        monitoring = EdgeMonitoring(
            self,
            "Monitoring",
            services=[edge, coordinator],
            ingress=ingress,
            update_apis=updates,
            alarm_topic=sns.Topic.from_topic_arn(self, "AlarmTopic", topic_arn)
            if topic_arn
            else None,
            removal_policy=TRIAL,
        )
        CfnOutput(self, "DashboardName", value=monitoring.dashboard.dashboard_name)
        CfnOutput(self, "EdgeServerUrl", value=edge.url)
        CfnOutput(self, "CoordinatorUrl", value=coordinator.url)
        for update_api in updates:
            for name, url in update_api.urls.items():
                CfnOutput(self, f"UpdateUrl-{name}", value=url)

    def secret(self, construct_id: str) -> secretsmanager.Secret:
        """A secret for somebody to fill in: see README.md."""
        secret = secretsmanager.Secret(self, construct_id, removal_policy=TRIAL)
        Validations.of(secret).acknowledge(
            Acknowledgment(
                id="AwsSolutions::AwsSolutions-SMG4",
                reason="Somebody fills it in: nothing can make new keys by itself.",
            )
        )
        return secret


app = App(outdir=os.environ.get("CDK_OUTDIR", "cdk.out"))
DataPlatform(
    app,
    "DataPlatform",
    root_domain=app.node.try_get_context("root_domain") or "edge.example.com",
    tasks=int(app.node.try_get_context("tasks") or 0),
)
app.synth()
