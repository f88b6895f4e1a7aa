"""The resources of an assembly with their properties resolved, and what to call them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .assembly import Assembly, Resource, ResourceId
from .references import Resolver
from .values import Reference, Text, text

__all__ = [
    "Templates",
    "arn_parts",
    "as_list",
    "identities",
    "identity",
    "is_missing",
    "key",
    "number",
]

_COLON_OUTSIDE_TOKEN = re.compile(r":(?![^${}]*\})")

_IDENTIFYING = ("", "Arn", "DNSName", "GroupId", "Name", "ServiceArn")


class Templates:
    """The templates of one assembly, as the readers of this package use them.

    What is made by a template is known by `Stack.LogicalId`, what exists already by its ARN, id or
    name: so both can stand in one field.

    Args:
        assembly: The assembly.

    Attributes:
        reading: The resource that `of_type` has given last.
    """

    def __init__(self, assembly: Assembly) -> None:
        """Collect the labels."""
        self.assembly = assembly
        self.resolver = Resolver(assembly)
        self.reading: Resource | None = None
        self.labels = {key(resource.id): _label(resource) for resource in assembly.resources}
        self._properties: dict[ResourceId, dict[str, Any]] = {}

    def of_type(self, *types: str) -> Iterator[tuple[Resource, dict[str, Any]]]:
        """The resources of some types that are made, each with its resolved properties."""
        for resource in self.assembly.of_type(*types):
            if self.resolver.is_made(resource):
                self.reading = resource
                yield resource, self.properties(resource)

    def properties(self, resource: Resource) -> dict[str, Any]:
        """All properties of a resource, resolved."""
        if resource.id not in self._properties:
            self._properties[resource.id] = self.resolver.properties(resource)
        return self._properties[resource.id]

    def raw(self, resource: Resource, value: Any) -> Any:
        """A value of a resource that stands in its template, resolved."""
        return self.resolver.resolve(self.assembly.stack(resource.id.stack), value)

    def has(self, identity: str) -> bool:
        """Whether one of the templates makes it."""
        return identity in self.labels

    def is_own(self, identity: str) -> bool:
        """Whether one of the templates makes it, or should."""
        return self.has(identity) or self.is_missing(identity)

    def is_missing(self, identity: str) -> bool:
        """Whether a template refers to it as its own, and does not make it."""
        return is_missing(self.assembly, self.labels, identity)

    def label(self, identity: str) -> str:
        """What to call it: the path of its construct, or that it exists already."""
        return self.labels.get(identity) or f"existing {identity}"

    def readable(self, value: Any) -> str:
        """A resolved value as text, in which resources are called by their path."""
        if isinstance(value, list):
            return ", ".join(self.readable(item) for item in value)
        if isinstance(value, Text):
            return text("".join(self.readable(part) for part in value.parts))
        if isinstance(value, Reference):
            label = self.labels.get(key(value.resource), str(value))
            shown = "" if value.attribute in _IDENTIFYING else f".{value.attribute}"
            return f"<{label}{shown}>"
        return text(value)


def _label(resource: Resource) -> str:
    if resource.type == "AWS::ECS::Service":
        return resource.path.removesuffix("/Service").removesuffix("/Service")
    return resource.path


def is_missing(assembly: Assembly, labels: Mapping[str, str], identity: str) -> bool:
    """Whether a template refers to a resource as its own, and does not make it."""
    return identity not in labels and any(
        identity.startswith(f"{stack.id}.") for stack in assembly.stacks
    )


def key(resource_id: ResourceId) -> str:
    """What a resource of the templates is known by."""
    return f"{resource_id.stack}.{resource_id.logical_id}"


def identity(value: Any) -> str:
    """What a resolved value refers to: `Stack.LogicalId`, or the text of what exists already."""
    return key(value.resource) if isinstance(value, Reference) else text(value)


def identities(values: Any) -> tuple[str, ...]:
    """The same for a list."""
    return tuple(identity(value) for value in as_list(values))


def as_list(value: Any) -> list[Any]:
    """A list as it is, one value as a list of it, nothing as an empty list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def number(value: Any) -> int | None:
    """A whole number that may be written as text, or `None`."""
    shown = text(value)
    return int(shown) if shown.lstrip("-").isdigit() else None


def arn_parts(arn: str) -> list[str]:
    """The parts of an ARN, in which `${AWS::Region}` and the like can stand."""
    return _COLON_OUTSIDE_TOKEN.split(arn)
