"""Every key of a `datafi.yaml` as tables, from the schema that ships with the library."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_MOST_CHOICES = 8

Schema = Mapping[str, Any]


def tables(schema_file: Path) -> str:
    """A heading and a table for each section, the outermost first.

    Args:
        schema_file: The JSON schema.

    Returns:
        Markdown.
    """
    schema = json.loads(schema_file.read_text(encoding="utf-8"))
    waiting = [("", schema)]
    parts = []
    seen = set()
    while waiting:
        path, section = waiting.pop(0)
        for value in section["properties"].values():
            for name, _ in _sections(value):
                value.setdefault("description", schema["$defs"][name]["description"])
        parts.append(_table(path, section))
        for key, value in section["properties"].items():
            for name, mark in _sections(value):
                if (path, name) not in seen:
                    seen.add((path, name))
                    waiting.append((f"{path}{key}{mark}.", schema["$defs"][name]))
    return "\n".join(parts)


def _table(path: str, section: Schema) -> str:
    """The keys of one section."""
    rows = [
        f"| `{key}` | {_kind(value)} | {_text(value['description'])} | {_default(section, key)} |"
        for key, value in section["properties"].items()
    ]
    title = f"`{path.removesuffix('.')}`" if path else "The file"
    head = [f"## {title}\n", f"{section['description'].splitlines()[0]}\n"]
    return "\n".join(
        [*head, "| key | holds | what it says | default |", "|---|---|---|---|", *rows, ""]
    )


def _sections(value: Schema) -> Iterator[tuple[str, str]]:
    """The sections that a key holds: their names, and `[]` for those in a list."""
    for choice in value.get("anyOf", [value]):
        if "$ref" in choice:
            yield choice["$ref"].rpartition("/")[2], ""
        items = choice.get("items", {})
        if "$ref" in items:
            yield items["$ref"].rpartition("/")[2], "[]"


def _kind(value: Schema) -> str:
    """What a key holds, in a few words."""
    choices = [choice for choice in value.get("anyOf", [value]) if choice.get("type") != "null"]
    return " or ".join(dict.fromkeys(_one_kind(choice) for choice in choices))


def _one_kind(choice: Schema) -> str:
    if "$ref" in choice:
        return "a section"
    if len(choice.get("enum", [])) in range(1, _MOST_CHOICES):
        return ", ".join(f"`{each}`" for each in choice["enum"])
    if choice["type"] == "array":
        return "a list of sections" if "$ref" in choice["items"] else "a list"
    if choice["type"] == "integer":
        least, most = choice.get("minimum"), choice.get("maximum")
        return "a number" if None in (least, most) else f"{least} to {most}"
    return {"boolean": "`true`, `false`", "object": "a mapping", "string": "text"}[choice["type"]]


def _default(section: Schema, key: str) -> str:
    if key in section.get("required", []):
        return "required"
    default = section["properties"][key].get("default")
    return "" if default is None else f"`{json.dumps(default)}`"


def _text(description: str) -> str:
    return description.replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;")
