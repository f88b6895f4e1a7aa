"""Who may connect to a listener."""

from __future__ import annotations

from dataclasses import replace

from .load_balancing import Listener, LoadBalancer
from .network import ANYWHERE, SecurityRule
from .reach import INTERNET, Source
from .security import ingress_sources
from .topology import Topology

__all__ = ["client_sources"]


def client_sources(topology: Topology, listener: Listener) -> list[Source]:
    """The clients that a listener's load balancer lets in, sorted; at least one entry."""
    balancer = topology.load_balancing.load_balancers[listener.load_balancer]
    if balancer.existing:
        label = f"clients of {balancer.label}"
        return [Source(label, assumed=(f"{balancer.label} lets its clients in",))]
    vpcs = _vpcs(topology, balancer)
    if not balancer.security_groups:
        return [_source(topology, balancer, ANYWHERE[0], vpcs)]
    rules = list(
        ingress_sources(
            topology.network, balancer.security_groups, listener.port, listener.transport
        )
    )
    found = {_peer_source(topology, balancer, rule, vpcs) for rule in rules}
    groups = topology.network.security_groups
    for group in balancer.security_groups:
        if group not in groups or groups[group].existing:
            label = f"clients of {topology.label(group)}"
            source = _source(topology, balancer, label, vpcs)
            told = f"{topology.label(group)} lets them in"
            found.add(replace(source, assumed=(told, *source.assumed)))
    if not found:
        told = f"the security groups of {balancer.label} let nobody in to port {listener.port}"
        return [Source("nobody", broken=(told,))]
    return sorted(found, key=lambda source: source.label)


def address_source(topology: Topology, cidr: str, vpcs: tuple[str, ...]) -> str:
    """What to call a range of addresses: the network that it is, or the range."""
    for vpc in vpcs:
        known = topology.network.vpcs.get(vpc)
        if cidr in ANYWHERE or (known and known.cidr == cidr):
            return f"VPC {topology.label(vpc)}"
    return cidr


def _peer_source(
    topology: Topology, balancer: LoadBalancer, rule: SecurityRule, vpcs: tuple[str, ...]
) -> Source:
    if rule.peer.kind == "cidr":
        return _source(topology, balancer, rule.peer.value, vpcs)
    if rule.peer.kind == "prefix list":
        label = f"prefix list {topology.label(rule.peer.value)}"
        return _source(topology, balancer, label, vpcs)
    return Source(f"security group {topology.label(rule.peer.value)}", vpcs=vpcs)


def _source(topology: Topology, balancer: LoadBalancer, cidr: str, vpcs: tuple[str, ...]) -> Source:
    if balancer.scheme != "internet-facing":
        return Source(address_source(topology, cidr, vpcs), vpcs=vpcs)
    ways = [topology.network.way_out([one]) for one in balancer.subnets] or ["existing"]
    whole = [set(way.split(", ")) & {"internet gateway", "existing"} for way in ways]
    broken: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    partial: tuple[str, ...] = ()
    if all(whole) and {"existing"} in whole:
        assumed = (f"the existing subnets of {balancer.label} have a route to the internet",)
    elif not all(whole):
        told = ", ".join(sorted({way for way, found in zip(ways, whole, strict=True) if not found}))
        broken = (f"the subnets of {balancer.label} have no route to the internet ({told})",)
        partial = broken if any(whole) or "internet gateway" in told else ()
    return Source(INTERNET if cidr in ANYWHERE else cidr, broken, assumed, partial=partial)


def _vpcs(topology: Topology, balancer: LoadBalancer) -> tuple[str, ...]:
    known = {
        topology.network.subnets[subnet].vpc
        for subnet in balancer.subnets
        if subnet in topology.network.subnets
    }
    if not known:
        known = {
            vpc.id
            for vpc in topology.network.vpcs.values()
            if vpc.existing or len(topology.network.vpcs) == 1
        }
    return tuple(sorted(known))
