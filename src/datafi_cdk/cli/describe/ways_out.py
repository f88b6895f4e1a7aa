"""What leaves: images that are pulled, endpoints that are called, and by which way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ...topology import Topology
from ...topology.access import Role
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
            told = _called(topology, roles, (service.task_role, service.execution_role))
            yield servers.named(service.id), (told, f"{way}, {address}")
        for function in topology.functions:
            way = (
                topology.network.way_out(function.subnets)
                if function.subnets
                else "AWS's own network, in no VPC"
            )
            owner = servers.owner(function.label)
            told = _called(topology, roles, (function.role,))
            yield owner, (f"{function.label}: {told}", way)

    return table(
        "AWS services that are called, and the way to them",
        ("Server", "AWS services", "Way out"),
        servers.fold(rows()),
    )


def _called(topology: Topology, roles: Mapping[str, Role], held: Iterable[str]) -> str:
    """The services that roles may call, and what of their rights is not in the templates."""
    known = [roles[one] for one in held if one in roles]
    called = {
        action.partition(":")[0]
        for role in known
        for statement in role.statements
        if statement.effect == "Allow"
        for action in statement.actions
    }
    unknown = {one for role in known for one in role.managed_policies}
    unknown |= {topology.label(one) for one in held if one and one not in roles}
    unknown |= {role.label for role in known if role.existing}
    told = sorted(f"what {shown(one)} allows" for one in unknown)
    return ", ".join([*sorted(called), *told]) or "none"


def _egress(topology: Topology, servers: Servers) -> Table:
    rules = egress(topology, servers)
    return Table("Security groups", rules.columns, rules.rows)
