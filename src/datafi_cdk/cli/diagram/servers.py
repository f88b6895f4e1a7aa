"""The boxes of what runs: services and functions, alike ones in one box."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ...topology import Reach, Topology
from ...topology.services import Function, Service
from ..describe.alike import SERVER, Server, Servers, names_in_short
from ..describe.words import shown
from .picture import FEWEST, SERVERS, Box, Row

__all__ = ["ServerBoxes"]

Key = tuple[object, ...]


class ServerBoxes:
    """The services and functions of an app as boxes.

    Args:
        topology: What the app makes.
        reaches: The ways in that are open.
        named: Its servers by name.

    Attributes:
        boxes: The boxes.
        box_of: The id of the box of each service or function.
        helpers: How many functions are not drawn.
    """

    def __init__(self, topology: Topology, reaches: Sequence[Reach], named: Servers) -> None:
        """Make the boxes."""
        self._topology = topology
        self._named = named
        self._reaches: dict[str, list[Reach]] = {}
        for reach in reaches:
            self._reaches.setdefault(reach.target, []).append(reach)
        started = {target for rule in topology.event_rules for target in rule.targets}
        drawn = [
            one
            for one in topology.functions
            if one.image or one.id in self._reaches or one.id in started
        ]
        self.helpers = len(topology.functions) - len(drawn)
        self.box_of: dict[str, str] = {}
        self.boxes: list[Box] = []
        self._add({one.id: self._service(one) for one in topology.services})
        self._add({one.id: self._function(one) for one in drawn})

    def row_of(self, reach: Reach) -> str:
        """The row of a box that a way in ends at."""
        return f"{self.box_of[reach.target]}-{_port_row(reach)}"

    def _add(self, found: dict[str, tuple[Box, str]]) -> None:
        """Add one box for those that are alike."""
        alike: dict[Key, list[str]] = {}
        for identity, (box, _) in found.items():
            rows = [row.text for row in box.rows]
            general = self._general(identity, (*box.texts, *rows))
            key: Key = (box.kind, general, len(rows), box.vpc, box.subnets)
            if self._owner(identity) is None:
                key = (*key, identity)
            alike.setdefault(key, []).append(identity)
        groups = [
            group
            for members in alike.values()
            for group in ([members] if len(members) >= FEWEST else [[one] for one in members])
        ]
        for members in groups:
            box_id = f"server{len(self.boxes) + 1}"
            self.box_of |= dict.fromkeys(members, box_id)
            first, name = found[members[0]]
            title, texts, rows = name, first.texts, [row.text for row in first.rows]
            if len(members) > 1:
                names = [owner.name for one in members if (owner := self._owner(one))]
                title = f"{len(members)} {first.kind}s, alike"
                texts = (names_in_short(names), *self._general(members[0], texts))
                rows = list(self._general(members[0], rows))
            self.boxes.append(
                replace(
                    first,
                    id=box_id,
                    title=title,
                    texts=texts,
                    rows=tuple(
                        Row(f"{box_id}-{row.id}", text)
                        for row, text in zip(first.rows, rows, strict=True)
                    ),
                    count=len(members),
                )
            )

    def _owner(self, identity: str) -> Server | None:
        return self._named.named(identity) or self._named.owner(self._topology.label(identity))

    def _general(self, identity: str, texts: Iterable[str]) -> tuple[str, ...]:
        """Texts with the name of the server taken out."""
        server = self._owner(identity)
        if server is None:
            return tuple(texts)
        return tuple(server.pattern.sub(SERVER, text) for text in texts)

    def _service(self, service: Service) -> tuple[Box, str]:
        count = "tasks: " + (
            f"{service.scaling[0]} to {service.scaling[1]}"
            if service.scaling
            else "not set"
            if service.count is None
            else str(service.count)
        )
        images = [shown(container.image.name) for container in service.containers]
        way = self._topology.network.way_out(service.subnets)
        subnets = {"internet gateway": "public", "existing": ""}.get(way, "private")
        box = Box(
            id="",
            column=SERVERS,
            kind="ECS service" if "FARGATE" not in service.launch else "Fargate service",
            title="",
            texts=(*images, f"{service.cpu} CPU, {service.memory} MiB, {count}"),
            rows=self._rows(service.id),
            vpc=self._vpc(service.subnets),
            subnets=subnets,
        )
        return box, service.name

    def _function(self, function: Function) -> tuple[Box, str]:
        what = shown(function.image.name) if function.image else function.runtime
        server = self._named.named(function.id)
        name = server.name if server else function.label.removesuffix("/Function")
        started = [one for one in self._topology.event_rules if function.id in one.targets]
        box = Box(
            id="",
            column=SERVERS,
            kind="Lambda function",
            title="",
            texts=(
                f"{what}, {function.memory} MiB, {function.timeout} s",
                *((function.description,) if function.description else ()),
                *((f"also started by {len(started)} event rules",) if started else ()),
            ),
            rows=self._rows(function.id),
            vpc=self._vpc(function.subnets),
            subnets="private" if function.subnets else "",
        )
        return box, name

    def _rows(self, identity: str) -> tuple[Row, ...]:
        """What is asked for and where it ends, one row for each port of the target."""
        rows: dict[str, tuple[Reach, set[str], set[str]]] = {}
        for reach in self._reaches.get(identity, ()):
            asked = rows.setdefault(_port_row(reach), (reach, set(), set()))
            asked[1].add("existing listener" if reach.port is None else str(reach.port))
            asked[2].update(one for one in reach.conditions if one.startswith("path "))
        found = []
        for row_id, (reach, ports, paths) in sorted(rows.items()):
            at = ", ".join(sorted(ports))
            ends = f" → {reach.container_port}" if reach.container_port else ""
            path = f" {', '.join(sorted(paths))}" if paths else ""
            found.append(Row(row_id, f"{_protocol(self._topology, reach)} {at}{ends}{path}"))
        return tuple(found)

    def _vpc(self, subnets: Sequence[str]) -> str:
        known = self._topology.network
        for subnet in subnets:
            if subnet in known.subnets:
                return known.subnets[subnet].vpc
        return next(iter(known.vpcs), "") if subnets and len(known.vpcs) == 1 else ""


def _port_row(reach: Reach) -> str:
    return str(reach.container_port or "call")


def _protocol(topology: Topology, reach: Reach) -> str:
    return "gRPC" if is_grpc(topology, reach) else "HTTP"


def is_grpc(topology: Topology, reach: Reach) -> bool:
    """Whether gRPC is spoken on the way."""
    group = topology.load_balancing.target_groups.get(reach.target_group)
    return group is not None and group.version == "GRPC"
