"""Permissions on more than one resource that cannot be narrower, each with the reason."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import jsii
from aws_cdk import aws_iam as iam
from constructs import IValidation

from .acknowledgments import acknowledge
from .places import stack_of

_RULE = "AwsSolutions::AwsSolutions-IAM5"


class Wildcard(NamedTuple):
    """Actions on resources with a wildcard, and why they are allowed."""

    actions: frozenset[str]
    resources: tuple[str, ...]
    reason: str


@jsii.implements(IValidation)
class ExplainedWildcards:
    """Acknowledges the wildcards of a policy of which somebody said why they are there.

    CDK asks it when references between stacks are resolved, as the finding names them. It finds no
    fault: a wildcard without a reason stays a finding of cdk-nag.

    Args:
        policy: The policy.
        wildcards: What is explained; entries may be added until synthesis.
    """

    def __init__(self, policy: iam.ManagedPolicy, wildcards: Sequence[Wildcard]) -> None:
        self._policy = policy
        self._wildcards = wildcards

    def validate(self) -> list[str]:
        """Acknowledge what is explained."""
        named = [list(one.resources) for one in self._wildcards]
        document, *resolved = stack_of(self._policy).resolve([self._policy.document, *named])
        explained = [
            (one.actions, set(map(_flat, resources)), one.reason)
            for one, resources in zip(self._wildcards, resolved, strict=True)
        ]
        reasons: dict[str, list[str]] = {}
        unexplained: set[str] = set()
        for actions, resource in _uses(document):
            found = [
                (named, reason) for named, resources, reason in explained if resource in resources
            ]
            if set(actions).difference(*[named for named, _ in found]):
                unexplained.add(resource)
            used = [reason for named, reason in found if named.intersection(actions)]
            reasons.setdefault(resource, []).extend(used)
        for resource in sorted(reasons.keys() - unexplained):
            why = " ".join(dict.fromkeys(reasons[resource]))
            try:
                acknowledge(self._policy, f"{_RULE}[Resource::{resource}]", why)
            except RuntimeError as error:
                # Before 2.269, aws-cdk-lib takes no second `::`: there the finding stays one.
                if "InvalidValidationId" not in str(error):
                    raise
        return []


def _uses(document: Mapping[str, Any]) -> Iterator[tuple[list[str], str]]:
    """The actions that each statement allows on each of its resources with a wildcard."""
    for statement in document["Statement"]:
        if statement["Effect"] == "Allow":
            for resource in map(_flat, _listed(statement.get("Resource"))):
                if "*" in resource:
                    yield _listed(statement.get("Action")), resource


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _flat(value: Any) -> str:
    """A resource as the findings of cdk-nag name it."""
    match value:
        case str():
            return re.sub(r"\$\{(.*?)\}", r"<\1>", value)
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(map(_flat, parts))
        case {"Fn::Sub": str(template)}:
            return _flat(template)
        case {"Fn::GetAtt": [resource, attribute]}:
            return f"<{_flat(resource)}.{_flat(attribute)}>"
        case {"Fn::ImportValue": name}:
            return _flat(name)
        case {"Ref": name}:
            return f"<{name}>"
        case _:
            return json.dumps(value, separators=(",", ":"))
