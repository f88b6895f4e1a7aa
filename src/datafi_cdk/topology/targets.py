"""What is behind a target group, and whether the load balancer gets through to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .load_balancing import TargetGroup
from .security import End, passes
from .services import Service, TargetOf
from .topology import Topology

__all__ = ["Target", "targets_of"]


@dataclass(frozen=True)
class Target:
    """A service or function behind a target group; without an `id` there is nothing."""

    id: str
    container: str = ""
    port: int | None = None
    broken: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()


def targets_of(topology: Topology, balancer: End, group: str) -> list[Target]:
    """What is behind a target group, at least one entry."""
    made = topology.load_balancing.target_groups.get(group)
    if made is None:
        if "arn:" in group:
            return [Target("", assumed=(f"target group {topology.label(group)} has targets",))]
        return [Target("", broken=(f"the target group {group} is in no template",))]
    found = [*_services(topology, balancer, made), *_functions(topology, made)]
    if not found and made.targets:
        found = [Target(one, port=made.port, assumed=(f"{one} answers",)) for one in made.targets]
    return found or [Target("", broken=(f"nothing is registered in {made.label}",))]


def _services(topology: Topology, balancer: End, group: TargetGroup) -> Iterator[Target]:
    for service in topology.services:
        for target in service.targets:
            if target.target_group == group.id:
                yield _service(topology, balancer, group, service, target)


def _service(
    topology: Topology, balancer: End, group: TargetGroup, service: Service, target: TargetOf
) -> Target:
    end = End(service.label, service.security_groups, topology.network.cidrs(service.subnets))
    transport = "udp" if group.protocol in ("QUIC", "UDP") else "tcp"
    passage = passes(topology.network, balancer, end, target.port, transport)
    broken = list(passage.broken)
    if group.health_check_port:
        checked = passes(topology.network, balancer, end, group.health_check_port)
        broken += (f"health checks fail: {one}" for one in checked.broken)
    container = {one.name: one for one in service.containers}.get(target.container)
    if container is None or target.port not in container.ports:
        broken.append(f"the container {target.container} has no port {target.port}")
    elif transport == "tcp" and target.port in container.udp_ports:
        broken.append(f"port {target.port} of the container {target.container} takes UDP")
    if group.kind != "ip":
        broken.append(f"{group.label} takes targets of the type {group.kind}, and tasks need ip")
    vpcs = {
        topology.network.subnets[subnet].vpc
        for subnet in service.subnets
        if subnet in topology.network.subnets
    }
    if group.vpc and vpcs and vpcs != {group.vpc}:
        broken.append(f"{group.label} is in another VPC than {service.label}")
    return Target(service.id, target.container, target.port, tuple(broken), passage.assumed)


def _functions(topology: Topology, group: TargetGroup) -> Iterator[Target]:
    for function in topology.functions:
        if function.id not in group.targets:
            continue
        broken = (
            []
            if function.behind_load_balancer
            else [f"{function.label} does not permit load balancers to call it"]
        )
        if group.kind != "lambda":
            broken.append(f"{group.label} is of the type {group.kind}, and functions need lambda")
        yield Target(function.id, broken=tuple(broken))
