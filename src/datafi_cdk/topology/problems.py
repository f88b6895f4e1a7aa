"""What is wrong with the ways in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .reach import ANY_NAME, Reach
from .templates import Templates, key
from .topology import Topology
from .values import references_in

__all__ = ["Problem", "find_problems"]


@dataclass(frozen=True, order=True)
class Problem:
    """Something that cannot be meant so.

    Args:
        kind: `broken way`, `port without rule`, `unused target group`, `dead record`,
            `same priority`, or `unknown reference`.
        place: The construct it is about.
        text: One sentence.

    Example:
        >>> print(Problem("unused target group", "Edge/Es/Http", "no rule forwards to it"))
        Edge/Es/Http: no rule forwards to it
    """

    kind: str
    place: str
    text: str

    def __str__(self) -> str:
        """Place and sentence."""
        return f"{self.place}: {self.text}"


def find_problems(topology: Topology, reaches: Iterable[Reach]) -> tuple[Problem, ...]:
    """Find what cannot be meant so.

    Args:
        topology: What the app makes.
        reaches: What `reachability` says of it.

    Returns:
        Each problem once, sorted; nothing if all is well.

    Raises:
        AssemblyError: References of a template end nowhere, as in a circle.

    Example:
        ```python
        topology = read_topology("cdk.out")
        assert find_problems(topology, reachability(topology)) == ()
        ```
    """
    reaches = list(reaches)
    return tuple(
        sorted(
            {
                *_broken_ways(topology, reaches),
                *_ports_without_rule(topology, reaches),
                *_unused_target_groups(topology),
                *_dead_records(topology),
                *_same_priorities(topology),
                *_unknown_references(topology),
            }
        )
    )


def _broken_ways(topology: Topology, reaches: Iterable[Reach]) -> Iterator[Problem]:
    for reach in reaches:
        if reach.broken and reach.target_group:
            name = "any name" if reach.name == ANY_NAME else reach.name
            at = "existing listener" if reach.port is None else f"port {reach.port}"
            reached = "reaches nothing" if reach.closed else "is not reached by all"
            reasons = "; ".join(reach.broken)
            yield Problem(
                "broken way",
                topology.label(reach.rule),
                f"{name} at {at} {reached}: {reasons}",
            )
        elif reach.broken and reach.priority is None:
            yield Problem("broken way", topology.label(reach.listener), "; ".join(reach.broken))
        elif reach.broken:
            yield Problem("broken way", topology.label(reach.rule), "; ".join(reach.broken))


def _ports_without_rule(topology: Topology, reaches: Iterable[Reach]) -> Iterator[Problem]:
    reached = {
        (reach.target, reach.container, reach.container_port)
        for reach in reaches
        if not reach.closed
    }
    for service in topology.services:
        for container, port in service.ports:
            if (service.id, container, port) not in reached:
                yield Problem(
                    "port without rule",
                    service.label,
                    f"nothing leads to port {port} of the container {container}",
                )


def _unused_target_groups(topology: Topology) -> Iterator[Problem]:
    used = {
        group
        for listener in topology.load_balancing.listeners.values()
        for rule in listener.rules
        for group in rule.target_groups
    }
    for group in topology.load_balancing.target_groups.values():
        if group.id not in used:
            yield Problem("unused target group", group.label, "no rule forwards to it")


def _dead_records(topology: Topology) -> Iterator[Problem]:
    for record in topology.dns.records:
        made_here = record.target in topology.load_balancing.load_balancers
        is_dead = made_here and not any(
            listener.load_balancer == record.target
            for listener in topology.load_balancing.listeners.values()
        )
        if is_dead or not record.target:
            where = topology.label(record.target) if record.target else "nothing"
            listens = ", which listens on no port" if is_dead else ""
            yield Problem("dead record", record.label, f"{record.name} points at {where}{listens}")
        zone = topology.dns.zones[record.zone].name
        if zone and "${" not in zone + record.name and not f".{record.name}".endswith(f".{zone}"):
            yield Problem("dead record", record.label, f"{record.name} is not in its zone, {zone}")


def _same_priorities(topology: Topology) -> Iterator[Problem]:
    for listener in topology.load_balancing.listeners.values():
        counted = Counter(rule.priority for rule in listener.rules)
        for rule in listener.rules:
            if counted[rule.priority] > 1:
                yield Problem(
                    "same priority",
                    rule.label,
                    f"another rule of {listener.label} has the priority {rule.priority} too",
                )


def _unknown_references(topology: Topology) -> Iterator[Problem]:
    templates = Templates(topology.assembly)
    for resource in topology.assembly.resources:
        for reference in references_in(templates.properties(resource)):
            if not templates.has(key(reference.resource)):
                yield Problem(
                    "unknown reference",
                    resource.path,
                    f"it refers to {reference.resource.logical_id}, which"
                    f" {reference.resource.stack} does not make",
                )
