"""Puts values into the text of a YAML file and leaves every other byte of it as it is.

A round trip through ruamel.yaml keeps comments, but not all white space; its marks tell where a
value goes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ruamel.yaml.nodes import MappingNode, Node

from ...config_yaml import new_yaml

Keys = tuple[str | int, ...]
"""Where a value stands: the keys and indices that lead to it."""


def with_values(text: str, values: Mapping[Keys, str]) -> str:
    r"""Put plain strings into YAML.

    A new key goes to the end of those of its section that are written on one line each.

    Args:
        text: The YAML.
        values: Keys to value. All but the last key lead to a mapping that is there; what stands at
            the last one is replaced.

    Returns:
        The new text. Where the YAML uses aliases, more may change than what was asked for: compare.

    Example:
        >>> with_values("a:\n  b: 1  # one\n", {("a", "c"): "two"})
        'a:\n  b: 1  # one\n  c: two\n'
    """
    for keys, value in values.items():
        text = _with_value(text, keys, value)
    return text


def dotted(keys: Keys) -> str:
    """Keys as they are written in words: `edge_servers.long_running[0].secret_arn`."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys)[1:]


def _with_value(text: str, keys: Keys, value: str) -> str:
    mapping: Any = new_yaml().compose(text)
    for key in keys[:-1]:
        mapping = _child(mapping, key)
    name = str(keys[-1])
    if _child(mapping, name) is not None:
        return _replaced(text, mapping, name, value)
    line = f"{name}: {value}"
    if mapping.flow_style:
        return _added_in_braces(text, mapping, line)
    return _added_as_line(text, mapping, line)


def _child(node: Node, key: str | int) -> Node | None:
    if isinstance(key, int):
        entry: Node = node.value[key]
        return entry
    return next((value for name, value in node.value if name.value == key), None)


def _replaced(text: str, mapping: MappingNode, name: str, value: str) -> str:
    key, there = next(entry for entry in mapping.value if entry[0].value == name)
    start, end = there.start_mark.index, there.end_mark.index
    if start == end:
        # Nothing stands there, and the marks are those of what follows.
        start = end = text.index(":", key.end_mark.index) + 1
        value = f" {value}"
    return text[:start] + value + text[end:]


def _added_in_braces(text: str, mapping: MappingNode, line: str) -> str:
    if mapping.value:
        at, line = mapping.value[-1][1].end_mark.index, f", {line}"
    else:
        at = mapping.start_mark.index + 1
    return text[:at] + line + text[at:]


def _added_as_line(text: str, mapping: MappingNode, line: str) -> str:
    newline = "\r\n" if "\r\n" in text else "\n"
    indent = " " * mapping.start_mark.column
    on_one_line = [
        value.end_mark.index
        for name, value in mapping.value
        if name.start_mark.line == value.start_mark.line == value.end_mark.line
    ]
    if not on_one_line:
        at = mapping.value[0][0].start_mark.index
        return f"{text[:at]}{line}{newline}{indent}{text[at:]}"
    end = text.find("\n", on_one_line[-1])
    if end < 0:
        return f"{text}{newline}{indent}{line}"
    return f"{text[: end + 1]}{indent}{line}{newline}{text[end + 1 :]}"
