"""Who may do what: roles with their policies, and the policies of resources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from .invocations import read_invocations, read_urls
from .templates import Templates, as_list, identities, identity, key
from .values import text

__all__ = ["ResourcePolicy", "Role", "Statement"]

_RESOURCE_POLICIES = {
    "AWS::S3::BucketPolicy": ("Bucket", "PolicyDocument"),
    "AWS::SecretsManager::ResourcePolicy": ("SecretId", "ResourcePolicy"),
    "AWS::SQS::QueuePolicy": ("Queues", "PolicyDocument"),
    "AWS::SQS::QueueInlinePolicy": ("Queue", "PolicyDocument"),
    "AWS::SNS::TopicPolicy": ("Topics", "PolicyDocument"),
    "AWS::SNS::TopicInlinePolicy": ("TopicArn", "PolicyDocument"),
    "AWS::KMS::Key": ("", "KeyPolicy"),
    "AWS::ECR::Repository": ("", "RepositoryPolicyText"),
    "AWS::EC2::VPCEndpoint": ("", "PolicyDocument"),
    "AWS::Backup::BackupVault": ("", "AccessPolicy"),
    "AWS::DynamoDB::Table": ("", "ResourcePolicy"),
    "AWS::EFS::FileSystem": ("", "FileSystemPolicy"),
}
_POLICIES = (
    "AWS::IAM::Policy",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::RolePolicy",
    "AWS::IAM::UserPolicy",
    "AWS::IAM::GroupPolicy",
)
_GRANTEES = ("Roles", "Users", "Groups", "RoleName", "UserName", "GroupName")
_HOLDERS = {"AWS::IAM::User": ["holders of its keys"], "AWS::IAM::Group": ["its users"]}
_ALL_BUT = "all but "
# A CDN and a bucket can share a secret in these.
_HIDDEN_CONDITIONS = ("aws:referer", "aws:useragent")


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
        """Whether it allows an action, by name, with wildcards, or as it leaves it out."""
        left_out = [one.removeprefix(_ALL_BUT) for one in self.actions if one.startswith(_ALL_BUT)]
        named = left_out or self.actions
        is_named = any(fnmatchcase(action.lower(), one.lower()) for one in named)
        return self.effect == "Allow" and is_named != bool(left_out)


@dataclass(frozen=True)
class Role:
    """A role, user or group, who assumes it and what it may do."""

    id: str
    label: str
    existing: bool
    assumed_by: tuple[str, ...]
    statements: tuple[Statement, ...]
    managed_policies: tuple[str, ...] = ()
    boundary: str = ""


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
                tuple(
                    _HOLDERS.get(resource.type)
                    or _assumed_by(templates, properties.get("AssumeRolePolicyDocument"))
                ),
                tuple(sorted([*inline, *attached.pop(made, ())])),
                tuple(sorted(_other_policies(templates, properties))),
                templates.readable(properties.get("PermissionsBoundary")),
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
            policy = properties.get(document) or {}
            policy = policy.get("PolicyDocument", policy)
            statements = tuple(sorted(_statements(templates, policy)))
            on = identities(properties.get(holder)) if holder else (key(resource.id),)
            if statements:
                found.append(ResourcePolicy(tuple(templates.label(one) for one in on), statements))
    found += _on_existing_functions(templates)
    return tuple(sorted(found, key=lambda policy: policy.on))


def _on_existing_functions(templates: Templates) -> Iterator[ResourcePolicy]:
    """Permissions and URLs of functions that no template makes."""
    for one in read_invocations(templates):
        if not templates.has(one.function):
            origins = tuple(f"from {origin}" for origin in one.origins)
            said = Statement("Allow", (one.action,), (), origins, (one.principal,))
            yield ResourcePolicy((templates.label(one.function),), (said,))
    for function, auth in read_urls(templates).items():
        if not templates.has(function):
            who = "*" if auth == "NONE" else "callers with IAM rights"
            said = Statement("Allow", ("lambda:InvokeFunctionUrl",), (), (), (who,))
            yield ResourcePolicy((templates.label(function),), (said,))


def _other_policies(templates: Templates, properties: Mapping[str, Any]) -> Iterator[str]:
    """Policies that are not in the templates, and groups with theirs."""
    for policy in as_list(properties.get("ManagedPolicyArns")):
        if not templates.has(identity(policy)):
            yield templates.readable(policy)
    for group in as_list(properties.get("Groups")):
        yield f"those of the group {templates.readable(group)}"


def _attached(templates: Templates) -> dict[str, list[Statement]]:
    """The statements of policies of their own, by role."""
    attached: dict[str, list[Statement]] = {}
    managed: dict[str, list[Statement]] = {}
    for resource, properties in templates.of_type(*_POLICIES):
        statements = list(_statements(templates, properties.get("PolicyDocument")))
        managed[key(resource.id)] = statements
        for field in _GRANTEES:
            for grantee in identities(properties.get(field)):
                attached.setdefault(grantee, []).extend(statements)
    for resource, properties in templates.of_type(
        "AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group"
    ):
        for policy in identities(properties.get("ManagedPolicyArns")):
            attached.setdefault(key(resource.id), []).extend(managed.get(policy, ()))
    return attached


def _statements(templates: Templates, document: Any) -> Iterator[Statement]:
    for statement in as_list((document or {}).get("Statement")):
        resources = as_list(statement.get("Resource"))
        not_actions = [f"{_ALL_BUT}{text(one)}" for one in as_list(statement.get("NotAction"))]
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
        denied = "" if statement.effect == "Allow" else "not "
        under = f" if {' and '.join(statement.conditions)}" if statement.conditions else ""
        found |= {f"{denied}{principal}{under}" for principal in statement.principals}
    return sorted(found)


def _principals(templates: Templates, value: Any) -> list[str]:
    if not isinstance(value, Mapping):
        return [templates.readable(one) for one in as_list(value)]
    return sorted(templates.readable(one) for kind in value.values() for one in as_list(kind))


def _conditions(templates: Templates, value: Any) -> list[str]:
    def shown(name: str, wanted: Any) -> str:
        if name.lower() in _HIDDEN_CONDITIONS:
            return "a value that is not shown"
        return " or ".join(templates.readable(one) for one in as_list(wanted))

    return sorted(
        f"{name} {operator} {shown(name, wanted)}"
        for operator, tests in (value or {}).items()
        for name, wanted in tests.items()
    )
