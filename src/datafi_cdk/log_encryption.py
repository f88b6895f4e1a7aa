"""Log groups, and the key of the customer's that encrypts them."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from .places import stack_of
from .synthesis import elsewhere_faults, refuse

_KEY_ACTIONS = (
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)


def new_log_group(
    scope: Construct,
    construct_id: str,
    *,
    retention: logs.RetentionDays,
    encryption_key: kms.IKey | None,
    removal_policy: RemovalPolicy,
    log_group_name: str | None = None,
) -> logs.LogGroup:
    """Make a log group, with a key that CloudWatch Logs may use.

    Args:
        scope: Where it is made.
        construct_id: Its id in `scope`.
        retention: How long it keeps what is written to it.
        encryption_key: The customer's key, in the region of the log group. `None` leaves the
            encryption to AWS.
        removal_policy: What becomes of it when it leaves the stack.
        log_group_name: Its name, where a mechanism demands one. Default: CloudFormation makes it.

    Raises:
        InvalidInputError: The key is of another app or region.
    """
    refuse(scope, elsewhere_faults(scope, encryption_key=encryption_key))
    if encryption_key:
        _let_logs_use(encryption_key)
    return logs.LogGroup(
        scope,
        construct_id,
        log_group_name=log_group_name,
        retention=retention,
        encryption_key=encryption_key,
        removal_policy=removal_policy,
    )


def _let_logs_use(key: kms.IKey) -> None:
    """Allow CloudWatch Logs to use a key for the log groups of its account and region.

    The statement names no log group, so that the key waits for none and one statement is enough for
    all: CDK leaves out what a policy holds already. The policy of an imported key is its owner's.
    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """
    stack = stack_of(key)
    log_groups = stack.format_arn(service="logs", resource="*")
    key.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal(f"logs.{stack.region}.{stack.url_suffix}")],
            actions=list(_KEY_ACTIONS),
            resources=["*"],
            conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": log_groups}},
        )
    )
