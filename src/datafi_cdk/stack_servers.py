"""What a configuration says of servers, as arguments of their constructs."""

from __future__ import annotations

from typing import Any

import jsii
from aws_cdk import Duration, RemovalPolicy, Size
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from .auto_scaling import AutoScaling
from .config import DatafiEdgeConfig
from .config_services import (
    AutoScalingConfig,
    CoordinatorConfig,
    EdgeServerConfig,
    HealthCheckConfig,
    ServerConfig,
    ServerlessEdgeServerConfig,
    ServiceConfig,
)
from .image_version import ImageVersion
from .secret_access import grant_key_of, without_key
from .service_options import ServiceOptions
from .stack_arguments import (
    key_of,
    required_secret,
    retention_of,
    role_of,
    secret_of,
    security_groups,
    subnets,
)
from .validation import JWT_JWKS, by_variable, default_edge_variables


def edge_server_arguments(
    scope: Construct,
    construct_id: str,
    config: DatafiEdgeConfig,
    server: EdgeServerConfig,
    removal_policy: RemovalPolicy,
) -> dict[str, Any]:
    """The arguments of an `EdgeServer`, but for what the stack makes.

    Args:
        scope: Where what is there already is imported.
        construct_id: The id of the server, which those of the imports start with.
        config: The whole configuration.
        server: The server's section.
        removal_policy: What becomes of its log.
    """
    variables = server.secret_variables
    if variables is None and server.ecr_repository_arn and server.secret_arn:
        variables = by_variable(default_edge_variables(server.image_tag or "latest"))
    return {
        "name": server.name,
        "secret": secret_of(
            scope, f"{construct_id}-Secret", server.secret_arn, server.secret_kms_key_arn
        ),
        "secret_variables": variables,
        "jwt_jwks_secret": _jwks(scope, construct_id, config, server),
        **_service_options(scope, construct_id, server, removal_policy),
    }


def serverless_edge_server_arguments(
    scope: Construct,
    construct_id: str,
    config: DatafiEdgeConfig,
    server: ServerlessEdgeServerConfig,
) -> dict[str, Any]:
    """The arguments of a `ServerlessEdgeServer`, but for what the stack makes.

    Args:
        scope: Where what is there already is imported.
        construct_id: The id of the server, which those of the imports start with.
        config: The whole configuration.
        server: The server's section.
    """
    disk = server.ephemeral_storage_mib
    arm = server.cpu_architecture == "ARM64"
    return {
        "name": server.name,
        "repository": ecr.Repository.from_repository_arn(
            scope, f"{construct_id}-Repository", server.ecr_repository_arn
        ),
        "image_tag": server.image_tag,
        "image_digest": server.image_digest,
        "memory_size": server.memory_mib,
        "timeout": Duration.seconds(server.timeout_seconds),
        "architecture": lambda_.Architecture.ARM_64 if arm else lambda_.Architecture.X86_64,
        "ephemeral_storage_size": Size.mebibytes(disk) if disk else None,
        "secret": secret_of(scope, f"{construct_id}-Secret", server.secret_arn),
        "secret_variables": server.secret_variables,
        "jwt_jwks_secret": _jwks(scope, construct_id, config, server),
        "environment": server.environment,
        "environment_encryption": key_of(
            scope, f"{construct_id}-EnvironmentKey", server.environment_kms_key_arn
        ),
        "security_groups": security_groups(
            scope, f"{construct_id}-SecurityGroup", server.security_group_ids
        ),
        "role": role_of(scope, f"{construct_id}-Role", server.role_arn),
        "vpc_subnets": subnets(scope, f"{construct_id}-Subnet", server.subnet_ids),
        **_log(scope, construct_id, server),
        "reserved_concurrent_executions": server.reserved_concurrent_executions,
        "http_rule_priority": server.http_rule_priority,
    }


def coordinator_arguments(
    scope: Construct,
    construct_id: str,
    coordinator: CoordinatorConfig,
    removal_policy: RemovalPolicy,
) -> dict[str, Any]:
    """The arguments of a `Coordinator`, but for what the stack makes.

    Args:
        scope: Where what is there already is imported.
        construct_id: Its id, which those of the imports start with.
        coordinator: Its section.
        removal_policy: What becomes of its log.
    """
    return {
        "name": coordinator.name,
        "registry": coordinator.registry,
        "registry_credentials": secret_of(
            scope,
            f"{construct_id}-RegistryCredentials",
            coordinator.registry_credentials_secret_arn,
            coordinator.registry_credentials_kms_key_arn,
        ),
        "secret": required_secret(
            scope,
            f"{construct_id}-Secret",
            coordinator.secret_arn,
            coordinator.secret_kms_key_arn,
        ),
        "secret_variables": coordinator.secret_variables,
        "bedrock_models": coordinator.bedrock_models,
        **_service_options(scope, construct_id, coordinator, removal_policy),
    }


def _jwks(
    scope: Construct,
    construct_id: str,
    config: DatafiEdgeConfig,
    server: EdgeServerConfig | ServerlessEdgeServerConfig,
) -> secretsmanager.ISecret | None:
    """The coordinator's public keys, unless the server has its own."""
    others = server.secrets if isinstance(server, EdgeServerConfig) else {}
    if any(JWT_JWKS in own for own in (server.environment, server.secret_variables or {}, others)):
        return None
    return secret_of(
        scope,
        f"{construct_id}-JwtJwksSecret",
        config.jwt_jwks_secret_arn,
        config.jwt_jwks_secret_kms_key_arn,
    )


def _log(scope: Construct, construct_id: str, server: ServerConfig) -> ServiceOptions:
    """An existing log group, or how long a new one keeps what it is given."""
    if server.log_group_name is None:
        return {"log_retention": retention_of(server.log_retention_days)}
    log_group = logs.LogGroup.from_log_group_name(
        scope, f"{construct_id}-LogGroup", server.log_group_name
    )
    return {"log_group": log_group}


@jsii.implements(ecs.ITaskDefinitionExtension)
class _KeyGrants:
    """Lets ECS use the keys of imported secrets, which CDK does not."""

    def __init__(self, secrets: list[secretsmanager.ISecret]) -> None:
        self._secrets = secrets

    def extend(self, task_definition: ecs.TaskDefinition) -> None:
        """Grant the keys to the role that starts the task."""
        for secret in self._secrets:
            grant_key_of(secret, task_definition.obtain_execution_role())


def _other_secrets(scope: Construct, construct_id: str, service: ServiceConfig) -> ServiceOptions:
    secrets: dict[str, ecs.Secret] = {}
    with_key = []
    for variable, other in service.secrets.items():
        other_id = f"{construct_id}-Secret-{variable}"
        secret = secret_of(scope, other_id, other.secret_arn, other.kms_key_arn)
        if secret:
            with_key.append(secret)
            plain = without_key(scope, f"{other_id}WithoutKey", secret)
            secrets[variable] = ecs.Secret.from_secrets_manager(plain, other.field)
        elif other.parameter_arn:
            parameter = ssm.StringParameter.from_secure_string_parameter_attributes(
                scope,
                other_id,
                parameter_name=_parameter_name(other.parameter_arn),
                encryption_key=key_of(scope, f"{other_id}-Key", other.kms_key_arn),
            )
            secrets[variable] = ecs.Secret.from_ssm_parameter(parameter)
    return {"secrets": secrets, "extensions": [_KeyGrants(with_key)] if with_key else []}


def _parameter_name(arn: str) -> str:
    """The name of a parameter, whose first slash an ARN leaves out: `/acme/es`, but `es`."""
    name = arn.partition(":parameter/")[2]
    return f"/{name}" if "/" in name else name


def _service_options(
    scope: Construct, construct_id: str, service: ServiceConfig, removal_policy: RemovalPolicy
) -> ServiceOptions:
    repository_arn = service.ecr_repository_arn
    reference = service.image_digest or service.image_tag or "latest"
    image = repository_arn and ecs.ContainerImage.from_ecr_repository(
        ecr.Repository.from_repository_arn(scope, f"{construct_id}-Repository", repository_arn),
        reference,
    )
    is_fixed = service.image_version_fixed
    grace_period = service.health_check_grace_period_seconds
    return {
        "image": image or None,
        "image_tag": None if image or is_fixed else service.image_tag,
        "image_digest": None if image or is_fixed else service.image_digest,
        "image_version": _image_version(service.image_version_parameter, is_fixed, reference),
        "cpu": service.cpu,
        "memory_limit_mib": service.memory_mib,
        "cpu_architecture": ecs.CpuArchitecture.of(service.cpu_architecture),
        "ephemeral_storage_gib": service.ephemeral_storage_gib,
        "desired_count": service.desired_count,
        "auto_scaling": _auto_scaling(service.auto_scaling),
        "capacity_provider_strategies": [
            ecs.CapacityProviderStrategy(
                capacity_provider=each.capacity_provider, weight=each.weight, base=each.base
            )
            for each in service.capacity_provider_strategies
        ]
        or None,
        "environment": service.environment,
        **_other_secrets(scope, construct_id, service),
        "vpc_subnets": subnets(scope, f"{construct_id}-Subnet", service.subnet_ids),
        "security_groups": security_groups(
            scope, f"{construct_id}-SecurityGroup", service.security_group_ids
        ),
        "assign_public_ip": service.assign_public_ip,
        "egress_provided": service.egress_provided,
        "task_role": role_of(scope, f"{construct_id}-TaskRole", service.task_role_arn),
        "execution_role": role_of(
            scope, f"{construct_id}-ExecutionRole", service.execution_role_arn
        ),
        **_log(scope, construct_id, service),
        "enable_execute_command": service.enable_execute_command,
        "http_port": service.http_port,
        "grpc_port": service.grpc_port,
        "http_health_check": _health_check(service.http_health_check, "healthy_http_codes"),
        "grpc_health_check": _health_check(service.grpc_health_check, "healthy_grpc_codes"),
        "health_check_grace_period": None
        if grace_period is None
        else Duration.seconds(grace_period),
        "deregistration_delay": Duration.seconds(service.deregistration_delay_seconds),
        "http_rule_priority": service.http_rule_priority,
        "grpc_rule_priority": service.grpc_rule_priority,
        "circuit_breaker": ecs.DeploymentCircuitBreaker(
            enable=service.circuit_breaker, rollback=service.circuit_breaker
        ),
        "deployment_alarms": ecs.DeploymentAlarmConfig(
            alarm_names=service.deployment_alarm_names,
            behavior=ecs.AlarmBehavior.ROLLBACK_ON_ALARM,
        )
        if service.deployment_alarm_names
        else None,
        "min_healthy_percent": service.min_healthy_percent,
        "max_healthy_percent": service.max_healthy_percent,
        "removal_policy": removal_policy,
    }


def _image_version(
    parameter_name: str | None, is_fixed: bool, reference: str
) -> ImageVersion | None:
    if parameter_name:
        return ImageVersion.from_parameter_name(parameter_name)
    return ImageVersion.fixed(reference) if is_fixed else None


def _auto_scaling(scaling: AutoScalingConfig | None) -> AutoScaling | None:
    if scaling is None:
        return None
    return AutoScaling(
        scaling.min,
        scaling.max,
        cpu_percent=scaling.cpu_percent,
        memory_percent=scaling.memory_percent,
        requests_per_target=scaling.requests_per_target,
        scale_in_cooldown=Duration.seconds(scaling.scale_in_cooldown_seconds),
        scale_out_cooldown=Duration.seconds(scaling.scale_out_cooldown_seconds),
    )


def _health_check(check: HealthCheckConfig | None, codes: str) -> elbv2.HealthCheck | None:
    if check is None:
        return None
    arguments: dict[str, Any] = {
        "path": check.path,
        codes: check.codes,
        "port": None if check.port is None else str(check.port),
        "interval": check.interval_seconds,
        "timeout": check.timeout_seconds,
        "healthy_threshold_count": check.healthy_threshold_count,
        "unhealthy_threshold_count": check.unhealthy_threshold_count,
    }
    for name in ("interval", "timeout"):
        if arguments[name] is not None:
            arguments[name] = Duration.seconds(arguments[name])
    return elbv2.HealthCheck(**arguments)
