"""What values of templates are once their references are followed.

A resolved value is plain JSON in which a `Reference` stands for what a resource is known by after
its deployment, and a `Text` for a string that has such references in it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .resources import ResourceId

__all__ = ["Reference", "SsmParameter", "Text", "joined", "references_in", "text"]

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+")
"""Control characters, line ends, and those that turn the direction of the text around."""


@dataclass(frozen=True, order=True)
class Reference:
    """What one resource is known by after its deployment.

    Args:
        resource: Which one.
        attribute: The attribute of `Fn::GetAtt`. Default: what `Ref` gives.

    Example:
        >>> str(Reference(ResourceId("Edge", "Vpc"), "CidrBlock"))
        '${Edge.Vpc.CidrBlock}'
    """

    resource: ResourceId
    attribute: str = ""

    def __str__(self) -> str:
        """The reference as a readable text: `${Stack.LogicalId.Attribute}`."""
        dot = "." if self.attribute else ""
        return f"${{{self.resource.stack}.{self.resource.logical_id}{dot}{self.attribute}}}"


@dataclass(frozen=True)
class Text:
    """A string with references in it.

    Args:
        parts: Strings and references, in order.

    Example:
        >>> str(Text(("es.", Reference(ResourceId("Edge", "Zone")))))
        'es.${Edge.Zone}'
    """

    parts: tuple[str | Reference, ...]

    def __str__(self) -> str:
        """The parts as one readable text."""
        return "".join(str(part) for part in self.parts)


@dataclass(frozen=True, order=True)
class SsmParameter:
    """A parameter of Systems Manager that a template reads at each deployment.

    Args:
        name: Its name.
        value: What the assembly sets it to at first. Default: it is not in the assembly.
        resource: The resource that makes it. Default: it is not in the assembly.

    Example:
        >>> SsmParameter("/acme/es", "v2").value
        'v2'
    """

    name: str
    value: str | None = None
    resource: ResourceId | None = None


def text(value: Any) -> str:
    """A resolved value as one readable line, no control characters; empty for what is absent.

    Args:
        value: What a `Resolver` gives.

    Example:
        >>> text(["a", True, None])
        'a, true, '
    """
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(text(item) for item in value)
    if isinstance(value, bool):
        return str(value).lower()
    return _CONTROL.sub(" ", str(value))


def references_in(value: Any) -> Iterator[Reference]:
    """The references in a resolved value, in order.

    Args:
        value: What a `Resolver` gives.

    Example:
        >>> subnet = Reference(ResourceId("Edge", "Subnet"))
        >>> list(references_in({"Subnets": [subnet, "subnet-0123456789abcdef0"]})) == [subnet]
        True
    """
    if isinstance(value, Reference):
        yield value
    elif isinstance(value, Text):
        yield from (part for part in value.parts if isinstance(part, Reference))
    elif isinstance(value, dict):
        yield from itertools.chain.from_iterable(references_in(item) for item in value.values())
    elif isinstance(value, list):
        yield from itertools.chain.from_iterable(references_in(item) for item in value)


def joined(parts: list[Any]) -> Any:
    """One string, reference or text of resolved values that stand one after the other."""
    flat: list[str | Reference] = []
    for part in parts:
        pieces = part.parts if isinstance(part, Text) else (part,)
        for piece in pieces:
            if isinstance(piece, Reference):
                flat.append(piece)
            elif flat and isinstance(flat[-1], str):
                flat[-1] += text(piece)
            else:
                flat.append(text(piece))
    flat = [part for part in flat if part != ""]
    if not any(isinstance(part, Reference) for part in flat):
        return "".join(str(part) for part in flat)
    return flat[0] if len(flat) == 1 else Text(tuple(flat))
