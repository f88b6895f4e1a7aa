"""How many resources a stack may have."""

from __future__ import annotations

import jsii
from aws_cdk import CfnResource, Stack
from constructs import Construct, IValidation

from .errors import Fault
from .places import asked_once, path_of, stack_of

MOST_RESOURCES = 500
"""The most resources that a template may have.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""

_FEW_SERVERS = 8


def watch_size(server: Construct) -> None:
    """Have a stack of many servers say how to go on if it becomes too large.

    CDK itself says only that it is.

    Args:
        server: A server, of whose stack the resources are counted when the app is synthesized.
    """
    stack = stack_of(server)
    asked_once(stack, "size", lambda: _Size(stack)).servers += 1


@jsii.implements(IValidation)
class _Size:
    """Refuses a stack with servers that has more resources than CloudFormation takes.

    CDK asks before it writes the template. A stack with few servers is not counted, as counting
    takes time.
    """

    def __init__(self, stack: Stack) -> None:
        self.servers = 0
        self._stack = stack
        stack.node.add_validation(self)

    def validate(self) -> list[str]:
        """Count the resources."""
        return [str(fault) for fault in size_faults(self._stack, self.servers)]


def size_faults(stack: Stack, servers: int) -> list[Fault]:
    """More resources than CloudFormation takes. They are counted only if there are many servers.

    Args:
        stack: The stack, complete.
        servers: How many servers it has.
    """
    if servers < _FEW_SERVERS:
        return []
    resources = [each for each in stack.node.find_all() if isinstance(each, CfnResource)]
    if len(resources) > MOST_RESOURCES:
        # Those of nested stacks are in templates of their own.
        resources = [each for each in resources if stack_of(each) is stack]
    if len(resources) <= MOST_RESOURCES:
        return []
    allowed = f"a stack of at most {MOST_RESOURCES} resources"
    given = f"{len(resources)} with {servers} servers"
    remedy = (
        "deploy some servers, or EdgeMonitoring, in another stack, or let them share an update API,"
        " which needs fewer (update_api.shared: true)"
    )
    return [Fault(path_of(stack), allowed, given, remedy)]
