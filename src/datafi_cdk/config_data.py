"""Looks into the data of a configuration, which may be of any shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

_Value = TypeVar("_Value", str, int)
Data = Mapping[str, Any]


def section(data: Data, key: str) -> Data:
    """A section, empty if it is none."""
    value = data.get(key)
    return value if isinstance(value, Mapping) else {}


def typed(data: Data, key: str, kind: type[_Value]) -> _Value | None:
    """A value, or `None` if it is of another type."""
    value = data.get(key)
    return value if isinstance(value, kind) and not isinstance(value, bool) else None


def strings(data: Data, key: str) -> list[str]:
    """The strings of a list, none if it is none."""
    values = data.get(key)
    return [each for each in values if isinstance(each, str)] if isinstance(values, list) else []


def given(data: Data, key: str) -> bool:
    """Whether a key has a value."""
    return data.get(key) is not None


def edge_servers(data: Data, kind: str) -> Iterator[tuple[str, Data]]:
    """The edge servers of a kind, each with the place of its keys."""
    servers = section(data, "edge_servers").get(kind)
    for index, server in enumerate(servers if isinstance(servers, list) else ()):
        if isinstance(server, Mapping):
            yield f"edge_servers.{kind}[{index}].", server
