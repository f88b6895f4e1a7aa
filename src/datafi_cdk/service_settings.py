"""ServiceSettings: the options of a server with their defaults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_servicediscovery as servicediscovery

from . import validation
from .auto_scaling import AutoScaling
from .image_version import ImageVersion
from .pull_through_cache import PullThroughCache
from .synthesis import concrete
from .validation import DEFAULT_CPU, DEFAULT_MEMORY_MIB, is_digest

DEFAULT_TAG = "latest"
GRPC_CONTAINER_PORT = 50051

_DEREGISTRATION_DELAY = Duration.seconds(5)


@dataclass(frozen=True, kw_only=True)
class ServiceSettings:
    """The arguments of `ServiceOptions` with their defaults; `None` is "not given"."""

    image_tag: str | None = None
    image_digest: str | None = None
    image: ecs.ContainerImage | None = None
    image_version: ImageVersion | None = None
    pull_through_cache: PullThroughCache | None = None
    cpu: int = DEFAULT_CPU
    memory_limit_mib: int = DEFAULT_MEMORY_MIB
    cpu_architecture: ecs.CpuArchitecture = field(
        default_factory=lambda: ecs.CpuArchitecture.X86_64
    )
    ephemeral_storage_gib: int | None = None
    desired_count: int | None = None
    auto_scaling: AutoScaling | None = None
    capacity_provider_strategies: Sequence[ecs.CapacityProviderStrategy] | None = None
    secret_variables: Sequence[str] | Mapping[str, str] | None = None
    secrets: Mapping[str, ecs.Secret] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    vpc_subnets: ec2.SubnetSelection | None = None
    security_groups: Sequence[ec2.ISecurityGroup] | None = None
    assign_public_ip: bool = False
    egress_provided: bool = False
    cloud_map_namespace: servicediscovery.INamespace | None = None
    task_role: iam.IRole | None = None
    execution_role: iam.IRole | None = None
    logging: ecs.LogDriver | None = None
    log_group: logs.ILogGroup | None = None
    log_retention: logs.RetentionDays | None = None
    encryption_key: kms.IKey | None = None
    enable_execute_command: bool = False
    extensions: Sequence[ecs.ITaskDefinitionExtension] = ()
    http_port: int | None = None
    grpc_port: int = GRPC_CONTAINER_PORT
    http_health_check: elbv2.HealthCheck | None = None
    grpc_health_check: elbv2.HealthCheck | None = None
    health_check_grace_period: Duration | None = None
    deregistration_delay: Duration = _DEREGISTRATION_DELAY
    http_rule_priority: int | None = None
    grpc_rule_priority: int | None = None
    circuit_breaker: ecs.DeploymentCircuitBreaker = field(
        default_factory=lambda: ecs.DeploymentCircuitBreaker(rollback=True)
    )
    deployment_alarms: ecs.DeploymentAlarmConfig | None = None
    min_healthy_percent: int = 100
    max_healthy_percent: int = 200
    removal_policy: RemovalPolicy = RemovalPolicy.RETAIN

    @classmethod
    def of(cls, callee: object, options: Mapping[str, Any]) -> ServiceSettings:
        """The settings that a caller's keyword arguments say.

        Raises:
            TypeError: There is no such argument, as for any function.
        """
        known = {each.name for each in fields(cls)}
        for name in options:
            if name not in known:
                remedy = validation.nearest(name, known, "remove it")
                raise TypeError(
                    f"{type(callee).__name__} got an unexpected keyword argument {name!r}; {remedy}"
                )
        return cls(**options)

    @property
    def reference(self) -> str:
        """The tag or the digest of the server's own image, as far as the code says it."""
        fixed = self.image_version.reference if self.image_version else None
        return self.image_digest or self.image_tag or fixed or DEFAULT_TAG

    @property
    def has_known_tag(self) -> bool:
        """Whether the image is the server's own, and its tag is known."""
        if self.image is not None or (self.image_version and self.image_version.parameter_name):
            return False
        reference = concrete(self.reference)
        return reference is not None and not is_digest(reference)

    def own_image(self, repository: str) -> str:
        """The name of the server's own image.

        Args:
            repository: Its repository.
        """
        by_digest = self.image_digest is not None or is_digest(self.reference)
        return f"{repository}{'@' if by_digest else ':'}{self.reference}"
