"""The log groups of the functions that CDK makes for its own custom resources.

CDK gives these functions none, so that Lambda makes one when they first run, which nothing deletes
and which keeps everything for ever. Source:
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-loggroups.html
"""

from __future__ import annotations

from enum import Enum
from typing import cast

from aws_cdk import CfnResource, RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from .log_encryption import new_log_group
from .places import stack_of


class Provider(Enum):
    """A custom resource of CDK's, by the id that its function's construct has in each stack."""

    EMPTY_BUCKET = "Custom::S3AutoDeleteObjectsCustomResourceProvider"
    DEFAULT_SECURITY_GROUP = "Custom::VpcRestrictDefaultSGCustomResourceProvider"
    DELEGATION = "Custom::CrossAccountZoneDelegationCustomResourceProvider"


def log_of_provider(
    scope: Construct,
    provider: Provider,
    *,
    removal_policy: RemovalPolicy,
    encryption_key: kms.IKey | None = None,
) -> None:
    """Give the function of a custom resource a log group of the stack, unless it has one.

    One function serves all custom resources of its kind in a stack, so that the first that asks
    decides what the log group is like.

    Args:
        scope: A construct of the stack; without the function in it, nothing is done.
        provider: The custom resource.
        removal_policy: What becomes of the log group when it leaves the stack.
        encryption_key: The customer's key for it. Default: none.
    """
    made = stack_of(scope).node.try_find_child(provider.value)
    if made is None or made.node.try_find_child("LogGroup"):
        return
    log_group = new_log_group(
        cast(Construct, made),
        "LogGroup",
        retention=logs.RetentionDays.ONE_MONTH,
        encryption_key=encryption_key,
        removal_policy=removal_policy,
    )
    handler = made.node.find_child("Handler")
    if isinstance(handler, CfnResource):
        handler.add_property_override("LoggingConfig", {"LogGroup": log_group.log_group_name})
