"""ManagedPolicyRole: a role whose permissions are managed policies in place of inline ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from .errors import Fault
from .places import stack_of
from .policy_size import LARGEST_POLICY, policy_size
from .synthesis import concrete
from .wildcards import ExplainedWildcards, Wildcard

__all__ = ["ManagedPolicyRole", "explain_wildcards"]

_MOST_POLICIES = 10
_LONGEST_STACK_NAME = 128
_SUFFIX = 14
_AROUND_STATEMENTS = len('{"Statement":[],"Version":"2012-10-17"}')


class Permission(NamedTuple):
    """Actions that are allowed on resources, under conditions."""

    actions: Sequence[str]
    resources: Sequence[str]
    conditions: Mapping[str, Mapping[str, str]] | None = None

    def as_json(self) -> dict[str, Any]:
        """It as a policy says it."""
        parts = {"Action": self.actions, "Resource": self.resources}
        said: dict[str, Any] = {
            name: values[0] if len(values) == 1 else list(values) for name, values in parts.items()
        }
        return {"Effect": "Allow", **said} | (
            {"Condition": dict(self.conditions)} if self.conditions else {}
        )

    def as_statement(self) -> iam.PolicyStatement:
        """It as CDK has it."""
        return iam.PolicyStatement(
            actions=list(self.actions),
            resources=list(self.resources),
            conditions=self.conditions,
        )


class ManagedPolicyRole(iam.Role):
    """A role that collects every grant, CDK's own ones too, in managed policies.

    A policy is made with the first grant, and a further one when the last is full, so that what was
    granted before stays where it is. They are in the role's scope: whatever depends on the role, as
    a function or a service does, waits for its permissions too.

    Inline policies that the user attaches to it stay inline. Sources:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html,
    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html

    Args:
        scope: Where the role is made.
        construct_id: Its id in `scope`.
        assumed_by: Who may assume it.
    """

    faults: list[Fault]
    """What it was granted that goes beyond what a role may have."""

    def __init__(self, scope: Construct, construct_id: str, *, assumed_by: iam.IPrincipal) -> None:
        super().__init__(scope, construct_id, assumed_by=assumed_by)
        self.faults = []
        self._policies: list[iam.ManagedPolicy] = []
        self._statements: list[iam.PolicyStatement] = []
        self._size = 0
        self._wildcards: list[Wildcard] = []

    def add_to_principal_policy(
        self, statement: iam.PolicyStatement
    ) -> iam.AddToPrincipalPolicyResult:
        """Add a statement to the last managed policy, or to a new one if it does not fit."""
        size = self._size_of(statement.to_json())
        self._policy_for(statement, size).add_statements(statement)
        return iam.AddToPrincipalPolicyResult(
            statement_added=True, policy_dependable=self._policies[-1]
        )

    def allow(self, permissions: Sequence[Permission]) -> None:
        """Add a statement for each permission, with fewer requests to CDK than one by one.

        Args:
            permissions: What is allowed.
        """
        added: dict[iam.ManagedPolicy, list[iam.PolicyStatement]] = {}
        resolved = stack_of(self).resolve([each.as_json() for each in permissions])
        for permission, document in zip(permissions, resolved, strict=True):
            statement = permission.as_statement()
            size = policy_size(document, self._name_length)
            added.setdefault(self._policy_for(statement, size), []).append(statement)
        for policy, statements in added.items():
            policy.add_statements(*statements)

    def explain(self, wildcard: Wildcard) -> None:
        """Say why actions are allowed on resources with a wildcard.

        Args:
            wildcard: The actions and resources, as statements name them, and the reason.
        """
        self._wildcards.append(wildcard)

    def _policy_for(self, statement: iam.PolicyStatement, size: int) -> iam.ManagedPolicy:
        """The policy that takes a statement of a size: the last one, or a new one."""
        if not self._policies or not self._fits(statement, size):
            self._begin_policy(size)
        self._statements.append(statement)
        return self._policies[-1]

    def _fits(self, statement: iam.PolicyStatement, size: int) -> bool:
        """Whether the last policy takes one more, merged with its others if need be."""
        self._size += size
        if self._size > LARGEST_POLICY:
            statements = [one.copy() for one in (*self._statements, statement)]
            merged = iam.PolicyDocument(minimize=True, statements=statements)
            self._size = self._size_of(merged)
        return self._size <= LARGEST_POLICY

    def _begin_policy(self, first_statement: int) -> None:
        number = len(self._policies) + 1
        policy = iam.ManagedPolicy(
            self,
            "Policy" if number == 1 else f"Policy{number}",
            document=iam.PolicyDocument(minimize=True),
            roles=[self],
        )
        policy.node.add_validation(ExplainedWildcards(policy, self._wildcards))
        self._policies.append(policy)
        self._statements = []
        self._size = _AROUND_STATEMENTS + first_statement
        self._check(number)

    def _check(self, policies: int) -> None:
        if self._size > LARGEST_POLICY:
            allowed = f"at most {LARGEST_POLICY} characters long, as IAM takes"
            given = f"one of up to {self._size}"
            self.faults.append(Fault("a statement", allowed, given, "name fewer resources"))
        if policies == _MOST_POLICIES + 1:
            allowed = f"what fits into {_MOST_POLICIES} policies of {LARGEST_POLICY} characters"
            given = f"more for the role {self.node.path}"
            remedy = "grant it less, or make several of what it is for"
            self.faults.append(Fault("permissions", allowed, given, remedy))

    def _size_of(self, document: Any) -> int:
        return policy_size(stack_of(self).resolve(document), self._name_length)

    @cached_property
    def _name_length(self) -> int:
        return _name_length(stack_of(self))


def _name_length(stack: Stack) -> int:
    """How long the name of a stack may be: that of a nested one begins with its parent's."""
    name = concrete(stack.stack_name)
    if name is not None:
        return len(name)
    parent = stack.nested_stack_parent
    if parent is None or stack.nested_stack_resource is None:
        return _LONGEST_STACK_NAME
    logical_id = parent.resolve(stack.nested_stack_resource.logical_id)
    return min(_LONGEST_STACK_NAME, _name_length(parent) + len(logical_id) + _SUFFIX)


def explain_wildcards(
    grantee: iam.IGrantable, actions: Sequence[str], resources: Sequence[str], reason: str
) -> None:
    """Say why a role of the library is allowed actions on resources with a wildcard.

    Of another role, its owner has to say so.

    Args:
        grantee: Who is allowed them.
        actions: The actions.
        resources: The resources, as the statement names them.
        reason: Why they cannot be narrower, for a reviewer.
    """
    role = grantee if isinstance(grantee, ManagedPolicyRole) else grantee.grant_principal
    if isinstance(role, ManagedPolicyRole):
        role.explain(Wildcard(frozenset(actions), tuple(resources), reason))
