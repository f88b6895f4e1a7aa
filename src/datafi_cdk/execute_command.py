"""Shells in the container of a server, by ECS Exec."""

from __future__ import annotations

from typing import cast

from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs

CHANNELS = (
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
)
"""What a task needs so that a shell can be opened in it."""
WRITE_LOG = ("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")
"""What it needs to log what is done there."""


def goes_to_own_log(cluster: ecs.ICluster, log_group: logs.ILogGroup | None) -> bool:
    """Whether what is done in a shell is logged where the server itself logs.

    So it is unless the cluster says otherwise; what an imported one says is not known.

    Args:
        cluster: The server's cluster.
        log_group: The log group of the server, if it is known.
    """
    said = cluster.execute_command_configuration
    return log_group is not None and (
        said is None
        or (said.logging in (None, ecs.ExecuteCommandLogging.DEFAULT) and said.kms_key is None)
    )


def allow_execute_command(service: ecs.FargateService, log_group: logs.ILogGroup) -> None:
    """Turn ECS Exec on, whose output goes to one log group.

    CDK's own argument would let the task write to every log group of the account. Source:
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html

    Args:
        service: The service.
        log_group: The log group of its container.
    """
    cast(ecs.CfnService, service.node.default_child).enable_execute_command = True
    for actions, resource in (
        ((*CHANNELS, "logs:DescribeLogGroups"), "*"),
        (WRITE_LOG, log_group.log_group_arn),
    ):
        service.task_definition.add_to_task_role_policy(
            iam.PolicyStatement(actions=list(actions), resources=[resource])
        )
