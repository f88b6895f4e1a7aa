"""What leaves: images that are pulled, endpoints that are called, and by which way."""

from __future__ import annotations

from collections.abc import Iterator

from ...topology import Topology
from ...topology.network import Vpc
from .alike import Server, Servers
from .sheet import Section, Table, section, table
from .ways_in import egress
from .words import shown

__all__ = ["ways_out"]


def ways_out(topology: Topology, servers: Servers) -> Section:
    """All that leaves the networks."""
    return section(
        "What leaves",
        (),
        (
            _registries(topology, servers),
            _networks(topology),
            _services(topology, servers),
            _egress(topology, servers),
        ),
    )


def _registries(topology: Topology, servers: Servers) -> Table:
    images = [
        *((one.id, container.image) for one in topology.services for container in one.containers),
        *((one.id, one.image) for one in topology.functions if one.image),
    ]
    return table(
        "Registries that images are pulled from",
        ("Server", "Registry", "Image", "Live version is kept in"),
        servers.fold(
            (
                servers.named(identity),
                (
                    shown(image.registry),
                    shown(image.name),
                    f"SSM parameter {image.tag_parameter.name}" if image.tag_parameter else "",
                ),
            )
            for identity, image in images
        ),
    )


def _networks(topology: Topology) -> Table:
    rows = [
        (
            shown(vpc.label),
            vpc.cidr or "",
            ", ".join([_gateways(vpc), *map(shown, topology.network.other_ways(vpc.id))]),
            ", ".join(_endpoints(topology, vpc)),
        )
        for vpc in topology.network.vpcs.values()
    ]
    columns = ("VPC", "Addresses", "Ways out", "VPC endpoints")
    return table("Networks", columns, sorted(rows))


def _endpoints(topology: Topology, vpc: Vpc) -> list[str]:
    return sorted(
        f"{shown(one.service).removeprefix('com.amazonaws.REGION.')} ({one.kind.lower()})"
        for one in topology.network.endpoints
        if one.vpc == vpc.id
    )


def _gateways(vpc: Vpc) -> str:
    if vpc.existing:
        return "existing, not in these templates"
    nat = f"{vpc.nat_gateways} NAT gateway{'' if vpc.nat_gateways == 1 else 's'}"
    ways = [
        *(["internet gateway"] if vpc.internet_gateway else ()),
        *([nat] if vpc.nat_gateways else ()),
    ]
    return ", ".join(ways) or "none"


def _services(topology: Topology, servers: Servers) -> Table:
    """The AWS services that roles may call, and the way of those who have a role to them."""

    def rows() -> Iterator[tuple[Server | None, tuple[str, ...]]]:
        roles = {role.id: role for role in topology.roles}
        for service in topology.services:
            way = topology.network.way_out(service.subnets)
            address = "with public addresses" if service.public_ip else "without public addresses"
            called = {
                action.partition(":")[0]
                for role in (service.task_role, service.execution_role)
                if role in roles
                for statement in roles[role].statements
                for action in statement.actions
            }
            told = ", ".join(sorted(called)) or "none"
            yield servers.named(service.id), (told, f"{way}, {address}")
        for function in topology.functions:
            role = roles.get(function.role)
            called = {
                action.partition(":")[0]
                for statement in (role.statements if role else ())
                for action in statement.actions
            }
            way = (
                topology.network.way_out(function.subnets)
                if function.subnets
                else "AWS's own network, in no VPC"
            )
            owner = servers.owner(function.label)
            told = ", ".join(sorted(called)) or "none"
            yield owner, (f"{function.label}: {told}", way)

    return table(
        "AWS services that are called, and the way to them",
        ("Server", "AWS services", "Way out"),
        servers.fold(rows()),
    )


def _egress(topology: Topology, servers: Servers) -> Table:
    rules = egress(topology, servers)
    return Table("Security groups", rules.columns, rules.rows)
