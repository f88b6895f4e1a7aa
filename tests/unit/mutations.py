"""Assemblies in which one link is broken: each that the templates have, found by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from datafi_cdk.topology import Assembly, Resource

GONE = {"Ref": "Gone"}
OTHERS = {"internal": "internet-facing", "internet-facing": "internal", "tcp": "udp"}


@dataclass(frozen=True)
class Mutation:
    """One change of one resource; without a `place` it is deleted.

    Args:
        resource: What is changed.
        place: The names of the properties down to what is changed; items of lists have none.
        changed: The properties after the change. `None`: the resource is gone.
    """

    resource: Resource
    place: str = ""
    changed: Any = None

    def __str__(self) -> str:
        """What is changed, for people."""
        return f"{self.resource.path} ({self.resource.type}) {self.place or 'deleted'}"

    def apply(self, assembly: Assembly) -> Assembly:
        """The assembly after the change."""
        return Assembly(
            assembly.folder,
            tuple(
                replace(stack, resources=tuple(self._resources(stack.resources)))
                if stack.id == self.resource.id.stack
                else stack
                for stack in assembly.stacks
            ),
        )

    def _resources(self, resources: tuple[Resource, ...]) -> Iterator[Resource]:
        for one in resources:
            if one.id != self.resource.id:
                yield one
            elif self.changed is not None:
                yield replace(one, properties=self.changed)


def inside(table: str, service: str) -> str:
    """The table of what a service reaches: all that is reached from outside."""
    return re.sub(r"(?m)^\| (internet|VPC \S+) +\|", f"| {service} |", table)


def without_exports(assembly: Assembly) -> Iterator[tuple[str, Assembly]]:
    """Take out each export of a stack: its name, and the assembly after that."""
    for at, stack in enumerate(assembly.stacks):
        outputs = stack.section("Outputs")
        for name in (one for one, output in outputs.items() if "Export" in output):
            left = {one: output for one, output in outputs.items() if one != name}
            changed = replace(stack, template={**stack.template, "Outputs": left})
            stacks = (*assembly.stacks[:at], changed, *assembly.stacks[at + 1 :])
            yield f"{stack.id}.{name}", Assembly(assembly.folder, stacks)


def mutations(resource: Resource) -> Iterator[Mutation]:
    """Delete it, and change each of its values in turn, and take out each item of its lists."""
    yield Mutation(resource)
    for place, changed in _changed(resource.properties):
        yield Mutation(resource, place, changed)


def _changed(value: Any, step: int = -1) -> Iterator[tuple[str, Any]]:
    """The value with one change in it, and where that is; numbers are changed by `step`."""
    if isinstance(value, dict) and not _is_intrinsic(value):
        for key, item in value.items():
            # A range gets narrower at either end.
            for place, changed in _changed(item, 1 if key == "FromPort" else -1):
                yield f"{key}.{place}".rstrip("."), {**value, key: changed}
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield "", value[:at] + value[at + 1 :]
            for place, changed in _changed(item):
                yield place, [*value[:at], changed, *value[at + 1 :]]
    else:
        yield "", _other(value, step)


def _other(value: Any, step: int) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + step
    if isinstance(value, str):
        return str(int(value) + step) if value.isdigit() else OTHERS.get(value, "gone")
    return GONE


def _is_intrinsic(value: dict[str, Any]) -> bool:
    return len(value) == 1 and next(iter(value)).startswith(("Ref", "Fn::"))
