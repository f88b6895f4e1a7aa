"""What a shell completes beyond the command's own words."""

from __future__ import annotations

from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from .options import DEFAULT_CONFIG


def server_names() -> list[str]:
    """The servers of the datafi.yaml in the working directory that the update API knows.

    A shell that completes shows no errors: a file that is missing or wrong has no names.
    """
    try:
        data = YAML(typ="safe").load(DEFAULT_CONFIG)
        return sorted(_names(data))
    except (OSError, UnicodeError, YAMLError, KeyError, TypeError, AttributeError):
        return []


def _names(data: Any) -> set[str]:
    names = {str(server["name"]) for server in data["edge_servers"].get("long_running", [])}
    if "coordinator" in data:
        names.add(str((data["coordinator"] or {}).get("name", "co")))
    return names
