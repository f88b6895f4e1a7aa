"""What the parts of a stack share of its security: key, functions in the network, an alarm."""

from __future__ import annotations

from typing import Any

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns

from .alarm_rules import DEAD_LETTERS
from .config import DatafiEdgeConfig
from .config_services import StorageConfig
from .dead_letters import queue_of
from .ingress_base import IngressBase
from .log_buckets import new_server_access_logs_bucket
from .stack_arguments import key_of

# Requests at once: people and a console ask for updates, CloudFormation for a clean-up.
_UPDATES_AT_ONCE = 5
_CLEANUPS_AT_ONCE = 1


def with_hardened(config: DatafiEdgeConfig, hardened: bool) -> DatafiEdgeConfig:
    """The same configuration, hardened or not, checked as such.

    Args:
        config: The configuration.
        hardened: Whether it is hardened.
    """
    said = config.model_dump(exclude_unset=True)
    return DatafiEdgeConfig.model_validate({**said, "hardened": hardened})


def encryption_key(
    stack: Stack, config: DatafiEdgeConfig, removal_policy: RemovalPolicy
) -> kms.IKey | None:
    """The customer-managed key of what the stack makes, if it has one.

    Args:
        stack: The stack.
        config: The configuration.
        removal_policy: What becomes of a new key when it leaves the stack.
    """
    if config.kms_key_arn or not config.hardened:
        return key_of(stack, "Key", config.kms_key_arn)
    return kms.Key(
        stack,
        "Key",
        description=f"Logs, buckets and secrets of the Datafi deployment {config.deployment_name}",
        enable_key_rotation=True,
        removal_policy=removal_policy,
    )


def server_access_logs_bucket(
    stack: Stack,
    config: DatafiEdgeConfig,
    ingress: IngressBase,
    encryption_key: kms.IKey | None,
    removal_policy: RemovalPolicy,
) -> s3.IBucket | None:
    """Where requests to the buckets of servers are logged: one bucket for all.

    Args:
        stack: The stack.
        config: The configuration.
        ingress: The load balancer, whose own bucket for such logs is taken if it has one.
        encryption_key: The customer's key of the stack.
        removal_policy: What becomes of a new bucket when it leaves the stack.
    """
    if ingress.server_access_logs_bucket:
        return ingress.server_access_logs_bucket
    servers: list[StorageConfig] = [
        *config.edge_servers.long_running,
        *config.edge_servers.serverless,
    ]
    if not any(server.storage and server.storage_bucket_name is None for server in servers):
        return None
    return new_server_access_logs_bucket(stack, removal_policy, encryption_key)


def update_function_arguments(config: DatafiEdgeConfig, vpc: ec2.IVpc) -> dict[str, Any]:
    """Where the functions of updates run, and how many requests each answers at once.

    Args:
        config: The configuration.
        vpc: The network.
    """
    said = config.update_api.reserved_concurrent_executions
    if not config.hardened:
        return {"reserved_concurrent_executions": said}
    return {"vpc": vpc, "reserved_concurrent_executions": said or _UPDATES_AT_ONCE}


def cleanup_function_arguments(config: DatafiEdgeConfig, vpc: ec2.IVpc) -> dict[str, Any]:
    """The same of the function that clears a zone.

    Args:
        config: The configuration.
        vpc: The network.
    """
    if not config.hardened:
        return {}
    return {"vpc": vpc, "reserved_concurrent_executions": _CLEANUPS_AT_ONCE}


def tell_of_dead_letters(stack: Stack, topic: sns.ITopic) -> None:
    """Alarm when an event is in the dead-letter queue, if the stack has one.

    Args:
        stack: The stack, which has all its functions.
        topic: The topic that is told.
    """
    queue = queue_of(stack)
    if queue is None:
        return
    said = "An event that a function of the Datafi deployment could not handle."
    alarm = cloudwatch.Alarm(
        stack,
        "DeadLetters",
        alarm_description=f"{said}\nRunbook: {DEAD_LETTERS.runbook}",
        metric=queue.metric_approximate_number_of_messages_visible(statistic="Maximum"),
        threshold=DEAD_LETTERS.threshold,
        evaluation_periods=DEAD_LETTERS.periods,
        comparison_operator=DEAD_LETTERS.comparison,
        treat_missing_data=DEAD_LETTERS.missing,
    )
    told = actions.SnsAction(topic)
    alarm.add_alarm_action(told)
    alarm.add_ok_action(told)
