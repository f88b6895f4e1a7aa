"""The boxes on the way in: clients, names, load balancers."""

from __future__ import annotations

from collections.abc import Sequence

from ...topology import ANY_NAME, INTERNET, Reach, Topology
from ...topology.load_balancing import Listener, LoadBalancer
from ..describe.alike import names_in_short
from ..describe.words import without_arn
from .picture import CLIENTS, LOAD_BALANCERS, NAMES, Box, Line, Row
from .servers import ServerBoxes, is_grpc

__all__ = ["Entrance"]

_MANY = 3


class Entrance:
    """Who comes, by which names, to which load balancers.

    Args:
        topology: What the app makes.
        reaches: The ways in that are open.
        servers: The boxes that the ways end at.

    Attributes:
        boxes: The boxes.
        lines: The lines between them and to the servers.
    """

    def __init__(self, topology: Topology, reaches: Sequence[Reach], servers: ServerBoxes) -> None:
        """Make the boxes and lines."""
        self._topology = topology
        self._servers = servers
        self._reaches = [one for one in reaches if one.target in servers.box_of]
        self.boxes: list[Box] = []
        self.lines: set[Line] = set()
        self._listener_rows: dict[str, str] = {}
        self._clients = self._add_clients()
        self._add_load_balancers()
        self._add_names()
        self._add_direct()

    def _add_clients(self) -> dict[str, str]:
        sources = sorted({one.source for one in self._reaches})
        boxes = {source: f"client{place}" for place, source in enumerate(sources, start=1)}
        for source, box_id in boxes.items():
            title = "Internet" if source == INTERNET else without_arn(source)
            text = "any address" if source == INTERNET else "may connect"
            self.boxes.append(Box(box_id, CLIENTS, "clients", title, (text,)))
        return boxes

    def _add_names(self) -> None:
        """One box for the names that lead to the same boxes from the same clients."""
        ends: dict[str, set[tuple[str, str, str]]] = {}
        for one in self._reaches:
            if one.listener:
                ends.setdefault(one.name, set()).add(
                    (one.source, self._balancer(one), self._servers.box_of[one.target])
                )
        alike: dict[tuple[tuple[str, str, str], ...], list[str]] = {}
        for name, leads in sorted(ends.items()):
            alike.setdefault(tuple(sorted(leads)), []).append(name)
        for place, (ways, names) in enumerate(alike.items(), start=1):
            box_id = f"name{place}"
            self.boxes.append(
                Box(
                    box_id,
                    NAMES,
                    "names",
                    *self._named(names),
                    count=1 if len(names) <= _MANY else len(names),
                )
            )
            for source, balancer, _ in ways:
                self.lines.add(Line(self._clients[source], box_id, "name"))
                self.lines.add(Line(box_id, balancer, "name"))

    def _named(self, names: list[str]) -> tuple[str, tuple[str, ...]]:
        if names == [ANY_NAME]:
            return "any name", ()
        zones = {self._zone(name) for name in names}
        if len(names) <= _MANY:
            return names[0], (*names[1:], *sorted(zones))
        domains = {name.partition(".")[2] for name in names}
        if len(domains) == 1:
            short = names_in_short(name.partition(".")[0] for name in names)
            return f"{len(names)} names under {domains.pop()}", (short, *sorted(zones))
        return f"{len(names)} names", (", ".join(names), *sorted(zones))

    def _zone(self, name: str) -> str:
        records = self._topology.dns.records_of(name.lower())
        if not records:
            return "no record in these templates"
        record = records[0]
        zone = self._topology.dns.zones[record.zone]
        kind = "existing" if zone.existing else "private" if zone.private else "public"
        return f"record {record.name}, {kind} zone"

    def _add_load_balancers(self) -> None:
        balancing = self._topology.load_balancing
        for place, balancer in enumerate(balancing.load_balancers.values(), start=1):
            box_id = f"lb{place}"
            listeners = [
                one for one in balancing.listeners.values() if one.load_balancer == balancer.id
            ]
            listeners.sort(key=lambda one: (one.port or 0, one.id))
            self._listener_rows |= {
                one.id: f"{box_id}-{position}" for position, one in enumerate(listeners, start=1)
            }
            self.boxes.append(
                Box(
                    box_id,
                    LOAD_BALANCERS,
                    _kind(balancer),
                    without_arn(balancer.label).removeprefix("existing "),
                    (),
                    tuple(Row(self._listener_rows[one.id], _listener(one)) for one in listeners),
                    vpc=self._vpc(balancer),
                    subnets={"internet-facing": "public", "internal": "private"}.get(
                        balancer.scheme, ""
                    ),
                )
            )
        for one in self._reaches:
            if one.listener:
                kind = "grpc" if is_grpc(self._topology, one) else "http"
                row = self._listener_rows[one.listener]
                self.lines.add(Line(row, self._servers.row_of(one), kind))

    def _add_direct(self) -> None:
        """Ways without a name and a load balancer stand beside the others."""
        direct = [one for one in self._reaches if not one.listener]
        for source in sorted({one.source for one in direct}):
            client = self._clients[source]
            name, way = f"{client}name", f"{client}way"
            self.boxes += [
                Box(name, NAMES, "no name", "address of the task or function"),
                Box(way, LOAD_BALANCERS, "no load balancer", "straight to the server"),
            ]
            self.lines |= {Line(client, name, "name"), Line(name, way, "name")}
            for one in direct:
                if one.source == source:
                    self.lines.add(Line(way, self._servers.row_of(one), "http"))

    def _balancer(self, reach: Reach) -> str:
        return self._listener_rows[reach.listener].rpartition("-")[0]

    def _vpc(self, balancer: LoadBalancer) -> str:
        network = self._topology.network
        for subnet in balancer.subnets:
            if subnet in network.subnets:
                return network.subnets[subnet].vpc
        return next(iter(network.vpcs), "") if len(network.vpcs) == 1 else ""


def _kind(balancer: LoadBalancer) -> str:
    """What a load balancer is, in a few words."""
    return f"{balancer.scheme} load balancer" if balancer.scheme else "existing load balancer"


def _listener(listener: Listener) -> str:
    if listener.existing:
        return "existing listener"
    default = next((rule for rule in listener.rules if rule.priority is None), None)
    action = default.actions[-1] if default and default.actions else None
    told = {"fixed-response": "else {}", "redirect": "{}"}.get(action.kind, "") if action else ""
    answer = told.format(action.detail) if action else ""
    return f"{listener.port} {listener.protocol}{', ' if answer else ''}{answer}"
