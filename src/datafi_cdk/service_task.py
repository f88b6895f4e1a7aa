"""The task definition of a server: its container, what fills its variables, and its log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from .acknowledgments import acknowledge
from .execute_command import CHANNELS, WRITE_LOG
from .log_encryption import new_log_group
from .managed_policy_role import ManagedPolicyRole, explain_wildcards
from .plain_secrets import container_faults
from .role_access import role_of_this_stack
from .secret_access import grant_key_of, readable_by_role, without_key
from .service_settings import ServiceSettings
from .synthesis import refuse
from .task_roles import ExecutionRole, tasks_of

# Sources: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html,
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html,
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
_WITHOUT_RESOURCE = (
    (("ecr:GetAuthorizationToken",), "Logging in to ECR knows no resource."),
    (CHANNELS, "The channels of ECS Exec, which the user turned on, know no resource."),
    (("logs:DescribeLogGroups",), "ECS Exec looks for its log group among all."),
    (
        WRITE_LOG,
        "CDK names no log group for the sessions of ECS Exec unless the cluster has one for them.",
    ),
)


class SecretFields(NamedTuple):
    """A JSON secret, and the variables that its fields fill."""

    construct_id: str
    secret: secretsmanager.ISecret
    variables: Mapping[str, str]


class ServiceTask(NamedTuple):
    """What ECS runs for a server."""

    definition: ecs.FargateTaskDefinition
    container: ecs.ContainerDefinition
    log_group: logs.ILogGroup | None


def service_task(
    scope: Construct,
    settings: ServiceSettings,
    *,
    name: str,
    image: ecs.ContainerImage,
    environment: Mapping[str, str],
    secrets: Sequence[SecretFields],
    http_port: int,
) -> ServiceTask:
    """Make the task definition of a server.

    Args:
        scope: The server.
        settings: Its options.
        name: The name of its container.
        image: What the container runs.
        environment: The variables that the software has by default.
        secrets: The secrets that fill variables.
        http_port: The HTTP port in the container.
    """
    definition = ecs.FargateTaskDefinition(
        scope,
        "TaskDefinition",
        cpu=settings.cpu,
        memory_limit_mib=settings.memory_limit_mib,
        ephemeral_storage_gib=settings.ephemeral_storage_gib,
        runtime_platform=ecs.RuntimePlatform(
            cpu_architecture=settings.cpu_architecture,
            operating_system_family=ecs.OperatingSystemFamily.LINUX,
        ),
        task_role=_role(scope, "TaskRole", settings.task_role),
        execution_role=_role(scope, "ExecutionRole", settings.execution_role, starts=True),
    )
    plain = {"DISABLE_SSL": "true", "LOG_LEVEL": "INFO", **environment, **settings.environment}
    from_secrets = {
        **_readable(scope, secrets, definition.obtain_execution_role()),
        **{variable: readable_by_role(other) for variable, other in settings.secrets.items()},
    }
    log_group = None if settings.logging else settings.log_group or _log_group(scope, settings)
    container = definition.add_container(
        "Container",
        container_name=name,
        image=image,
        environment={key: plain[key] for key in plain if key not in from_secrets},
        secrets=from_secrets or None,
        logging=settings.logging
        or ecs.LogDrivers.aws_logs(stream_prefix=name, log_group=log_group),
        port_mappings=[
            ecs.PortMapping(name="http", container_port=http_port),
            ecs.PortMapping(name="grpc", container_port=settings.grpc_port),
        ],
    )
    acknowledge(
        definition,
        "AwsSolutions::AwsSolutions-ECS2",
        "Plain variables hold settings only; each secret comes from Secrets Manager or the "
        "Parameter Store.",
    )
    for extension in settings.extensions:
        definition.add_extension(extension)
    refuse(scope, container_faults(definition))
    return ServiceTask(definition, container, log_group)


def _role(
    scope: Construct, construct_id: str, given: iam.IRole | None, *, starts: bool = False
) -> iam.IRole:
    """The user's role, or a new one, with why CDK gives it rights that know no resource."""
    if given:
        return role_of_this_stack(scope, construct_id, given)
    role = (
        ExecutionRole(scope, construct_id)
        if starts
        else ManagedPolicyRole(scope, construct_id, assumed_by=tasks_of(scope))
    )
    for actions, reason in _WITHOUT_RESOURCE:
        explain_wildcards(role, actions, ["*"], reason)
    return role


def _readable(
    scope: Construct, secrets: Sequence[SecretFields], execution_role: iam.IRole
) -> dict[str, ecs.Secret]:
    """Variables filled from the fields of secrets, which ECS may read."""
    variables = {}
    for fields in secrets:
        grant_key_of(fields.secret, execution_role)
        readable = without_key(scope, f"{fields.construct_id}WithoutKey", fields.secret)
        for variable, field in fields.variables.items():
            variables[variable] = ecs.Secret.from_secrets_manager(readable, field)
    return variables


def _log_group(scope: Construct, settings: ServiceSettings) -> logs.LogGroup:
    return new_log_group(
        scope,
        "LogGroup",
        retention=settings.log_retention or logs.RetentionDays.ONE_MONTH,
        encryption_key=settings.encryption_key,
        removal_policy=settings.removal_policy,
    )
