"""Who reaches what: by which name, port, listener, rule and target group, up to the container."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from .direct import direct_reach, direct_reaches
from .load_balancing import Listener, LoadBalancer, Rule, shown_values
from .names import certificate_link, name_link
from .patterns import shadows
from .reach import ANY_NAME, Reach, Source
from .security import End, passes
from .services import Function, Service
from .sources import client_sources
from .targets import targets_of
from .topology import Topology

__all__ = ["reachability", "reachability_from"]


def reachability(topology: Topology) -> tuple[Reach, ...]:
    """Follow every way in from outside of the app: from the internet, a VPC, other addresses.

    Args:
        topology: What the app makes.

    Returns:
        One entry for each source, name, port and target, sorted. Those that are not `open` say
        where the way is broken.

    Example:
        ```python
        reaches = reachability(read_topology("cdk.out"))
        assert all(reach.port != 80 or not reach.target for reach in reaches)
        ```
    """
    found = [
        reach
        for listener in topology.load_balancing.listeners.values()
        for reach in _through(topology, listener, client_sources(topology, listener))
    ]
    return tuple(sorted([*found, *direct_reaches(topology)], key=Reach.sort_key))


def reachability_from(topology: Topology, service: Service | Function) -> tuple[Reach, ...]:
    """Follow every way from one service of the app to the others.

    Args:
        topology: What the app makes.
        service: One of its services, or a function in a VPC.

    Returns:
        As `reachability`, with the service as the source.

    Example:
        ```python
        topology = read_topology("cdk.out")
        for reach in reachability_from(topology, topology.services[0]):
            print(reach.name, reach.port, reach.open)
        ```
    """
    found: list[Reach] = []
    start = End(service.label, service.security_groups, topology.network.cidrs(service.subnets))
    vpcs = tuple(
        sorted(
            topology.network.subnets[subnet].vpc
            for subnet in service.subnets
            if subnet in topology.network.subnets
        )
    )
    for listener in topology.load_balancing.listeners.values():
        balancer = topology.load_balancing.load_balancers[listener.load_balancer]
        passage = passes(
            topology.network,
            start,
            balancer_end(topology, balancer),
            listener.port,
            listener.transport,
        )
        broken, assumed = _way_to(topology, service, balancer)
        source = Source(
            service.label,
            (*passage.broken, *broken),
            (*passage.assumed, *assumed),
            vpcs,
        )
        found += _through(topology, listener, [source])
    for other in topology.services:
        end = End(other.label, other.security_groups, topology.network.cidrs(other.subnets))
        for container, port in other.ports if other.id != service.id else ():
            passage = passes(topology.network, start, end, port)
            if not passage.broken:
                way = direct_reach(service.label, other, container, port, passage.assumed)
                found.append(replace(way, source_groups=service.security_groups))
    return tuple(sorted(found, key=Reach.sort_key))


def balancer_end(topology: Topology, balancer: LoadBalancer) -> End:
    """The load balancer as one end of a connection."""
    return End(
        balancer.label,
        balancer.security_groups,
        topology.network.cidrs(balancer.subnets),
        known=not balancer.existing,
    )


def _way_to(
    topology: Topology, service: Service | Function, balancer: LoadBalancer
) -> tuple[list[str], list[str]]:
    """What keeps a service from the public addresses of a load balancer, and what is assumed.

    A load balancer that faces the internet has public addresses inside of its VPC too. Source:
    https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/how-elastic-load-balancing-works.html
    """
    if balancer.scheme != "internet-facing":
        return [], []
    has_address = isinstance(service, Service) and service.public_ip
    broken, assumed = set[str](), set[str]()
    for subnet in service.subnets:
        told = topology.network.way_out([subnet])
        ways = {way for way in told.split(", ") if " to " not in way}
        if "NAT gateway" in ways or (has_address and "internet gateway" in ways):
            continue
        if ways <= {"none", "internet gateway"}:
            broken.add(f"the subnets of {service.label} have no way to the internet ({told})")
        else:
            assumed.add(f"the subnets of {service.label} have a way to the internet ({told})")
    return sorted(broken), sorted(assumed)


def _through(topology: Topology, listener: Listener, sources: Iterable[Source]) -> Iterator[Reach]:
    sources = list(sources)
    for position, rule in enumerate(listener.rules):
        for host in rule.hosts or (ANY_NAME,):
            uncovered, assumed = certificate_link(topology, listener, host)
            broken = [*_before(listener, position, host), *uncovered]
            for source in sources:
                named, unnamed = name_link(topology, listener, rule, host, source)
                yield from _to_targets(
                    topology,
                    listener,
                    rule,
                    Reach(
                        source=source.label,
                        name=host,
                        port=listener.port,
                        protocol=listener.protocol,
                        listener=listener.id,
                        rule=rule.id,
                        priority=rule.priority,
                        conditions=_conditions(rule),
                        action=_action(rule),
                        broken=(*source.broken, *named, *broken),
                        partial=(*source.partial, *named, *uncovered),
                        assumed=(*source.assumed, *unnamed, *assumed),
                    ),
                )


def _to_targets(
    topology: Topology, listener: Listener, rule: Rule, reach: Reach
) -> Iterator[Reach]:
    """The entry for each target; the entry as it is if the rule forwards to none."""
    balancer = topology.load_balancing.load_balancers[listener.load_balancer]
    groups = [
        group
        for action in rule.actions
        for group, weight in zip(action.target_groups, action.weights, strict=True)
        if weight
    ]
    if not groups:
        yield reach
    for group in groups:
        for target in targets_of(topology, balancer_end(topology, balancer), group):
            yield replace(
                reach,
                target_group=group,
                target=target.id,
                container=target.container,
                container_port=target.port,
                broken=(*reach.broken, *target.broken),
                assumed=(*reach.assumed, *target.assumed),
            )


def _before(listener: Listener, position: int, host: str) -> list[str]:
    """The rule that takes the requests of the one at a position before it can."""
    rule = listener.rules[position]
    for earlier in listener.rules[:position]:
        if rule.priority is not None and shadows(earlier, rule, None if host == ANY_NAME else host):
            return [f"rule {earlier.priority} ({earlier.label}) takes all its requests before"]
    return []


def _conditions(rule: Rule) -> tuple[str, ...]:
    return tuple(
        f"{condition.field.removeprefix('http-header ').removesuffix('-pattern')}"
        f" {shown_values(condition)}"
        for condition in rule.conditions
        if condition.field != "host-header"
    ) + tuple(
        f"who is let through by {action.kind}"
        for action in rule.actions
        if action.kind not in ("fixed-response", "forward", "redirect") and action.detail != "allow"
    )


def _action(rule: Rule) -> str:
    return ", then ".join(f"{action.kind} {action.detail}".strip() for action in rule.actions)
