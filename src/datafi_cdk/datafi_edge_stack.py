"""DatafiEdgeStack: a whole deployment, composed from a configuration."""

from __future__ import annotations

from typing import Any

from aws_cdk import CfnOutput, Environment, Fn, RemovalPolicy, Stack, Tags
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_kms as kms
from aws_cdk import aws_servicediscovery as servicediscovery
from aws_cdk import aws_sns as sns
from constructs import Construct

from . import stack_hardening
from .config import DatafiEdgeConfig
from .config_services import (
    CoordinatorConfig,
    EdgeServerConfig,
    ServerlessEdgeServerConfig,
    ServiceConfig,
)
from .coordinator import Coordinator
from .datafi_service import DatafiService
from .edge_dns import EdgeDns
from .edge_monitoring import EdgeMonitoring
from .edge_network import EdgeNetwork
from .edge_server import EdgeServer
from .edge_storage import EdgeStorage
from .errors import Fault, InvalidInputError
from .ingress_base import IngressBase
from .output_names import output_prefix
from .pull_through_cache import PullThroughCache
from .serverless_edge_server import ServerlessEdgeServer
from .shared_ingress import SharedIngress
from .stack_arguments import (
    dns_arguments,
    existing_load_balancer_arguments,
    existing_vpc,
    load_balancer_arguments,
    network_arguments,
    secret_of,
    storage_arguments,
)
from .stack_servers import (
    coordinator_arguments,
    edge_server_arguments,
    serverless_edge_server_arguments,
)
from .stack_size import size_faults
from .stack_updates import update_apis
from .synthesis import concrete, refuse
from .update_api import UpdateApi
from .validation import DEFAULT_REGISTRY, located, switch_faults, text_faults, type_faults

__all__ = ["DatafiEdgeStack"]

# CloudFormation takes tags of these since a short time only: the oldest aws-cdk-lib that we support
# validates them against a schema without, and with its recommended flags that is an error.
_UNTAGGED = [
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::ListenerRule",
]


class DatafiEdgeStack(Stack):
    """Network, names, load balancer, edge servers, their update APIs, a coordinator, monitoring.

    It composes the constructs of this library as a `datafi.yaml` says, and adds outputs; whoever
    needs another composition uses the constructs themselves.

    With `disable_stack` in the configuration no stack is made: the app has nothing of this id, so
    `cdk deploy` leaves alone what runs. The attributes are then missing. An app without any other
    stack makes the `cdk` command end with exit code 1, as it finds none.

    Args:
        scope: The app or stage.
        construct_id: The stack's id, and its name unless `stack_name` is given.
        config: The deployment.
        hardened: Whether all that NIST 800-53 r5, HIPAA and PCI DSS ask for is on, as `hardened`
            says in the configuration. Default: as the configuration says.
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

    encryption_key: kms.IKey | None
    """The customer-managed key of what the stack makes, or `None`."""
    vpc: ec2.IVpc
    """The network."""
    cluster: ecs.ICluster
    """The ECS cluster."""
    dns: EdgeDns
    """Names and certificate."""
    ingress: IngressBase
    """The load balancer."""
    namespace: servicediscovery.IPrivateDnsNamespace | None
    """The Cloud Map namespace, or `None`."""
    pull_through_cache: PullThroughCache | None
    """What takes images through ECR, or `None`."""
    edge_servers: dict[str, EdgeServer]
    """The edge servers on Fargate by name."""
    serverless_edge_servers: dict[str, ServerlessEdgeServer]
    """The edge servers on Lambda by name."""
    update_apis: dict[str, UpdateApi]
    """The update APIs by the name of the server they update, the coordinator among them."""
    coordinator: Coordinator | None
    """The coordinator, or `None`."""
    monitoring: EdgeMonitoring | None
    """The dashboard and the alarms, or `None`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        config: DatafiEdgeConfig,
        hardened: bool | None = None,
        **kwargs: Any,
    ) -> None:
        faults = type_faults(
            f"{construct_id}: config",
            config,
            DatafiEdgeConfig,
            "a DatafiEdgeConfig, such as DatafiEdgeConfig.from_file(…) gives",
        )
        tags = {f"tags.{name}": value for name, value in (kwargs.get("tags") or {}).items()}
        texts = text_faults(description=kwargs.get("description"), **tags)
        faults += located(f"{construct_id}: ", texts)
        if hardened is not None:
            faults += located(f"{construct_id}: ", switch_faults(hardened=hardened))
        if faults:
            raise InvalidInputError(faults)
        if hardened is not None:
            config = stack_hardening.with_hardened(config, hardened)
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

        self.encryption_key = stack_hardening.encryption_key(self, config, self._removal_policy)
        self.vpc = self._network(config)
        self.cluster = self._cluster(config)
        self.dns = self._dns(config)
        self.ingress = self._ingress(config)
        self._server_access_logs_bucket = stack_hardening.server_access_logs_bucket(
            self, config, self.ingress, self.encryption_key, self._removal_policy
        )
        self.namespace = self._namespace(config)
        self.pull_through_cache = self._pull_through_cache(config)
        servers = config.edge_servers
        self.edge_servers = {
            server.name: self._edge_server(config, server) for server in servers.long_running
        }
        self.serverless_edge_servers = {
            server.name: self._serverless_edge_server(config, server)
            for server in servers.serverless
        }
        self.coordinator = (
            self._coordinator(config, config.coordinator) if config.coordinator else None
        )
        services: list[tuple[DatafiService, ServiceConfig]] = [
            (self.edge_servers[server.name], server) for server in servers.long_running
        ]
        if self.coordinator and config.coordinator:
            services.append((self.coordinator, config.coordinator))
        self.update_apis = update_apis(
            self,
            config,
            services,
            ingress=self.ingress,
            encryption_key=self.encryption_key,
            removal_policy=self._removal_policy,
            function_arguments=stack_hardening.update_function_arguments(config, self.vpc),
        )
        topic = (
            sns.Topic.from_topic_arn(self, "AlarmTopic", config.alarm_topic_arn)
            if config.alarm_topic_arn
            else None
        )
        self.monitoring = self._monitoring(topic) if config.monitoring else None
        if topic and not self.monitoring:
            stack_hardening.tell_of_dead_letters(self, topic)
        self._add_outputs()
        refuse(self, size_faults(self, len(services) + len(self.serverless_edge_servers)))

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
            return existing_vpc(self, config.vpc)
        network = EdgeNetwork(
            self,
            "Network",
            encryption_key=self.encryption_key,
            removal_policy=self._removal_policy,
            **network_arguments(config),
        )
        return network.vpc

    def _cluster(self, config: DatafiEdgeConfig) -> ecs.ICluster:
        if config.cluster_name:
            return ecs.Cluster.from_cluster_attributes(
                self, "Cluster", cluster_name=config.cluster_name, vpc=self.vpc
            )
        services = [*config.edge_servers.long_running, config.coordinator]
        return ecs.Cluster(
            self,
            "Cluster",
            vpc=self.vpc,
            container_insights_v2=ecs.ContainerInsights.ENABLED,
            enable_fargate_capacity_providers=any(
                service and service.capacity_provider_strategies for service in services
            ),
        )

    def _dns(self, config: DatafiEdgeConfig) -> EdgeDns:
        dns = config.dns
        is_new = dns.enable_hosted_zone and dns.hosted_zone_id is None
        return EdgeDns(
            self,
            "Dns",
            private_zone_vpc=self.vpc if config.private and is_new else None,
            encryption_key=self.encryption_key,
            removal_policy=self._removal_policy,
            **stack_hardening.cleanup_function_arguments(config, self.vpc),
            **dns_arguments(self, dns),
        )

    def _ingress(self, config: DatafiEdgeConfig) -> IngressBase:
        load_balancer = config.load_balancer
        if load_balancer.existing:
            return SharedIngress.from_attributes(
                self,
                "Ingress",
                vpc=self.vpc,
                dns=self.dns,
                **existing_load_balancer_arguments(load_balancer, load_balancer.existing),
            )
        return SharedIngress(
            self,
            "Ingress",
            vpc=self.vpc,
            dns=self.dns,
            internal=config.private,
            deletion_protection=config.hardened or not config.allow_delete_resources,
            encryption_key=self.encryption_key,
            removal_policy=self._removal_policy,
            **load_balancer_arguments(self, config),
        )

    def _namespace(self, config: DatafiEdgeConfig) -> servicediscovery.IPrivateDnsNamespace | None:
        namespace = config.dns.namespace
        if namespace:
            return servicediscovery.PrivateDnsNamespace.from_private_dns_namespace_attributes(
                self,
                "Namespace",
                namespace_id=namespace.id,
                namespace_arn=namespace.arn,
                namespace_name=namespace.name,
            )
        if not config.dns.enable_namespace:
            return None
        return servicediscovery.PrivateDnsNamespace(
            self, "Namespace", name=f"internal.{config.dns.root_domain}", vpc=self.vpc
        )

    def _pull_through_cache(self, config: DatafiEdgeConfig) -> PullThroughCache | None:
        cache = config.pull_through_cache
        if cache is None:
            return None
        return PullThroughCache(
            self,
            "PullThroughCache",
            docker_hub_credentials=secret_of(
                self, "DockerHubCredentials", cache.docker_hub_secret_arn
            ),
            datafi_registry_credentials=secret_of(
                self, "DatafiRegistryCredentials", cache.datafi_registry_secret_arn
            ),
            datafi_registry=config.coordinator.registry if config.coordinator else DEFAULT_REGISTRY,
            repository_prefix=cache.repository_prefix,
        )

    def _edge_server(self, config: DatafiEdgeConfig, server: EdgeServerConfig) -> EdgeServer:
        construct_id = f"EdgeServer-{server.name}"
        cache = config.pull_through_cache
        from_cache = cache and cache.docker_hub_secret_arn and not server.ecr_repository_arn
        return EdgeServer(
            self,
            construct_id,
            cluster=self.cluster,
            ingress=self.ingress,
            storage=self._storage(construct_id, server),
            cloud_map_namespace=self.namespace,
            encryption_key=self.encryption_key,
            pull_through_cache=self.pull_through_cache if from_cache else None,
            **edge_server_arguments(self, construct_id, config, server, self._removal_policy),
        )

    def _serverless_edge_server(
        self, config: DatafiEdgeConfig, server: ServerlessEdgeServerConfig
    ) -> ServerlessEdgeServer:
        construct_id = f"EdgeServer-{server.name}"
        return ServerlessEdgeServer(
            self,
            construct_id,
            ingress=self.ingress,
            storage=self._storage(construct_id, server),
            vpc=self.vpc if server.in_vpc or config.hardened else None,
            encryption_key=self.encryption_key,
            removal_policy=self._removal_policy,
            **serverless_edge_server_arguments(self, construct_id, config, server),
        )

    def _storage(
        self, construct_id: str, server: EdgeServerConfig | ServerlessEdgeServerConfig
    ) -> EdgeStorage | None:
        if not server.storage:
            return None
        storage_id = f"{construct_id}-Storage"
        return EdgeStorage(
            self,
            storage_id,
            removal_policy=self._removal_policy,
            **storage_arguments(
                self,
                storage_id,
                server,
                encryption_key=self.encryption_key,
                server_access_logs_bucket=self._server_access_logs_bucket,
            ),
        )

    def _coordinator(self, config: DatafiEdgeConfig, coordinator: CoordinatorConfig) -> Coordinator:
        cache = config.pull_through_cache
        from_cache = (
            cache and cache.datafi_registry_secret_arn and not coordinator.ecr_repository_arn
        )
        return Coordinator(
            self,
            "Coordinator",
            cluster=self.cluster,
            ingress=self.ingress,
            cloud_map_namespace=self.namespace,
            encryption_key=self.encryption_key,
            pull_through_cache=self.pull_through_cache if from_cache else None,
            **coordinator_arguments(self, "Coordinator", coordinator, self._removal_policy),
        )

    def _monitoring(self, topic: sns.ITopic | None) -> EdgeMonitoring:
        return EdgeMonitoring(
            self,
            "Monitoring",
            services=[
                *self.edge_servers.values(),
                *([self.coordinator] if self.coordinator else []),
                *self.serverless_edge_servers.values(),
            ],
            ingress=self.ingress,
            update_apis=list(dict.fromkeys(self.update_apis.values())),
            alarm_topic=topic,
            removal_policy=self._removal_policy,
        )

    def _add_outputs(self) -> None:
        load_balancer = self.ingress.load_balancer
        if load_balancer:
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
            prefix = output_prefix(service.name)
            CfnOutput(self, f"{prefix}Url", value=service.url)
            CfnOutput(self, f"{prefix}GrpcEndpoint", value=service.grpc_endpoint)
        for server in self.serverless_edge_servers.values():
            CfnOutput(self, f"{output_prefix(server.name)}Url", value=server.url)
        for name, update_api in self.update_apis.items():
            prefix = output_prefix(name)
            CfnOutput(self, f"{prefix}UpdateUrl", value=update_api.urls[name])
            if update_api.secret:
                CfnOutput(
                    self,
                    f"{prefix}UpdateSecretArn",
                    value=update_api.secret.secret_arn,
                    description="The secret that holds the key of the update API",
                )
        if self.monitoring:
            CfnOutput(self, "DashboardName", value=self.monitoring.dashboard.dashboard_name)
