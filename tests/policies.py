"""Reads every policy of a cloud assembly: of roles, of trust, of resources and of keys."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted(path.parent.name for path in (ROOT / "examples").glob("*/app.py"))
HARDENED = sorted((ROOT / "tests" / "compliance" / "hardened").glob("*.yaml"))
EVERY = "every"
APPS = [*EXAMPLES, *(f"hardened-{path.stem}" for path in HARDENED), EVERY]
"""Every example, its like hardened, and the app of `every_role`."""

_ATTACHED = ("AWS::IAM::ManagedPolicy", "AWS::IAM::Policy")


@dataclass(frozen=True)
class Statement:
    """A statement, with references as the types of what they refer to, e.g. `<S3::Bucket>/*`."""

    place: str
    """The logical id of the resource that has it, without its hash."""
    type: str
    """The type of that resource."""
    of: str
    """"rights", "trust" or "resource"."""
    said: Mapping[str, Any]
    actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    principals: tuple[str, ...] = ()
    condition: Mapping[str, Any] = field(default_factory=dict)

    @property
    def allows(self) -> bool:
        """Whether it allows, or denies."""
        return bool(self.said["Effect"] == "Allow")

    @property
    def keys(self) -> frozenset[str]:
        """The keys of its condition."""
        return frozenset(key for test in self.condition.values() for key in test)


@dataclass
class Role:
    """A role, and what it may do."""

    name: str
    made: bool
    statements: list[Statement] = field(default_factory=list)
    policies: tuple[str, ...] = ()


class Assembly:
    """The templates of an app.

    Args:
        folder: Where they are.
    """

    def __init__(self, folder: Path) -> None:
        self._templates = [
            json.loads(path.read_text()) for path in sorted(folder.glob("**/*.template.json"))
        ]
        self._exports = {
            each["Export"]["Name"]: (each["Value"], template["Resources"])
            for template in self._templates
            for each in template.get("Outputs", {}).values()
            if "Export" in each
        }

    def types(self) -> set[str]:
        """The types of all resources."""
        return {
            resource["Type"]
            for template in self._templates
            for resource in template["Resources"].values()
        }

    def statements(self) -> list[Statement]:
        """All statements."""
        return [
            statement
            for template in self._templates
            for name, resource in template["Resources"].items()
            for statement in self._of(name, resource, template["Resources"])
        ]

    def roles(self) -> list[Role]:
        """The roles that are made, and those that exist and get a policy."""
        found: dict[str, Role] = {}
        for template in self._templates:
            resources = template["Resources"]
            for name, resource in resources.items():
                if resource["Type"] == "AWS::IAM::Role":
                    role = found.setdefault(name, Role(named(name), True))
                    attached = resource["Properties"].get("ManagedPolicyArns", [])
                    role.policies = tuple(self.flat(each, resources) for each in attached)
                    role.statements += [
                        one for one in self._of(name, resource, resources) if one.of == "rights"
                    ]
        for template in self._templates:
            for name, resource in template["Resources"].items():
                if resource["Type"] in _ATTACHED:
                    for holder in resource["Properties"].get("Roles", []):
                        key = self._holder(holder)
                        role = found.setdefault(key, Role(named(key), False))
                        role.statements += self._of(name, resource, template["Resources"])
        return list(found.values())

    def _holder(self, value: Any) -> str:
        match value:
            case {"Ref": str(name)}:
                return name
            case {"Fn::ImportValue": str(name)}:
                return self._holder(self._exports[name][0])
        return str(value)

    def _of(
        self, name: str, resource: Mapping[str, Any], resources: Mapping[str, Any]
    ) -> list[Statement]:
        kind, properties = resource["Type"], resource.get("Properties", {})
        if kind == "AWS::Lambda::Permission":
            return [self._permission(name, properties, resources)]
        return [
            self._statement(name, kind, key, said, resources)
            for key, said in self._documents("", properties, resources)
        ]

    def _documents(
        self, key: str, value: Any, resources: Mapping[str, Any]
    ) -> Iterator[tuple[str, Mapping[str, Any]]]:
        if key in ("PolicyDocument", "ResourcePolicy") and not isinstance(value, dict | list):
            value = json.loads(value)
        if key == "PolicyDocument" and isinstance(value, dict) and "Fn::Join" in value:
            value = json.loads(self.flat(value, resources))
        if isinstance(value, dict):
            found = value.get("Statement")
            said = found if isinstance(found, list) else [found]
            if said and all(isinstance(one, dict) and "Effect" in one for one in said):
                yield from ((key, one) for one in said)
                return
            for inner, member in value.items():
                yield from self._documents(inner, member, resources)
        elif isinstance(value, list):
            for member in value:
                yield from self._documents(key, member, resources)

    def _statement(
        self,
        name: str,
        kind: str,
        key: str,
        said: Mapping[str, Any],
        resources: Mapping[str, Any],
    ) -> Statement:
        trust = key == "AssumeRolePolicyDocument"
        of = "trust" if trust else "rights" if kind.startswith("AWS::IAM::") else "resource"
        principal = said.get("Principal", {})
        by_kind = {"*": principal} if isinstance(principal, str) else principal
        return Statement(
            place=named(name),
            type=kind,
            of=of,
            said=said,
            actions=tuple(listed(said.get("Action", []))),
            resources=tuple(self.flat(one, resources) for one in listed(said.get("Resource", []))),
            principals=tuple(
                f"{sort}:{self.flat(one, resources)}"
                for sort, ones in by_kind.items()
                for one in listed(ones)
            ),
            condition=said.get("Condition", {}),
        )

    def _permission(
        self, name: str, properties: Mapping[str, Any], resources: Mapping[str, Any]
    ) -> Statement:
        """A function's policy, of which each permission is a statement."""
        principal = self.flat(properties["Principal"], resources)
        sort = "Service" if principal.endswith(".amazonaws.com") else "AWS"
        keys = {"SourceAccount": "aws:SourceAccount", "SourceArn": "aws:SourceArn"}
        test = {keys[key]: properties[key] for key in keys if key in properties}
        return Statement(
            place=named(name),
            type="AWS::Lambda::Permission",
            of="resource",
            said={"Effect": "Allow"},
            actions=(properties["Action"],),
            resources=(self.flat(properties["FunctionName"], resources),),
            principals=(f"{sort}:{principal}",),
            condition={"Equals": test} if test else {},
        )

    def flat(self, value: Any, resources: Mapping[str, Any]) -> str:
        """A value as one text."""
        match value:
            case {"Fn::Join": [str(separator), list(parts)]}:
                return separator.join(self.flat(part, resources) for part in parts)
            case {"Fn::Sub": str(template)}:
                return template
            case {"Fn::ImportValue": str(name)} if name in self._exports:
                return self.flat(*self._exports[name])
            case {"Fn::GetAtt": [str(name), *_]} if name in resources:
                return f"<{resources[name]['Type'].removeprefix('AWS::')}>"
            case {"Ref": str(name)} if name in resources:
                return f"<{resources[name]['Type'].removeprefix('AWS::')}>"
            case {"Ref": str(name)}:
                return f"{{{name.removeprefix('AWS::')}}}"
        return value if isinstance(value, str) else json.dumps(value)


def named(logical_id: str) -> str:
    """A logical id without its hash."""
    return re.sub(r"[0-9A-F]{8}$", "", logical_id)


def listed(value: Any) -> list[Any]:
    """One or several, as a list."""
    return value if isinstance(value, list) else [value]
