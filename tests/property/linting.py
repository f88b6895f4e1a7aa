"""cfn-lint over many templates that have most resources in common.

A whole template takes a second. So a resource is looked at once for each form that it has: its type
and properties, with what it refers to told by type. The others that it refers to stand beside it as
their types only, and what is said of these is left out. What cfn-lint finds by looking at several
resources at once it finds in the sample that is linted as a whole; circles of dependencies are
looked for in every template.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from cfnlint.config import ConfigMixIn
from cfnlint.runner import Runner

Template = Mapping[str, Any]

_NEW_FUNCTION = "Fn::GetStackOutput"
_FRAME = ("Parameters", "Conditions", "Mappings", "Outputs", "Rules")
_SUBSTITUTED = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.[^}]*)?\}")


class Linter:
    """Finds errors, of which it remembers what had none.

    Args:
        region: The region whose rules hold.
    """

    def __init__(self, region: str) -> None:
        """Load the rules once."""
        ignored = ["W", "I"]
        self._runner = Runner(ConfigMixIn([], regions=[region], ignore_checks=ignored))
        self._seen: set[str] = set()
        self.looked_at = 0

    def whole(self, template: Template) -> list[str]:
        """Every error of a template."""
        return [text for _, text in self._errors(dict(template))]

    def new_forms(self, template: Template) -> list[str]:
        """The errors of what has a form that no resource had before."""
        resources = template.get("Resources", {})
        kinds = {name: f"<{one['Type']}>" for name, one in resources.items()}
        new: dict[str, str] = {}
        for name, resource in resources.items():
            form = _form(resource, kinds)
            if form not in self._seen:
                new[name] = form
        frame = {key: template[key] for key in _FRAME if key in template}
        frame_form = _form(frame, kinds)
        if not new and frame_form in self._seen:
            return _circles(resources)
        if frame_form in self._seen:
            frame.pop("Outputs", None)
        self.looked_at += len(new)
        wanted = {name: _without_metadata(resources[name]) for name in new}
        named = set(references({"Resources": wanted, **frame}))
        beside = {name: {"Type": resources[name]["Type"]} for name in resources if name in named}
        reduced = {**frame, "Resources": {**beside, **wanted}}
        found = [
            text
            for path, text in self._errors(reduced)
            if path[:1] != ["Resources"] or path[1] in wanted
        ]
        if not found:
            self._seen |= {*new.values(), frame_form}
        return [*found, *_circles(resources)]

    def _errors(self, template: dict[str, Any]) -> Iterator[tuple[list[Any], str]]:
        """Path and text of each error, but for a function that cfn-lint knows in part."""
        for match in self._runner.validate_template(template):
            if _NEW_FUNCTION not in str(match):
                # A match without a path is about the template as a whole.
                path = list(getattr(match, "path", ()))
                yield path, f"{'/'.join(map(str, path))}: {match}"


def _without_metadata(resource: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in resource.items() if key not in ("Metadata", "DependsOn")}


def _form(value: Any, kinds: Mapping[str, str]) -> str:
    def named(entry: Any) -> Any:
        if isinstance(entry, Mapping):
            return {
                key: kinds.get(inside, inside)
                if key == "Ref"
                else [kinds.get(inside[0], inside[0]), *inside[1:]]
                if key == "Fn::GetAtt" and isinstance(inside, list)
                else named(inside)
                for key, inside in entry.items()
                if key not in ("Metadata", "DependsOn")
            }
        return [named(inside) for inside in entry] if isinstance(entry, list) else entry

    return json.dumps(named(value), sort_keys=True)


def references(value: Any) -> Iterator[str]:
    """The names of what a part of a template refers to."""
    if isinstance(value, Mapping):
        for key, inside in value.items():
            if key == "Ref":
                yield inside
            elif key == "Fn::GetAtt":
                yield inside[0] if isinstance(inside, list) else inside.partition(".")[0]
            elif key == "DependsOn":
                yield from [inside] if isinstance(inside, str) else inside
            elif key == "Fn::Sub":
                text = inside if isinstance(inside, str) else inside[0]
                yield from _SUBSTITUTED.findall(text)
                yield from references(inside)
            else:
                yield from references(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from references(inside)


def _circles(resources: Mapping[str, Any]) -> list[str]:
    graph = {name: set(references(one)) - {name} for name, one in resources.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [f"a circle of dependencies: {' -> '.join(error.args[1])}"]
    return []
