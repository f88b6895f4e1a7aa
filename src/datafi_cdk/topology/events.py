"""What starts by itself, and names inside a network: EventBridge and Cloud Map."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .templates import Templates, as_list, identity, key
from .values import text

__all__ = ["EventRule", "Namespace"]


@dataclass(frozen=True)
class EventRule:
    """A rule of EventBridge: what it waits for, and the ids of what it starts."""

    id: str
    label: str
    trigger: str
    targets: tuple[str, ...]


@dataclass(frozen=True)
class Namespace:
    """A namespace of Cloud Map."""

    id: str
    label: str
    name: str
    kind: str


def read_event_rules(templates: Templates) -> tuple[EventRule, ...]:
    """Read the rules of EventBridge."""
    found = [
        EventRule(
            key(resource.id),
            resource.path,
            _trigger(templates, properties),
            tuple(identity(one.get("Arn")) for one in as_list(properties.get("Targets"))),
        )
        for resource, properties in templates.of_type("AWS::Events::Rule")
    ]
    return tuple(sorted(found, key=lambda rule: (rule.label, rule.id)))


def read_namespaces(templates: Templates) -> tuple[Namespace, ...]:
    """Read the namespaces of Cloud Map."""
    kinds = ("Http", "PrivateDns", "PublicDns")
    return tuple(
        Namespace(key(resource.id), resource.path, text(properties.get("Name")), kind)
        for kind in kinds
        for resource, properties in templates.of_type(f"AWS::ServiceDiscovery::{kind}Namespace")
    )


def read_registered_names(templates: Templates) -> dict[str, str]:
    """The names under which Cloud Map answers for services, by the ids of its own services."""
    namespaces = {one.id: one.name for one in read_namespaces(templates) if one.kind != "Http"}
    found = {}
    for resource, properties in templates.of_type("AWS::ServiceDiscovery::Service"):
        config = properties.get("DnsConfig", {})
        namespace = identity(properties.get("NamespaceId") or config.get("NamespaceId"))
        types = {text(one.get("Type")) for one in as_list(config.get("DnsRecords"))}
        if types & {"A", "AAAA"} and not templates.is_missing(namespace):
            domain = namespaces.get(namespace) or templates.label(namespace)
            found[key(resource.id)] = f"{text(properties.get('Name'))}.{domain}"
    return found


def _trigger(templates: Templates, properties: Mapping[str, Any]) -> str:
    if "ScheduleExpression" in properties:
        return text(properties["ScheduleExpression"])
    pattern = properties.get("EventPattern", {})
    kinds = as_list(pattern.get("detail-type")) or as_list(pattern.get("source"))
    shown = [one if isinstance(one, str) else json.dumps(one, default=str) for one in kinds]
    about = templates.readable(as_list(pattern.get("resources")))
    return ", ".join(shown) + (f" of {about}" if about else "")
