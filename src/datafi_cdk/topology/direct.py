"""What is reached without a load balancer: ports of tasks, and URLs of functions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from .network import ANYWHERE, SecurityRule
from .reach import INTERNET, Reach
from .security import ingress_sources
from .services import Service
from .sources import address_source
from .topology import Topology

__all__ = ["direct_reach", "direct_reaches"]


def direct_reaches(topology: Topology) -> Iterator[Reach]:
    """The ports of containers that security groups open to others than load balancers."""
    balancing = topology.load_balancing
    balancers = {
        group for one in balancing.load_balancers.values() for group in one.security_groups
    }
    if any(listener.existing for listener in balancing.listeners.values()):
        # Those of an existing load balancer are not known, and are let in by their ids.
        balancers |= _unknown_groups(topology)
    # A group that others have too lets these in as well.
    balancers -= {group for one in topology.services for group in one.security_groups}
    balancers -= {group for one in topology.functions for group in one.security_groups}
    for service in topology.services:
        for container, port in service.ports:
            found = {
                _source(topology, service, rule)
                for rule in ingress_sources(topology.network, service.security_groups, port)
                if rule.peer.value not in balancers
            }
            for source, groups, assumed in sorted(found):
                yield replace(
                    direct_reach(source, service, container, port, assumed), source_groups=groups
                )
    for function in topology.functions:
        if function.url_auth:
            yield Reach(
                source=INTERNET if function.url_auth == "NONE" else "callers with IAM rights",
                name="function URL",
                port=443,
                protocol="HTTPS",
                action="direct",
                target=function.id,
            )


def direct_reach(
    source: str, service: Service, container: str, port: int, assumed: tuple[str, ...]
) -> Reach:
    """The way from a source straight to a port of a container, by its names in Cloud Map if any."""
    return Reach(
        source=source,
        name=", ".join(service.names),
        port=port,
        protocol="TCP",
        action="direct",
        target=service.id,
        container=container,
        container_port=port,
        assumed=assumed,
    )


def _unknown_groups(topology: Topology) -> set[str]:
    groups = topology.network.security_groups
    return {
        rule.peer.value
        for group in groups.values()
        for rule in group.ingress
        if rule.peer.kind == "group"
        and (rule.peer.value not in groups or groups[rule.peer.value].existing)
    }


def _source(
    topology: Topology, service: Service, rule: SecurityRule
) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """What to call it, its security groups, and what is assumed of its way."""
    if rule.peer.kind == "group":
        return f"security group {topology.label(rule.peer.value)}", (rule.peer.value,), ()
    if rule.peer.kind != "cidr":
        return f"{rule.peer.kind} {rule.peer.value}", (), ()
    way = topology.network.way_out(service.subnets)
    is_public = service.public_ip or (
        ":" in rule.peer.value and topology.network.has_ipv6(service.subnets)
    )
    if is_public and rule.peer.value in ANYWHERE and "internet gateway" in way:
        return INTERNET, (), ()
    if is_public and rule.peer.value in ANYWHERE and "existing" in way:
        route = f"the existing subnets of {service.label} have a route to the internet"
        return INTERNET, (), (route,)
    vpcs = sorted(
        {
            topology.network.subnets[subnet].vpc
            for subnet in service.subnets
            if subnet in topology.network.subnets
        }
        or topology.network.vpcs
    )
    return address_source(topology, rule.peer.value, tuple(vpcs)), (), ()
