"""How many resources a stack may have."""

from __future__ import annotations

from aws_cdk import CfnResource, Stack

from .errors import Fault

MOST_RESOURCES = 500
"""The most resources that a template may have.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""

_FEW_SERVERS = 12


def size_faults(stack: Stack, servers: int) -> list[Fault]:
    """More resources than CloudFormation takes. They are counted only if there are many servers.

    Args:
        stack: The stack, complete.
        servers: How many servers it has.
    """
    if servers <= _FEW_SERVERS:
        return []
    count = sum(CfnResource.is_cfn_resource(each) for each in stack.node.find_all())
    if count <= MOST_RESOURCES:
        return []
    allowed = f"of so many servers that the stack has at most {MOST_RESOURCES} resources"
    remedy = (
        "deploy some servers in another stack, or say update_api.shared: true, which needs fewer"
    )
    return [Fault("config", allowed, f"{servers} servers ({count})", remedy)]
