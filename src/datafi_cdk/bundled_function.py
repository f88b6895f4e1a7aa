"""A Lambda function of this library, with a role and a log group of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from .bundled import bundled


class BundledFunction(NamedTuple):
    """A function, and what it has for itself."""

    function: lambda_.Function
    role: iam.Role
    log_group: logs.LogGroup


def bundled_function(
    scope: Construct,
    *,
    asset: str,
    handler: str,
    description: str,
    timeout: Duration,
    removal_policy: RemovalPolicy,
    environment: Mapping[str, str] | None = None,
    reserved_concurrent_executions: int | None = None,
) -> BundledFunction:
    """Make a function that may write its own log and nothing else.

    Args:
        scope: Where `Function`, `Role` and `LogGroup` are made.
        asset: The folder in `lambda_assets/`.
        handler: The function in it, as `module.function`.
        description: What it is, for the console.
        timeout: How long it may run.
        removal_policy: What becomes of the log group when it leaves the stack.
        environment: Its environment variables. Default: none.
        reserved_concurrent_executions: How many requests it answers at once. Default: as the
            account allows.
    """
    log_group = logs.LogGroup(
        scope, "LogGroup", retention=logs.RetentionDays.ONE_MONTH, removal_policy=removal_policy
    )
    role = iam.Role(scope, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    log_group.grant_write(role)
    function = lambda_.Function(
        scope,
        "Function",
        description=description,
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler=handler,
        code=lambda_.Code.from_asset(
            str(bundled(f"lambda_assets/{asset}")), exclude=["**/__pycache__"]
        ),
        role=role,
        log_group=log_group,
        timeout=timeout,
        memory_size=256,
        environment=environment,
        reserved_concurrent_executions=reserved_concurrent_executions,
    )
    return BundledFunction(function, role, log_group)
