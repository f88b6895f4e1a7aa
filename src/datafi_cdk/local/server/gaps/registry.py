"""Adds resource types to ministack's CloudFormation.

It touches what ministack's CloudFormation has inside: its table of handlers, its table of
properties that replace a resource, and its choice of the types that run beside the event loop,
which a handler that calls ministack's own API must do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Properties = Mapping[str, Any]
Created = tuple[str, dict[str, Any]]
Handler = dict[str, Callable[..., Any]]


@dataclass(frozen=True)
class ResourceType:
    """How CloudFormation makes, changes and deletes one type of resource.

    Args:
        name: The type, e.g. "AWS::EC2::EIP".
        create: Makes the resource; gets its logical id, its properties and the stack's name, and
            returns its physical id (what `Ref` gives) and its attributes (`Fn::GetAtt`).
        update: Changes the resource in place; gets the physical id, old and new properties, and
            returns what `create` returns.
        delete: Deletes the resource; gets the physical id and its properties.
        replacing: The properties whose change AWS documents as "Update requires: Replacement".
        updatable: The other properties that are emulated; any further one fails the stack, for a
            property that is silently ignored proves nothing.
    """

    name: str
    create: Callable[[str, Properties, str], Created]
    update: Callable[[str, Properties, Properties], Created]
    delete: Callable[[str, Properties], None]
    replacing: tuple[str, ...]
    updatable: tuple[str, ...] = ()

    def require_known(self, properties: Properties) -> None:
        """Raise ValueError, which fails the resource, for a property that is not emulated."""
        unknown = sorted(properties.keys() - {*self.replacing, *self.updatable})
        if unknown:
            raise ValueError(f"{self.name}: {', '.join(unknown)} not emulated by datafi_cdk.local")


_blocking: set[str] = set()


def register(resource_type: ResourceType) -> None:
    """Teach ministack a type that it does not know.

    Args:
        resource_type: The type and its handlers; they take the place of any that ministack has.
    """
    from ministack.services.cloudformation import provisioners

    name = resource_type.name

    def create(logical_id: str, properties: Properties, stack_name: str) -> Created:
        resource_type.require_known(properties)
        return resource_type.create(logical_id, properties, stack_name)

    def update(physical_id: str, old: Properties, new: Properties, _stack_name: str) -> Created:
        resource_type.require_known(new)
        return resource_type.update(physical_id, old, new)

    provisioners._RESOURCE_HANDLERS[name] = {
        "create": create,
        "update": update,
        "delete": resource_type.delete,
    }
    provisioners._REPLACING_PROPERTIES[name] = resource_type.replacing
    _run_beside_event_loop(name)


def wrap(name: str, wrapper: Callable[[Handler], Handler]) -> None:
    """Complete ministack's own handling of a type.

    Args:
        name: The type, e.g. "AWS::S3::Bucket".
        wrapper: Gets ministack's handler and returns the entries to put in place of its own.
    """
    from ministack.services.cloudformation import provisioners

    handler = provisioners._RESOURCE_HANDLERS[name]
    provisioners._RESOURCE_HANDLERS[name] = {**handler, **wrapper(handler)}
    _run_beside_event_loop(name)


def _run_beside_event_loop(name: str) -> None:
    from ministack.services.cloudformation import stacks

    if not _blocking:
        runs_on_worker_thread = stacks._runs_on_worker_thread
        stacks._runs_on_worker_thread = lambda resource_type: (
            resource_type in _blocking or runs_on_worker_thread(resource_type)
        )
    _blocking.add(name)
