"""The sheet as data: nothing folded, everything by its id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from ...topology import Problem, Reach, Topology

__all__ = ["as_data"]


def as_data(
    topology: Topology, reaches: Sequence[Reach], problems: Sequence[Problem]
) -> dict[str, Any]:
    """What `--json` writes.

    Args:
        topology: What the app makes.
        reaches: The ways in.
        problems: What is wrong with them.
    """
    balancing, network, dns = topology.load_balancing, topology.network, topology.dns
    return {
        "stacks": [
            {
                "name": stack.name,
                "account": stack.account,
                "region": stack.region,
                "resources": len(stack.resources),
            }
            for stack in topology.assembly.stacks
        ],
        "reachable": [
            {
                **asdict(one),
                "open": one.open,
                "closed": one.closed,
                "target_label": topology.label(one.target) if one.target else "",
            }
            for one in reaches
        ],
        "load_balancers": _all(balancing.load_balancers.values()),
        "listeners": [_without(asdict(one), "rules") for one in balancing.listeners.values()],
        "target_groups": _all(balancing.target_groups.values()),
        "zones": _all(dns.zones.values()),
        "records": _all(dns.records),
        "certificates": _all(dns.certificates.values()),
        "vpcs": _all(network.vpcs.values()),
        "subnets": _all(network.subnets.values()),
        "vpc_endpoints": _all(network.endpoints),
        "security_groups": _all(network.security_groups.values()),
        "services": _all(topology.services),
        "functions": _all(topology.functions),
        "event_rules": _all(topology.event_rules),
        "namespaces": _all(topology.namespaces),
        "secrets_in_properties": _all(topology.dynamic_references),
        "stores": _all(topology.stores),
        "roles": _all(topology.roles),
        "resource_policies": _all(topology.resource_policies),
        "resource_types": topology.types(),
        "problems": _all(problems),
    }


def _all(items: Any) -> list[dict[str, Any]]:
    return [asdict(item) for item in items]


def _without(data: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key != name}
