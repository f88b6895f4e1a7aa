"""What cannot work of the options of a server: other types, and values alone or together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs
from aws_cdk import aws_servicediscovery as servicediscovery

from . import validation
from .auto_scaling import auto_scaling_faults
from .errors import Fault
from .health_checks import health_check_faults
from .image_version import ImageVersion
from .plain_secrets import other_secret_fault
from .pull_through_cache import PullThroughCache
from .service_settings import ServiceSettings
from .synthesis import concrete, is_token_list, removal_policy_faults, seconds_faults
from .validation import MOST_TASKS, interface_faults, kind_of, number_faults, shown, type_faults

_CAPACITY_PROVIDERS = ("FARGATE", "FARGATE_SPOT")

# Argument, type, what it is called: for values that are instances of one class.
_CLASSES: tuple[tuple[str, type, str], ...] = (
    ("image", ecs.ContainerImage, "an ecs.ContainerImage"),
    ("image_version", ImageVersion, "an ImageVersion"),
    ("pull_through_cache", PullThroughCache, "a PullThroughCache"),
    ("cpu_architecture", ecs.CpuArchitecture, "an ecs.CpuArchitecture"),
    ("vpc_subnets", ec2.SubnetSelection, "an ec2.SubnetSelection"),
    ("logging", ecs.LogDriver, "an ecs.LogDriver"),
    ("log_retention", logs.RetentionDays, "a logs.RetentionDays"),
    ("health_check_grace_period", Duration, "a Duration"),
    ("deregistration_delay", Duration, "a Duration"),
    ("circuit_breaker", ecs.DeploymentCircuitBreaker, "an ecs.DeploymentCircuitBreaker"),
    ("deployment_alarms", ecs.DeploymentAlarmConfig, "an ecs.DeploymentAlarmConfig"),
    ("environment", Mapping, "a mapping"),
    ("secrets", Mapping, "a mapping"),
    ("assign_public_ip", bool, "True or False"),
    ("egress_provided", bool, "True or False"),
    ("enable_execute_command", bool, "True or False"),
)
# Argument, a member that only its interface has, what it is called.
_INTERFACES = (
    ("task_role", "role_arn", "a role (IRole)"),
    ("execution_role", "role_arn", "a role (IRole)"),
    ("log_group", "log_group_arn", "a log group (ILogGroup)"),
    ("encryption_key", "key_arn", "a key (IKey)"),
    ("cloud_map_namespace", "namespace_arn", "a Cloud Map namespace (INamespace)"),
)
# Argument, a member of each entry, what they are called, how many at most.
_LISTS = (
    ("security_groups", "security_group_id", "security groups (ISecurityGroup)", 5),
    ("capacity_provider_strategies", "capacity_provider", "ecs.CapacityProviderStrategy", 2),
    ("extensions", "extend", "task definition extensions (ITaskDefinitionExtension)", 100),
)


def option_type_faults(settings: ServiceSettings) -> list[Fault]:
    """Arguments of another type than theirs."""
    required = {each.name for each in fields(settings) if each.default is not None}
    faults = [
        *validation.required_faults(**{name: getattr(settings, name) for name in required}),
        *argument_type_faults(settings, _CLASSES, _INTERFACES, _LISTS),
    ]
    return sorted(faults, key=lambda fault: fault.place)


def option_faults(settings: ServiceSettings, http_port: int) -> list[Fault]:
    """Values that cannot work, alone or together; types are as they must be.

    Args:
        settings: The options.
        http_port: The HTTP port in the container.
    """
    return [
        *_image_faults(settings),
        *_task_faults(settings),
        *_count_faults(settings),
        *_capacity_faults(settings.capacity_provider_strategies or ()),
        *_port_faults(settings, http_port),
        *_log_faults(settings),
        *_deployment_faults(settings),
        *_namespace_faults(settings.cloud_map_namespace),
        *validation.environment_faults(settings.environment),
    ]


def variables_type_faults(secret_variables: object) -> list[Fault]:
    """Names or a mapping; a set is neither, as its order differs from run to run."""
    if isinstance(secret_variables, Mapping | str):
        return []
    allowed = "a list of names or a mapping of variable to field"
    given = kind_of(secret_variables)
    if isinstance(secret_variables, Sequence):
        others = [name for name in secret_variables if not isinstance(name, str)]
        if not others:
            return []
        given = f"{given} with {kind_of(others[0])} in it"
    return [Fault("secret_variables", allowed, given, "write it as ['KEY']")]


def secret_variable_faults(
    secret: object, variables: Sequence[str] | Mapping[str, str], environment: Mapping[str, str]
) -> list[Fault]:
    """Variables that are filled from the fields of a server's own secret.

    Args:
        secret: The secret, or `None`.
        variables: The variables, given or by default.
        environment: The plain variables.
    """
    if is_token_list(variables):
        allowed = "a list that is known at synthesis, as each variable is named in the template"
        return [Fault("secret_variables", allowed, "a token", "write the names one by one")]
    faults = variables_type_faults(variables)
    if not faults and secret is not None and not variables:
        faults.append(validation.no_variables_fault())
    known = {
        variable: "" if field is None else concrete(field)
        for variable, field in validation.by_variable(variables).items()
    }
    return faults + validation.secret_variable_faults(
        known, environment, has_secret=secret is not None
    )


def other_secret_faults(settings: ServiceSettings, variables: Mapping[str, str]) -> list[Fault]:
    """Variables that are filled from other secrets.

    Args:
        settings: The options.
        variables: The variables that the server's own secret fills.
    """
    faults = []
    for variable, secret in settings.secrets.items():
        if not validation.is_variable(variable):
            faults.append(validation.variable_fault("secrets"))
            continue
        place = f"secrets.{variable}"
        if not isinstance(secret, ecs.Secret):
            remedy = "hand in ecs.Secret.from_secrets_manager(…)"
            faults.append(Fault(place, "an ecs.Secret", kind_of(secret), remedy))
        elif fault := other_secret_fault(place, secret):
            faults.append(fault)
        for other, names in (
            ("environment", settings.environment),
            ("secret_variables", variables),
        ):
            if variable in names:
                faults.append(Fault(place, "given once", "both", f"remove it from {other}"))
    return faults


def _image_faults(settings: ServiceSettings) -> list[Fault]:
    faults = [
        *validation.image_tag_faults(concrete(settings.image_tag)),
        *validation.image_digest_faults(concrete(settings.image_digest)),
    ]
    faults += validation.exclusive_faults(
        "image_digest", settings.image_digest, "image_tag", settings.image_tag
    )
    for argument in ("image_tag", "image_digest"):
        faults += validation.exclusive_faults(
            "image_version", settings.image_version, argument, getattr(settings, argument)
        )
    if settings.image is not None:
        for argument in ("image_tag", "image_digest", "pull_through_cache"):
            if getattr(settings, argument) is not None:
                allowed = "left out if image is given, which has its own"
                faults.append(Fault(argument, allowed, "both", "leave one of the two out"))
    return faults


def _task_faults(settings: ServiceSettings) -> list[Fault]:
    disk = concrete(settings.ephemeral_storage_gib)
    return [
        *validation.fargate_faults(concrete(settings.cpu), concrete(settings.memory_limit_mib)),
        *number_faults("ephemeral_storage_gib", disk, 21, 200),
    ]


def _count_faults(settings: ServiceSettings) -> list[Fault]:
    faults = [
        *number_faults("desired_count", concrete(settings.desired_count), 0, MOST_TASKS),
        *auto_scaling_faults(settings.auto_scaling),
    ]
    if settings.auto_scaling is not None and settings.desired_count is not None:
        allowed = "left out if auto_scaling is given, which sets the number"
        faults.append(Fault("desired_count", allowed, "both", "leave one of the two out"))
    return faults


def _capacity_faults(strategies: Sequence[ecs.CapacityProviderStrategy]) -> list[Fault]:
    """Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html."""
    argument = "capacity_provider_strategies"
    names = [concrete(strategy.capacity_provider) for strategy in strategies]
    faults = [
        Fault(argument, "of FARGATE and FARGATE_SPOT", shown(name), "name one of the two")
        for name in names
        if name not in (None, *_CAPACITY_PROVIDERS)
    ]
    for strategy in strategies:
        faults += number_faults(f"{argument}.weight", concrete(strategy.weight), 0, 1000)
        faults += number_faults(f"{argument}.base", concrete(strategy.base), 0, 100_000)
    if faults or not strategies:
        return faults
    if len({strategy.capacity_provider for strategy in strategies}) < len(strategies):
        given = f"{names[0] or 'a token'} twice"
        faults.append(Fault(argument, "different ones", given, "remove one of them"))
    if all(strategy.weight in (None, 0) for strategy in strategies):
        allowed = "given for at least one, or no task is started"
        faults.append(Fault(f"{argument}.weight", allowed, "nothing", "write weight=1"))
    if len([strategy for strategy in strategies if strategy.base]) > 1:
        faults.append(Fault(f"{argument}.base", "given for one", "two", "leave it out of one"))
    return faults


def _port_faults(settings: ServiceSettings, http_port: int) -> list[Fault]:
    http_priority, grpc_priority = settings.http_rule_priority, settings.grpc_rule_priority
    faults = [
        *number_faults("http_port", concrete(settings.http_port), 1, 65535),
        *number_faults("grpc_port", concrete(settings.grpc_port), 1, 65535),
        *validation.priority_faults("http_rule_priority", concrete(http_priority)),
        *validation.priority_faults("grpc_rule_priority", concrete(grpc_priority)),
        *seconds_faults("deregistration_delay", settings.deregistration_delay, 0, 3600),
        *seconds_faults(
            "health_check_grace_period", settings.health_check_grace_period, 0, 2_147_483_647
        ),
        *health_check_faults("http_health_check", settings.http_health_check, is_grpc=False),
        *health_check_faults("grpc_health_check", settings.grpc_health_check, is_grpc=True),
    ]
    same = validation.port_pair_faults(http_port, settings.grpc_port)
    if concrete(http_port) is None:
        same = [replace(fault, given="the same token") for fault in same]
    return faults + same


def _log_faults(settings: ServiceSettings) -> list[Fault]:
    faults = []
    for argument, others in (
        ("log_group", ("logging",)),
        ("log_retention", ("logging", "log_group")),
        ("encryption_key", ("logging", "log_group")),
    ):
        for other in others:
            faults += validation.exclusive_faults(
                argument, getattr(settings, argument), other, getattr(settings, other)
            )
    return faults + removal_policy_faults(settings.removal_policy)


def _deployment_faults(settings: ServiceSettings) -> list[Fault]:
    lowest = concrete(settings.min_healthy_percent)
    highest = concrete(settings.max_healthy_percent)
    faults = [
        *number_faults("min_healthy_percent", lowest, 0, 100),
        *number_faults("max_healthy_percent", highest, 100, 200),
    ]
    if not faults:
        faults += validation.percent_pair_faults(lowest, highest, _fewest_tasks(settings))
    alarms = settings.deployment_alarms
    if alarms is not None and not alarms.alarm_names:
        remedy = "name an alarm, or leave deployment_alarms out"
        faults.append(Fault("deployment_alarms.alarm_names", "at least one", "none", remedy))
    return faults


def _fewest_tasks(settings: ServiceSettings) -> int | None:
    """How many tasks run at least, or `None` if that is none or not known."""
    fewest: int | None = 1 if settings.desired_count is None else settings.desired_count
    if settings.auto_scaling is not None:
        fewest = getattr(settings.auto_scaling, "min", None)
    known = concrete(fewest)
    return known if known and not number_faults("", known, 1, MOST_TASKS) else None


def _namespace_faults(namespace: servicediscovery.INamespace | None) -> list[Fault]:
    if namespace is None or namespace.type != servicediscovery.NamespaceType.HTTP:
        return []
    remedy = "hand in a PrivateDnsNamespace"
    return [Fault("cloud_map_namespace", "one with DNS names", "one for HTTP only", remedy)]


def argument_type_faults(
    settings: object,
    classes: Sequence[tuple[str, type, str]],
    interfaces: Sequence[tuple[str, str, str]],
    lists: Sequence[tuple[str, str, str, int]],
) -> list[Fault]:
    """Arguments that are given, and of another type than theirs.

    Args:
        settings: Has the arguments as attributes.
        classes: Argument, class, what it is called.
        interfaces: Argument, a member that only its interface has, what it is called.
        lists: Argument, a member of each entry, what they are called, how many at most.
    """
    faults: list[Fault] = []
    for argument, kind, allowed in classes:
        value = getattr(settings, argument)
        if value is not None:
            faults += type_faults(argument, value, kind, allowed)
    for argument, member, allowed in interfaces:
        value = getattr(settings, argument)
        if value is not None:
            faults += interface_faults(argument, value, member, allowed)
    for argument, member, allowed, most in lists:
        value = getattr(settings, argument)
        if value is not None:
            faults += _list_faults(argument, value, member, allowed, most)
    return faults


def _list_faults(argument: str, value: Any, member: str, allowed: str, most: int) -> list[Fault]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        return [Fault(argument, f"a list of {allowed}", kind_of(value), "write it in brackets")]
    faults = [
        fault
        for entry in value
        for fault in interface_faults(argument, entry, member, f"a list of {allowed}")
    ]
    if len(value) > most or (argument != "extensions" and not value):
        allowed = f"a list of 1 to {most}"
        faults.append(Fault(argument, allowed, str(len(value)), "leave it out, or shorten it"))
    return faults
