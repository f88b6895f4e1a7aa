"""A Lambda function of this library, with a role and a log group of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from .bundled import bundled
from .dead_letters import dead_letters, grant_send
from .function_network import grant_network, https_only, keep_way_out
from .function_settings import FunctionSettings
from .log_encryption import new_log_group
from .managed_policy_role import ManagedPolicyRole
from .secret_access import grant_key
from .tracing import explain_tracing


class BundledFunction(NamedTuple):
    """A function, and what it has for itself."""

    function: lambda_.Function
    role: ManagedPolicyRole
    log_group: logs.LogGroup
    dead_letter_queue: sqs.IQueue


def bundled_function(
    scope: Construct,
    *,
    asset: str,
    handler: str,
    description: str,
    timeout: Duration,
    removal_policy: RemovalPolicy,
    settings: FunctionSettings,
    environment: Mapping[str, str] | None = None,
) -> BundledFunction:
    """Make a function that may write its own log, traces and dead letters, and nothing else.

    Args:
        scope: Where `Function`, `Role`, `LogGroup` and, in a VPC, `SecurityGroup` are made.
        asset: The folder in `lambda_assets/`.
        handler: The function in it, as `module.function`.
        description: What it is, for the console.
        timeout: How long it may run.
        removal_policy: What becomes of the log group when it leaves the stack.
        settings: What the user says of it.
        environment: Its environment variables, which may be added to. Default: none.
    """
    log_group = new_log_group(
        scope,
        "LogGroup",
        retention=logs.RetentionDays.ONE_MONTH,
        encryption_key=settings.encryption_key,
        removal_policy=removal_policy,
    )
    role = ManagedPolicyRole(scope, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    log_group.grant_write(role)
    queue = dead_letters(scope, settings.dead_letter_queue, removal_policy)
    grant_send(role, queue)
    if settings.vpc:
        grant_network(scope, role)
    if settings.encryption_key and environment is not None:
        grant_key(scope, role, settings.encryption_key.key_arn, ["kms:Decrypt"])
    function = lambda_.Function(
        scope,
        "Function",
        description=description,
        runtime=lambda_.Runtime.PYTHON_3_14,
        handler=handler,
        code=lambda_.Code.from_asset(
            str(bundled(f"lambda_assets/{asset}")), exclude=["**/__pycache__"]
        ),
        role=role,
        log_group=log_group,
        timeout=timeout,
        memory_size=256,
        environment=environment,
        environment_encryption=settings.encryption_key if environment is not None else None,
        tracing=lambda_.Tracing.ACTIVE,
        dead_letter_queue=queue,
        vpc=settings.vpc,
        vpc_subnets=settings.vpc_subnets,
        security_groups=[https_only(scope, settings.vpc)] if settings.vpc else None,
        reserved_concurrent_executions=settings.reserved_concurrent_executions,
    )
    explain_tracing(role)
    if settings.vpc:
        keep_way_out(function, settings.vpc, settings.vpc_subnets)
    return BundledFunction(function, role, log_group, queue)
