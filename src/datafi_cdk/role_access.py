"""Roles of other stacks, as a server's own stack can add to their rights."""

from __future__ import annotations

from aws_cdk import Names
from aws_cdk import aws_iam as iam
from constructs import Construct

from .places import stack_of


def role_of_this_stack(scope: Construct, construct_id: str, role: iam.IRole) -> iam.IRole:
    """A role whose policy CDK makes in the server's stack.

    What a server grants to a role of another stack would be in the policy of that stack, which
    would then need the server's stack, and that one the role: a cycle. A role that CDK leaves as
    it is gets no policy anywhere.

    Args:
        scope: The server.
        construct_id: The id of the reference in `scope`.
        role: The role.
    """
    if stack_of(role) is stack_of(scope) or _is_immutable(role):
        return role
    return iam.Role.from_role_arn(
        scope,
        construct_id,
        _arn(role),
        default_policy_name=f"{Names.unique_resource_name(scope, max_length=100)}{construct_id}",
    )


def _arn(role: iam.IRole) -> str:
    """The ARN of a role, from which CDK can tell the name apart from the path (aws-cdk#26175)."""
    made = role.node.default_child
    if not isinstance(role, iam.Role) or not isinstance(made, iam.CfnRole):
        return role.role_arn
    path = (made.path or "/").lstrip("/")
    return stack_of(role).format_arn(
        service="iam", region="", resource="role", resource_name=f"{path}{role.role_name}"
    )


def _is_immutable(role: iam.IRole) -> bool:
    """Whether CDK leaves a role as it is.

    Of an imported one, CDK then has a second one; of its own, `without_policy_updates()` is told
    by its id.
    """
    if not isinstance(role, iam.Role) and role.node.id.startswith("ImmutableRole"):
        return True
    siblings = role.node.scope
    return siblings is not None and bool(siblings.node.try_find_child(f"MutableRole{role.node.id}"))
