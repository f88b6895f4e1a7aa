"""Zones, records and certificates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .assembly import Resource
from .templates import Templates, as_list, identity, key
from .values import references_in, text

__all__ = ["Certificate", "Dns", "Record", "Zone"]

_ADDRESSES = ("A", "AAAA", "CNAME")


@dataclass(frozen=True)
class Zone:
    """A hosted zone; a private one has the networks that see it. Existing: neither is known."""

    id: str
    label: str
    existing: bool
    name: str = ""
    private: bool = False
    vpcs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Record:
    """A record; `target` is what it points at, a resource's id if there is one."""

    id: str
    label: str
    zone: str
    name: str
    type: str
    target: str

    def answers(self, name: str) -> bool:
        """Whether it answers for the address of a name."""
        return self.type in _ADDRESSES and matches(self.name, name)


@dataclass(frozen=True)
class Certificate:
    """A certificate and its names."""

    id: str
    label: str
    names: tuple[str, ...]

    def covers(self, name: str) -> bool:
        """Whether it is for a name, in full or by a wildcard in place of the first label."""
        return any(
            one == name or (one.startswith("*.") and one[1:] == name[name.find(".") :])
            for one in self.names
        )


@dataclass(frozen=True)
class Dns:
    """All names of an app."""

    zones: Mapping[str, Zone]
    records: tuple[Record, ...]
    certificates: Mapping[str, Certificate]

    def records_of(self, name: str) -> tuple[Record, ...]:
        """The records that answer for a name: those of the name, or of the closest wildcard."""
        return tuple(record for zone in self.zones for record in self._in_zone(zone, name))

    def _in_zone(self, zone: str, name: str) -> list[Record]:
        """A record of the name, of whatever type, keeps the wildcards of its zone away."""
        found = [one for one in self.records if one.zone == zone and matches(one.name, name)]
        closest = max((one.name for one in found), key=len, default="")
        exact = name if any(one.name == name for one in found) else closest
        return [one for one in found if one.name == exact and one.answers(name)]


def read_dns(templates: Templates) -> Dns:
    """Read the names, also zones that are named only."""
    zones = {
        key(resource.id): Zone(
            key(resource.id),
            resource.path,
            False,
            text(properties.get("Name")).removesuffix("."),
            bool(properties.get("VPCs")),
            tuple(identity(one.get("VPCId")) for one in as_list(properties.get("VPCs"))),
        )
        for resource, properties in templates.of_type("AWS::Route53::HostedZone")
    }
    records = []
    for resource, properties in _record_sets(templates):
        alias = properties.get("AliasTarget", {}).get("DNSName")
        value = alias if alias is not None else properties.get("ResourceRecords")
        target = next((key(one.resource) for one in references_in(value)), text(value))
        zone = identity(properties.get("HostedZoneId") or properties.get("HostedZoneName"))
        zones.setdefault(zone, Zone(zone, templates.label(zone), True))
        name = text(properties.get("Name")).removesuffix(".").lower()
        records.append(
            Record(key(resource.id), resource.path, zone, name, text(properties["Type"]), target)
        )
    certificates = {
        key(resource.id): Certificate(
            key(resource.id),
            resource.path,
            tuple(
                text(name).lower()
                for name in (
                    properties.get("DomainName"),
                    *as_list(properties.get("SubjectAlternativeNames")),
                )
            ),
        )
        for resource, properties in templates.of_type("AWS::CertificateManager::Certificate")
    }
    return Dns(zones, tuple(sorted(records, key=lambda one: (one.name, one.id))), certificates)


def _record_sets(templates: Templates) -> Iterator[tuple[Resource, Mapping[str, Any]]]:
    yield from templates.of_type("AWS::Route53::RecordSet")
    for resource, properties in templates.of_type("AWS::Route53::RecordSetGroup"):
        zone = {one: properties[one] for one in properties if one.startswith("HostedZone")}
        yield from ((resource, {**zone, **one}) for one in as_list(properties.get("RecordSets")))


def matches(pattern: str, name: str) -> bool:
    """Whether a name of a record, perhaps a wildcard, is or covers a name."""
    return pattern == name or (pattern.startswith("*.") and name.endswith(pattern[1:]))
