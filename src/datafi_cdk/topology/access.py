"""Who may do what: roles with their policies, and the policies of resources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .templates import Templates, as_list, identities, identity, key
from .values import text

__all__ = ["ResourcePolicy", "Role", "Statement"]

_RESOURCE_POLICIES = {
    "AWS::S3::BucketPolicy": ("Bucket", "PolicyDocument"),
    "AWS::SecretsManager::ResourcePolicy": ("SecretId", "ResourcePolicy"),
    "AWS::SQS::QueuePolicy": ("Queues", "PolicyDocument"),
    "AWS::SNS::TopicPolicy": ("Topics", "PolicyDocument"),
    "AWS::KMS::Key": ("", "KeyPolicy"),
    "AWS::ECR::Repository": ("", "RepositoryPolicyText"),
    "AWS::EC2::VPCEndpoint": ("", "PolicyDocument"),
}
_GRANTEES = {"Roles": "role", "Users": "user", "Groups": "group"}


@dataclass(frozen=True, order=True)
class Statement:
    """One statement of a policy, with readable texts; `principals` in resource policies only."""

    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[str, ...] = ()
    principals: tuple[str, ...] = ()
    resource_ids: tuple[str, ...] = ()

    def allows(self, action: str) -> bool:
        """Whether it allows an action, by name or with a wildcard at the end."""
        return self.effect == "Allow" and any(
            one in (action, "*") or (one.endswith("*") and action.startswith(one[:-1]))
            for one in self.actions
        )


@dataclass(frozen=True)
class Role:
    """A role, user or group, who assumes it and what it may do."""

    id: str
    label: str
    existing: bool
    assumed_by: tuple[str, ...]
    statements: tuple[Statement, ...]
    managed_policies: tuple[str, ...] = ()


@dataclass(frozen=True)
class ResourcePolicy:
    """What the policy of a resource says of those who come to it."""

    on: tuple[str, ...]
    statements: tuple[Statement, ...]


def read_roles(templates: Templates) -> tuple[Role, ...]:
    """Read the roles, users and groups, also those that exist and get a policy here."""
    attached = _attached(templates)
    roles: list[Role] = []
    for resource, properties in templates.of_type(
        "AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group"
    ):
        made = key(resource.id)
        inline = [
            statement
            for policy in as_list(properties.get("Policies"))
            for statement in _statements(templates, policy.get("PolicyDocument"))
        ]
        roles.append(
            Role(
                made,
                resource.path,
                False,
                tuple(_assumed_by(templates, properties.get("AssumeRolePolicyDocument"))),
                tuple(sorted([*inline, *attached.pop(made, ())])),
                tuple(
                    sorted(
                        templates.readable(one)
                        for one in as_list(properties.get("ManagedPolicyArns"))
                        if not templates.has(identity(one))
                    )
                ),
            )
        )
    for named, statements in attached.items():
        roles.append(Role(named, templates.label(named), True, (), tuple(sorted(statements))))
    return tuple(sorted(roles, key=lambda role: (role.label, role.id)))


def read_resource_policies(templates: Templates) -> tuple[ResourcePolicy, ...]:
    """Read the policies of buckets, secrets, keys, queues, topics, repositories and endpoints."""
    found: list[ResourcePolicy] = []
    for kind, (holder, document) in _RESOURCE_POLICIES.items():
        for resource, properties in templates.of_type(kind):
            statements = tuple(sorted(_statements(templates, properties.get(document))))
            on = identities(properties.get(holder)) if holder else (key(resource.id),)
            if statements:
                found.append(ResourcePolicy(tuple(templates.label(one) for one in on), statements))
    return tuple(sorted(found, key=lambda policy: policy.on))


def _attached(templates: Templates) -> dict[str, list[Statement]]:
    """The statements of policies of their own, by role."""
    attached: dict[str, list[Statement]] = {}
    managed: dict[str, list[Statement]] = {}
    for resource, properties in templates.of_type("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
        statements = list(_statements(templates, properties.get("PolicyDocument")))
        managed[key(resource.id)] = statements
        for field in _GRANTEES:
            for grantee in identities(properties.get(field)):
                attached.setdefault(grantee, []).extend(statements)
    for resource, properties in templates.of_type("AWS::IAM::Role", "AWS::IAM::User"):
        for policy in identities(properties.get("ManagedPolicyArns")):
            attached.setdefault(key(resource.id), []).extend(managed.get(policy, ()))
    return attached


def _statements(templates: Templates, document: Any) -> Iterator[Statement]:
    for statement in as_list((document or {}).get("Statement")):
        resources = as_list(statement.get("Resource"))
        not_actions = [f"all but {text(one)}" for one in as_list(statement.get("NotAction"))]
        not_resources = [
            f"all but {templates.readable(one)}" for one in as_list(statement.get("NotResource"))
        ]
        yield Statement(
            effect=text(statement.get("Effect", "Allow")),
            actions=tuple(sorted([*map(text, as_list(statement.get("Action"))), *not_actions])),
            resources=tuple(sorted([*map(templates.readable, resources), *not_resources])),
            conditions=tuple(_conditions(templates, statement.get("Condition"))),
            principals=(
                *_principals(templates, statement.get("Principal")),
                *(
                    f"all but {one}"
                    for one in _principals(templates, statement.get("NotPrincipal"))
                ),
            ),
            resource_ids=tuple(sorted(identity(one) for one in resources)),
        )


def _assumed_by(templates: Templates, document: Any) -> list[str]:
    found: set[str] = set()
    for statement in _statements(templates, document):
        under = f" if {' and '.join(statement.conditions)}" if statement.conditions else ""
        found |= {f"{principal}{under}" for principal in statement.principals}
    return sorted(found)


def _principals(templates: Templates, value: Any) -> list[str]:
    if not isinstance(value, Mapping):
        return [templates.readable(one) for one in as_list(value)]
    return sorted(templates.readable(one) for kind in value.values() for one in as_list(kind))


def _conditions(templates: Templates, value: Any) -> list[str]:
    return sorted(
        f"{name} {operator} {' or '.join(templates.readable(one) for one in as_list(wanted))}"
        for operator, tests in (value or {}).items()
        for name, wanted in tests.items()
    )
