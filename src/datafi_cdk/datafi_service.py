"""DatafiService: what an edge server and a coordinator have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jsii
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from . import validation
from .auto_scaling import AutoScaling
from .errors import Fault
from .execute_command import allow_execute_command, goes_to_own_log
from .health_checks import filled, own_port
from .ingress_base import IngressBase
from .live_image import LiveImage
from .places import path_of, stack_of
from .service_faults import (
    option_faults,
    option_type_faults,
    other_secret_faults,
    secret_variable_faults,
)
from .service_metrics import MeasuredService
from .service_network import ServiceNetwork, vpc_faults
from .service_settings import ServiceSettings
from .service_task import SecretFields, service_task
from .stack_size import watch_size
from .synthesis import concrete, other_app_faults, refuse

__all__ = ["DatafiService"]

_IMAGE_TIMEOUT = 60
_ROOT = elbv2.HealthCheck(path="/", healthy_http_codes="200")


@jsii.implements(iam.IGrantable, ec2.IConnectable)
class DatafiService(MeasuredService):
    """One container on Fargate with an HTTP and a gRPC port behind a load balancer.

    The base of `EdgeServer` and `Coordinator`, which say what their software expects. A failed
    deployment rolls itself back; during one, the running tasks stay until the new ones answer.

    What is granted to it is granted to its task role, and who may connect to it is in
    `connections`: it goes wherever CDK takes an `IGrantable` or an `IConnectable`.

    Args:
        scope: Where the construct is made.
        construct_id: Its id in `scope`.
        options: The arguments of `ServiceOptions`.
    """

    name: str
    """The server's name: the first label of its host name."""
    host: str
    """The public host name."""
    url: str
    """The public address for HTTPS."""
    grpc_endpoint: str
    """The public address for gRPC over TLS, as `host:port`."""
    task_definition: ecs.FargateTaskDefinition
    """The task definition that the stack registers."""
    container: ecs.ContainerDefinition
    """The server's container."""
    version_parameter_name: str | None
    """The parameter of Systems Manager that holds the tag or the digest that is live, which every
    deployment reads, or `None` if the code fixes it."""
    log_group: logs.ILogGroup | None
    """Where the container's output goes, or `None` if `logging` says otherwise."""
    secrets: list[secretsmanager.ISecret]
    """The JSON secrets whose fields fill variables of the container."""
    update_api: Construct | None = None
    """The update API that updates it, or `None`."""
    scaling: ecs.ScalableTaskCount | None
    """What lets the number of tasks follow the load, or `None`."""

    def __init__(self, scope: Construct, construct_id: str, options: Mapping[str, Any]) -> None:
        super().__init__(scope, construct_id)
        self._settings = ServiceSettings.of(self, options)
        watch_size(self)

    @property
    def grant_principal(self) -> iam.IPrincipal:
        """The task role, to which permissions of the software are granted."""
        return self._task_role.grant_principal

    @property
    def auto_scaling(self) -> AutoScaling | None:
        """How the number of its tasks follows its load, or `None`."""
        return self._settings.auto_scaling

    @property
    def timeout_seconds(self) -> int:
        """After how many seconds a request fails: its variable `TIMEOUT`, or 60 as in the image."""
        said = concrete(self._settings.environment.get("TIMEOUT"))
        return int(said) if said and said.isdecimal() else _IMAGE_TIMEOUT

    @property
    def connections(self) -> ec2.Connections:
        """The tasks' security groups."""
        return self.service.connections

    def grant_execute_command(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let a principal open a shell in the server's container by `enable_execute_command`.

        Of all containers of the cluster, this is for the one of the server's name, which the
        principal has to say: `aws ecs execute-command --container es …`. The AWS CLI describes the
        task first. The server itself needs `enable_execute_command=True`. Source:
        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html

        Args:
            grantee: The principal, such as the role of an operator.

        Returns:
            The grant.

        Raises:
            InvalidInputError: `enable_execute_command` is not given to the server.
        """
        if not self._settings.enable_execute_command:
            allowed = "True for a server in which a shell can be opened"
            remedy = "hand in enable_execute_command=True"
            refuse(self, [Fault("enable_execute_command", allowed, "False", remedy)])
        cluster = self.service.cluster
        tasks = stack_of(self).format_arn(
            service="ecs", resource="task", resource_name=f"{cluster.cluster_name}/*"
        )
        return iam.Grant.add_to_principal(
            grantee=grantee,
            actions=["ecs:ExecuteCommand"],
            resource_arns=[cluster.cluster_arn, tasks],
            conditions={"StringEquals": {"ecs:container-name": self.name}},
        ).combine(
            iam.Grant.add_to_principal(
                grantee=grantee, actions=["ecs:DescribeTasks"], resource_arns=[tasks]
            )
        )

    def _refuse_types(self, cluster: ecs.ICluster, ingress: IngressBase) -> None:
        """Refuse what nothing else can be asked of."""
        refuse(
            self,
            [
                *vpc_faults(cluster),
                *validation.type_faults("ingress", ingress, IngressBase, "a SharedIngress"),
                *option_type_faults(self._settings),
            ],
        )
        refuse(self, other_app_faults(self, cluster=cluster, ingress=ingress))
        self._network = ServiceNetwork(cluster, self._settings)

    def _refuse_values(
        self,
        *,
        ingress: IngressBase,
        name: str,
        secret: secretsmanager.ISecret | None,
        variables: Sequence[str] | Mapping[str, str],
        http_port: int,
        own_faults: Sequence[Fault],
    ) -> None:
        """Refuse everything that cannot work, all at once."""
        settings = self._settings
        secret_faults = [] if secret is None else validation.secret_faults("secret", secret)
        refuse(
            self,
            [
                *validation.required_faults(name=name),
                *ingress.unclaimable_name_faults(name),
                *option_faults(settings, http_port),
                *secret_faults,
                *secret_variable_faults(secret, variables, settings.environment),
                *other_secret_faults(settings, validation.by_variable(variables)),
                *self._network.faults(ingress),
                *own_faults,
            ],
        )

    def _make(
        self,
        *,
        cluster: ecs.ICluster,
        ingress: IngressBase,
        name: str,
        image: ecs.ContainerImage,
        environment: Mapping[str, str],
        secrets: Sequence[SecretFields],
        http_port: int,
        grpc_health_check: elbv2.HealthCheck,
    ) -> None:
        """Make the service and lead requests to it."""
        settings = self._settings
        self.ingress = ingress
        self.name = name
        self.host = ingress.claim_name(self, name)
        self.url = f"https://{self.host}"
        self.secrets = [fields.secret for fields in secrets]
        self.grpc_endpoint = f"{self.host}:{ingress.grpc_port}"

        live_image = LiveImage(self, image, settings.image_version)
        self.task_definition, self.container, self.log_group = service_task(
            self,
            settings,
            name=name,
            image=live_image,
            environment=environment,
            secrets=secrets,
            http_port=http_port,
        )
        self._task_role = self.task_definition.task_role
        refuse(self, live_image.faults)
        self.version_parameter_name = live_image.parameter_name
        self.service = self._fargate_service(cluster)
        self.http_target_group = self._target_group(
            "HttpTargetGroup",
            http_port,
            elbv2.ApplicationProtocolVersion.HTTP1,
            filled(settings.http_health_check, _ROOT),
        )
        self.grpc_target_group = self._target_group(
            "GrpcTargetGroup",
            settings.grpc_port,
            elbv2.ApplicationProtocolVersion.GRPC,
            filled(settings.grpc_health_check, grpc_health_check),
        )
        ingress.add_http_rule(
            self,
            "HttpRule",
            hosts=[self.host],
            target_group=self.http_target_group,
            priority=settings.http_rule_priority,
        )
        ingress.add_grpc_rules(
            self,
            hosts=[self.host],
            target_group=self.grpc_target_group,
            priority=settings.grpc_rule_priority,
        )
        self.scaling = (
            settings.auto_scaling.scale(self.service, self.metric_request_count_per_target())
            if settings.auto_scaling
            else None
        )

    def _fargate_service(self, cluster: ecs.ICluster) -> ecs.FargateService:
        """The service, which starts no task before that can read its secrets and pull its image.

        Otherwise the first tasks of a new stack may fail, and the circuit breaker counts them.
        """
        settings = self._settings
        one = None if settings.auto_scaling else 1
        with_shell = settings.enable_execute_command
        own_log = self.log_group if goes_to_own_log(cluster, self.log_group) else None
        service = ecs.FargateService(
            self,
            "Service",
            cluster=cluster,
            task_definition=self.task_definition,
            desired_count=one if settings.desired_count is None else settings.desired_count,
            capacity_provider_strategies=list(settings.capacity_provider_strategies or ()) or None,
            vpc_subnets=settings.vpc_subnets,
            assign_public_ip=settings.assign_public_ip,
            security_groups=self._network.security_groups(self, self.name, self.ingress),
            min_healthy_percent=settings.min_healthy_percent,
            max_healthy_percent=settings.max_healthy_percent,
            circuit_breaker=settings.circuit_breaker,
            deployment_alarms=settings.deployment_alarms,
            enable_execute_command=with_shell and own_log is None,
            health_check_grace_period=settings.health_check_grace_period,
            enable_ecs_managed_tags=True,
            propagate_tags=ecs.PropagatedTagSource.SERVICE,
            cloud_map_options=ecs.CloudMapOptions(
                name=self.name, cloud_map_namespace=settings.cloud_map_namespace
            )
            if settings.cloud_map_namespace
            else None,
        )
        if with_shell and own_log:
            allow_execute_command(service, own_log)
        service.node.add_dependency(
            self.task_definition.obtain_execution_role(),
            *self._network.connectivity,
            *self._capacity_providers(cluster),
        )
        return service

    def _capacity_providers(self, cluster: ecs.ICluster) -> list[ecs.ICluster]:
        """The cluster, which CDK associates with its capacity providers at synthesis only.

        The service needs the association when it is made, and keeps it from being removed first.
        Of a server in the cluster's own scope the cluster would wait for itself.
        """
        if self._settings.capacity_provider_strategies is None:
            return []
        around = {path_of(scope) for scope in self.node.scopes}
        return [] if path_of(cluster) in around else [cluster]

    def _target_group(
        self,
        group_id: str,
        port: int,
        protocol_version: elbv2.ApplicationProtocolVersion,
        health_check: elbv2.HealthCheck,
    ) -> elbv2.ApplicationTargetGroup:
        """Targets at one port of the container, of which the load balancer may ask the health."""
        health_port = own_port(health_check)
        if health_port is not None:
            self.connections.allow_from(
                self.ingress.connections, ec2.Port.tcp(health_port), "Health check"
            )
        return elbv2.ApplicationTargetGroup(
            self,
            group_id,
            vpc=self._network.vpc,
            port=port,
            protocol=elbv2.ApplicationProtocol.HTTP,
            protocol_version=protocol_version,
            target_type=elbv2.TargetType.IP,
            deregistration_delay=self._settings.deregistration_delay,
            health_check=health_check,
            targets=[
                self.service.load_balancer_target(container_name=self.name, container_port=port)
            ],
        )
