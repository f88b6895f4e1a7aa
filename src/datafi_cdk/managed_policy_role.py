"""ManagedPolicyRole: a role whose permissions are managed policies in place of inline ones."""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from constructs import Construct

__all__ = ["ManagedPolicyRole"]


class ManagedPolicyRole(iam.Role):
    """A role that collects every grant, CDK's own ones too, in a managed policy.

    The policy is made with the first grant, in the role's scope, so that whatever depends on the
    role, as a function or a service does, waits for its permissions too.

    Args:
        scope: Where the role is made.
        construct_id: Its id in `scope`.
        assumed_by: Who may assume it.
    """

    def __init__(self, scope: Construct, construct_id: str, *, assumed_by: iam.IPrincipal) -> None:
        super().__init__(scope, construct_id, assumed_by=assumed_by)
        self._policy: iam.ManagedPolicy | None = None

    def add_to_principal_policy(
        self, statement: iam.PolicyStatement
    ) -> iam.AddToPrincipalPolicyResult:
        """Add a statement to the managed policy."""
        if self._policy is None:
            self._policy = iam.ManagedPolicy(
                self, "Policy", document=iam.PolicyDocument(minimize=True), roles=[self]
            )
        self._policy.add_statements(statement)
        return iam.AddToPrincipalPolicyResult(statement_added=True, policy_dependable=self._policy)
