"""The roles of a server's tasks: who may assume them, and what ECS needs of the one that starts."""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from constructs import Construct

from .managed_policy_role import ManagedPolicyRole
from .places import stack_of

_UNUSED = frozenset({"secretsmanager:DescribeSecret"})


class ExecutionRole(ManagedPolicyRole):
    """The role with which ECS starts tasks.

    With the value of a secret CDK grants its description, which ECS never asks for: it is left out.
    Its trust policy is the one that AWS documents, without the account's condition of task roles:
    if ECS sent none here, no task would start. Source:
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html

    Args:
        scope: Where the role is made.
        construct_id: Its id in `scope`.
    """

    def __init__(self, scope: Construct, construct_id: str) -> None:
        principal = iam.ServicePrincipal("ecs-tasks.amazonaws.com")
        super().__init__(scope, construct_id, assumed_by=principal)

    def add_to_principal_policy(
        self, statement: iam.PolicyStatement
    ) -> iam.AddToPrincipalPolicyResult:
        """Add a statement, without what ECS does not use; one with nothing else stays as it is."""
        actions = statement.actions
        used = [action for action in actions if action not in _UNUSED]
        if used and len(used) < len(actions):
            statement = statement.copy(actions=used)
        return super().add_to_principal_policy(statement)


def tasks_of(scope: Construct) -> iam.ServicePrincipal:
    """ECS, on behalf of tasks of the same account only.

    Without the condition, ECS could be led to use the role for a task of somebody else. Source:
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html

    Args:
        scope: Whose account it is.
    """
    account = {"StringEquals": {"aws:SourceAccount": stack_of(scope).account}}
    return iam.ServicePrincipal("ecs-tasks.amazonaws.com", conditions=account)
