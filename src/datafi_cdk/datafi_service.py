"""DatafiService: what an edge server and a coordinator have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_servicediscovery as servicediscovery
from constructs import Construct

from . import validation
from .errors import Fault
from .secret_access import grant_key_of, without_key
from .shared_ingress import GRPC_PORT, SharedIngress
from .synthesis import concrete, refuse

_GRPC_CONTAINER_PORT = 50051
_DEREGISTRATION_DELAY = Duration.seconds(5)


@dataclass(frozen=True)
class GrpcHealthCheck:
    """How the load balancer asks a gRPC port for its health.

    Args:
        path: The method that is called, with a leading `/`.
        code: The gRPC status that a healthy server answers.
    """

    path: str
    code: int


class DatafiService(Construct):
    """One container on Fargate with an HTTP and a gRPC port behind a `SharedIngress`.

    The base of `EdgeServer` and `Coordinator`, which say what their software expects. A failed
    deployment rolls itself back; during one, the running tasks stay until the new ones answer.

    Raises:
        InvalidInputError: With every argument that cannot work.
    """

    ingress: SharedIngress
    """The load balancer in front of it."""
    name: str
    """The server's name: the first label of its host name."""
    host: str
    """The public host name."""
    url: str
    """The public address for HTTPS."""
    grpc_endpoint: str
    """The public address for gRPC over TLS, as `host:port`."""
    service: ecs.FargateService
    """The ECS service."""
    task_definition: ecs.FargateTaskDefinition
    """The task definition that the stack registers."""
    container: ecs.ContainerDefinition
    """The container."""
    log_group: logs.LogGroup
    """Where the container's output goes."""
    http_target_group: elbv2.ApplicationTargetGroup
    """The targets of HTTPS requests."""
    grpc_target_group: elbv2.ApplicationTargetGroup
    """The targets of gRPC requests."""
    connections: ec2.Connections
    """The tasks' security group."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cluster: ecs.ICluster,
        ingress: SharedIngress,
        name: str,
        image: Callable[[], ecs.ContainerImage],
        image_tag: str,
        cpu: int,
        memory_limit_mib: int,
        desired_count: int,
        secret: secretsmanager.ISecret | None,
        secret_variables: Sequence[str] | Mapping[str, str],
        environment: Mapping[str, str],
        default_environment: Callable[[], Mapping[str, str]],
        http_port: int,
        grpc_health_check: GrpcHealthCheck,
        cloud_map_namespace: servicediscovery.INamespace | None,
        removal_policy: RemovalPolicy,
        own_faults: Callable[[], Sequence[Fault]],
    ) -> None:
        super().__init__(scope, construct_id)
        refuse(
            self,
            [
                *validation.interface_faults("cluster", cluster, "cluster_arn", "a cluster"),
                *validation.type_faults("ingress", ingress, SharedIngress, "a SharedIngress"),
                *validation.type_faults("environment", environment, Mapping, "a mapping"),
            ],
        )
        refuse(
            self,
            [
                *validation.required_faults(
                    name=name,
                    image_tag=image_tag,
                    cpu=cpu,
                    memory_limit_mib=memory_limit_mib,
                    desired_count=desired_count,
                    http_port=http_port,
                    removal_policy=removal_policy,
                ),
                *ingress.unclaimable_name_faults(name),
                *validation.image_tag_faults(concrete(image_tag)),
                *validation.fargate_faults(concrete(cpu), concrete(memory_limit_mib)),
                *validation.desired_count_faults(concrete(desired_count)),
                *_port_faults(concrete(http_port)),
                *_secret_faults(secret, secret_variables, environment),
                *validation.environment_faults(environment),
                *_namespace_faults(cloud_map_namespace),
                *_network_faults(cluster, ingress),
                *own_faults(),
            ],
        )
        self.ingress = ingress
        self.name = name
        self.host = ingress.claim_name(self, name)
        self.url = f"https://{self.host}"
        self.grpc_endpoint = f"{self.host}:{GRPC_PORT}"

        self.log_group = logs.LogGroup(
            self, "LogGroup", retention=logs.RetentionDays.ONE_MONTH, removal_policy=removal_policy
        )
        self.task_definition = ecs.FargateTaskDefinition(
            self, "TaskDefinition", cpu=cpu, memory_limit_mib=memory_limit_mib
        )
        defaults = {"DISABLE_SSL": "true", "LOG_LEVEL": "INFO", **default_environment()}
        plain = {**defaults, **environment}
        fields = validation.by_variable(secret_variables)
        self.container = self.task_definition.add_container(
            "Container",
            container_name=name,
            image=image(),
            environment={key: plain[key] for key in plain if key not in fields},
            secrets=self._container_secrets(secret, fields) if secret else None,
            logging=ecs.LogDrivers.aws_logs(stream_prefix=name, log_group=self.log_group),
            port_mappings=[
                ecs.PortMapping(name="http", container_port=http_port),
                ecs.PortMapping(name="grpc", container_port=_GRPC_CONTAINER_PORT),
            ],
        )
        self.service = self._fargate_service(cluster, desired_count, cloud_map_namespace)
        self.connections = self.service.connections
        self.http_target_group = self._target_group(
            "HttpTargetGroup",
            cluster.vpc,
            http_port,
            elbv2.ApplicationProtocolVersion.HTTP1,
            elbv2.HealthCheck(path="/", healthy_http_codes="200"),
        )
        self.grpc_target_group = self._target_group(
            "GrpcTargetGroup",
            cluster.vpc,
            _GRPC_CONTAINER_PORT,
            elbv2.ApplicationProtocolVersion.GRPC,
            elbv2.HealthCheck(
                path=grpc_health_check.path, healthy_grpc_codes=str(grpc_health_check.code)
            ),
        )
        ingress.add_http_rule(
            self,
            "HttpRule",
            hosts=[self.host],
            action=elbv2.ListenerAction.forward([self.http_target_group]),
        )
        ingress.add_grpc_rule(
            self,
            "GrpcRule",
            hosts=[self.host],
            action=elbv2.ListenerAction.forward([self.grpc_target_group]),
        )

    def _container_secrets(
        self, secret: secretsmanager.ISecret, fields: Mapping[str, str]
    ) -> dict[str, ecs.Secret]:
        grant_key_of(secret, self.task_definition.obtain_execution_role())
        readable = without_key(self, "SecretWithoutKey", secret)
        return {
            variable: ecs.Secret.from_secrets_manager(readable, field)
            for variable, field in fields.items()
        }

    def _fargate_service(
        self,
        cluster: ecs.ICluster,
        desired_count: int,
        cloud_map_namespace: servicediscovery.INamespace | None,
    ) -> ecs.FargateService:
        """The service, which starts no task before that can read its secrets and pull its image.

        Otherwise the first tasks of a new stack may fail, and the circuit breaker counts them.
        """
        service = ecs.FargateService(
            self,
            "Service",
            cluster=cluster,
            task_definition=self.task_definition,
            desired_count=desired_count,
            security_groups=[
                ec2.SecurityGroup(
                    self, "SecurityGroup", vpc=cluster.vpc, description=f"Tasks of {self.name}"
                )
            ],
            min_healthy_percent=100,
            max_healthy_percent=200,
            circuit_breaker=ecs.DeploymentCircuitBreaker(rollback=True),
            enable_ecs_managed_tags=True,
            propagate_tags=ecs.PropagatedTagSource.SERVICE,
            cloud_map_options=ecs.CloudMapOptions(
                name=self.name, cloud_map_namespace=cloud_map_namespace
            )
            if cloud_map_namespace
            else None,
        )
        service.node.add_dependency(
            self.task_definition.obtain_execution_role(),
            cluster.vpc.select_subnets().internet_connectivity_established,
        )
        return service

    def _target_group(
        self,
        group_id: str,
        vpc: ec2.IVpc,
        port: int,
        protocol_version: elbv2.ApplicationProtocolVersion,
        health_check: elbv2.HealthCheck,
    ) -> elbv2.ApplicationTargetGroup:
        return elbv2.ApplicationTargetGroup(
            self,
            group_id,
            vpc=vpc,
            port=port,
            protocol=elbv2.ApplicationProtocol.HTTP,
            protocol_version=protocol_version,
            target_type=elbv2.TargetType.IP,
            deregistration_delay=_DEREGISTRATION_DELAY,
            health_check=health_check,
            targets=[
                self.service.load_balancer_target(
                    container_name=self.container.container_name, container_port=port
                )
            ],
        )


def _port_faults(http_port: int | None) -> list[Fault]:
    if http_port == _GRPC_CONTAINER_PORT:
        allowed = "another port than that of gRPC in the container"
        return [Fault("http_port", allowed, str(http_port), "choose the port that takes HTTP")]
    return validation.number_faults("http_port", http_port, 1, 65535)


def _secret_faults(
    secret: secretsmanager.ISecret | None,
    secret_variables: Sequence[str] | Mapping[str, str],
    environment: Mapping[str, str],
) -> list[Fault]:
    faults = validation.secret_faults("secret", secret) if secret is not None else []
    return [
        *faults,
        *validation.variables_type_faults(secret_variables),
        *validation.secret_variable_faults(
            validation.by_variable(secret_variables), environment, has_secret=secret is not None
        ),
    ]


def _namespace_faults(namespace: servicediscovery.INamespace | None) -> list[Fault]:
    if namespace is None:
        return []
    return validation.interface_faults(
        "cloud_map_namespace", namespace, "namespace_arn", "a Cloud Map namespace"
    )


def _network_faults(cluster: ecs.ICluster, ingress: SharedIngress) -> list[Fault]:
    vpc = cluster.vpc
    ids = concrete(vpc.vpc_id), concrete(ingress.vpc.vpc_id)
    if vpc.node.path != ingress.vpc.node.path and (None in ids or ids[0] != ids[1]):
        allowed = f"in the VPC of the ingress ({ingress.vpc.node.path})"
        remedy = "give both the same VPC"
        return [Fault("cluster", allowed, f"one in {vpc.node.path}", remedy)]
    if not vpc.private_subnets and not vpc.isolated_subnets:
        allowed = "in a VPC with private subnets"
        remedy = "give the VPC private subnets with a way out, by which images are pulled"
        return [Fault("cluster", allowed, "one with public subnets only", remedy)]
    return []
