"""DatafiEdgeStack: a whole deployment, composed from a configuration."""

from __future__ import annotations

import hashlib
from typing import Any

from aws_cdk import CfnOutput, Duration, Environment, Fn, RemovalPolicy, Stack, Tags
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_kms as kms
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_servicediscovery as servicediscovery
from constructs import Construct

from .config import CoordinatorConfig, DatafiEdgeConfig, EdgeServerConfig
from .coordinator import Coordinator
from .datafi_service import DatafiService
from .edge_dns import EdgeDns
from .edge_server import EdgeServer
from .edge_storage import EdgeStorage
from .errors import Fault, InvalidInputError
from .shared_ingress import SharedIngress
from .synthesis import concrete, refuse
from .update_api import UpdateApi
from .validation import type_faults

__all__ = ["DatafiEdgeStack"]

# CloudFormation takes tags of these since a short time only: the oldest aws-cdk-lib that we support
# validates them against a schema without, and with its recommended flags that is an error.
_UNTAGGED = [
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::ListenerRule",
]


class DatafiEdgeStack(Stack):
    """Network, names, load balancer, edge servers, their update APIs and a coordinator.

    It composes the constructs of this library as a `datafi.yaml` says, and adds outputs; whoever
    needs another composition uses the constructs themselves.

    With `disable_stack` in the configuration no stack is made: the app has nothing of this id, so
    `cdk deploy` leaves alone what runs. The attributes are then missing. An app without any other
    stack makes the `cdk` command end with exit code 1, as it finds none.

    Args:
        scope: The app or stage.
        construct_id: The stack's id, and its name unless `stack_name` is given.
        config: The deployment.
        kwargs: What every CDK stack takes. Default of `env`: the section `aws` of `config`; of
            `description`: the name of the deployment.

    Raises:
        InvalidInputError: The configuration asks for what cannot work.

    Example:
        ```python
        app = App()
        DatafiEdgeStack(app, "DatafiEdge", config=DatafiEdgeConfig.from_file("datafi.yaml"))
        app.synth()
        ```
    """

    vpc: ec2.IVpc
    """The network."""
    cluster: ecs.Cluster
    """The ECS cluster."""
    dns: EdgeDns
    """Names and certificate."""
    ingress: SharedIngress
    """The load balancer."""
    namespace: servicediscovery.PrivateDnsNamespace | None
    """The Cloud Map namespace, or `None`."""
    edge_servers: dict[str, EdgeServer]
    """The edge servers by name."""
    update_apis: dict[str, UpdateApi]
    """The update APIs by the name of the server they update."""
    coordinator: Coordinator | None
    """The coordinator, or `None`."""

    def __init__(
        self, scope: Construct, construct_id: str, *, config: DatafiEdgeConfig, **kwargs: Any
    ) -> None:
        faults = type_faults(
            f"{construct_id}: config",
            config,
            DatafiEdgeConfig,
            "a DatafiEdgeConfig, such as DatafiEdgeConfig.from_file(…) gives",
        )
        if faults:
            raise InvalidInputError(faults)
        if config.aws:
            env = Environment(account=config.aws.account, region=config.aws.region)
            kwargs.setdefault("env", env)
        kwargs.setdefault("description", f"Datafi edge deployment {config.deployment_name}")
        super().__init__(scope, construct_id, **kwargs)
        if config.disable_stack:
            scope.node.try_remove_child(construct_id)
            return
        refuse(self, self._env_faults(config))
        Tags.of(self).add(
            "datafi:deployment", config.deployment_name, exclude_resource_types=_UNTAGGED
        )
        self._removal_policy = (
            RemovalPolicy.DESTROY if config.allow_delete_resources else RemovalPolicy.RETAIN
        )

        self.vpc = self._network(config)
        self.cluster = ecs.Cluster(
            self, "Cluster", vpc=self.vpc, container_insights_v2=ecs.ContainerInsights.ENABLED
        )
        self.dns = self._dns(config)
        self.ingress = SharedIngress(
            self,
            "Ingress",
            vpc=self.vpc,
            dns=self.dns,
            idle_timeout=Duration.seconds(config.load_balancer.idle_timeout_seconds),
            deletion_protection=not config.allow_delete_resources,
        )
        self.namespace = self._namespace(config)
        servers = config.edge_servers.long_running
        self.edge_servers = {server.name: self._edge_server(server) for server in servers}
        self.update_apis = {server.name: self._update_api(server) for server in servers}
        UpdateApi.add_root_path_rule(
            self,
            "UpdateRootPathRule",
            ingress=self.ingress,
            update_apis=list(self.update_apis.values()),
        )
        self.coordinator = self._coordinator(config.coordinator) if config.coordinator else None
        self._add_outputs()

    def _env_faults(self, config: DatafiEdgeConfig) -> list[Fault]:
        if config.aws is None or (self.account, self.region) == (
            config.aws.account,
            config.aws.region,
        ):
            return []
        allowed = f"that of the configuration ({config.aws.account}/{config.aws.region})"
        account = concrete(self.account) or "no account"
        region = concrete(self.region) or "no region"
        return [Fault("env", allowed, f"{account}/{region}", "leave one of them out")]

    def _network(self, config: DatafiEdgeConfig) -> ec2.IVpc:
        if config.vpc:
            return ec2.Vpc.from_lookup(self, "Vpc", vpc_id=config.vpc.vpc_id)
        return ec2.Vpc(self, "Vpc", max_azs=2, nat_gateways=1, restrict_default_security_group=True)

    def _dns(self, config: DatafiEdgeConfig) -> EdgeDns:
        dns = config.dns
        return EdgeDns(
            self,
            "Dns",
            root_domain=dns.root_domain,
            hosted_zone=route53.HostedZone.from_hosted_zone_attributes(
                self, "HostedZone", hosted_zone_id=dns.hosted_zone_id, zone_name=dns.root_domain
            )
            if dns.hosted_zone_id
            else None,
            certificate=acm.Certificate.from_certificate_arn(
                self, "Certificate", dns.certificate_arn
            )
            if dns.certificate_arn
            else None,
            enable_hosted_zone=dns.enable_hosted_zone,
            removal_policy=self._removal_policy,
        )

    def _namespace(self, config: DatafiEdgeConfig) -> servicediscovery.PrivateDnsNamespace | None:
        if not config.dns.enable_namespace:
            return None
        return servicediscovery.PrivateDnsNamespace(
            self, "Namespace", name=f"internal.{config.dns.root_domain}", vpc=self.vpc
        )

    def _edge_server(self, server: EdgeServerConfig) -> EdgeServer:
        construct_id = f"EdgeServer-{server.name}"
        return EdgeServer(
            self,
            construct_id,
            cluster=self.cluster,
            ingress=self.ingress,
            name=server.name,
            image_tag=server.image_tag,
            cpu=server.cpu,
            memory_limit_mib=server.memory_mib,
            desired_count=server.desired_count,
            secret=self._secret(
                f"{construct_id}-Secret", server.secret_arn, server.secret_kms_key_arn
            ),
            secret_variables=server.secret_variables,
            environment=server.environment,
            storage=EdgeStorage(
                self, f"{construct_id}-Storage", removal_policy=self._removal_policy
            )
            if server.storage
            else None,
            cloud_map_namespace=self.namespace,
            removal_policy=self._removal_policy,
        )

    def _update_api(self, server: EdgeServerConfig) -> UpdateApi:
        construct_id = f"UpdateApi-{server.name}"
        return UpdateApi(
            self,
            construct_id,
            ingress=self.ingress,
            services=[self.edge_servers[server.name]],
            secret=self._secret(f"{construct_id}-Secret", server.update_secret_arn),
            removal_policy=self._removal_policy,
        )

    def _coordinator(self, coordinator: CoordinatorConfig) -> Coordinator:
        return Coordinator(
            self,
            "Coordinator",
            cluster=self.cluster,
            ingress=self.ingress,
            name=coordinator.name,
            image_tag=coordinator.image_tag,
            registry=coordinator.registry,
            registry_credentials=self._required_secret(
                "Coordinator-RegistryCredentials", coordinator.registry_credentials_secret_arn
            ),
            secret=self._required_secret(
                "Coordinator-Secret", coordinator.secret_arn, coordinator.secret_kms_key_arn
            ),
            secret_variables=coordinator.secret_variables,
            cpu=coordinator.cpu,
            memory_limit_mib=coordinator.memory_mib,
            desired_count=coordinator.desired_count,
            environment=coordinator.environment,
            cloud_map_namespace=self.namespace,
            removal_policy=self._removal_policy,
        )

    def _secret(
        self, construct_id: str, arn: str | None, key_arn: str | None = None
    ) -> secretsmanager.ISecret | None:
        return self._required_secret(construct_id, arn, key_arn) if arn else None

    def _required_secret(
        self, construct_id: str, arn: str, key_arn: str | None = None
    ) -> secretsmanager.ISecret:
        return secretsmanager.Secret.from_secret_attributes(
            self,
            construct_id,
            secret_complete_arn=arn,
            encryption_key=kms.Key.from_key_arn(self, f"{construct_id}-Key", key_arn)
            if key_arn
            else None,
        )

    def _add_outputs(self) -> None:
        load_balancer = self.ingress.load_balancer
        CfnOutput(self, "LoadBalancerDnsName", value=load_balancer.load_balancer_dns_name)
        if self.dns.name_servers:
            CfnOutput(
                self,
                "NameServers",
                value=Fn.join(" ", self.dns.name_servers),
                description="Delegate the root domain to these: no certificate is issued before",
            )
        services: list[DatafiService] = [*self.edge_servers.values()]
        if self.coordinator:
            services.append(self.coordinator)
        for service in services:
            prefix = _output_prefix(service.name)
            CfnOutput(self, f"{prefix}Url", value=service.url)
            CfnOutput(self, f"{prefix}GrpcEndpoint", value=service.grpc_endpoint)
        for name, update_api in self.update_apis.items():
            prefix = _output_prefix(name)
            CfnOutput(self, f"{prefix}UpdateUrl", value=update_api.url)
            CfnOutput(
                self,
                f"{prefix}UpdateSecretArn",
                value=update_api.secret.secret_arn,
                description="The secret that holds the key of the update API",
            )


def _output_prefix(name: str) -> str:
    """A server's name as an output's may be: letters and digits, and no two names alike."""
    words = name.split("-")
    distinction = hashlib.sha256(name.encode()).hexdigest()[:6] if len(words) > 1 else ""
    return "".join(word.capitalize() for word in words) + distinction
