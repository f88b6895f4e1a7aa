"""Makes the picture of an app from what is known of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...topology import ANY_NAME, Reach, Topology
from ..describe.alike import SERVER, Servers
from ..describe.words import shown
from .entrance import Entrance
from .picture import Box, Picture, Vpc
from .servers import ServerBoxes
from .stores import StoreBoxes

__all__ = ["compose"]

_COMPANION = "-versions"
_LONGEST_TITLE = 100


def compose(topology: Topology, reaches: Sequence[Reach]) -> Picture:
    """Choose what is drawn, with what is alike drawn once.

    Args:
        topology: What the app makes.
        reaches: The ways in; those that are broken are not drawn.
    """
    reaches = [one for one in reaches if one.open]
    named = Servers(topology, reaches)
    servers = ServerBoxes(topology, reaches, named)
    entrance = Entrance(topology, reaches, servers)
    stores = StoreBoxes(topology, servers, named)
    boxes = (*entrance.boxes, *servers.boxes, *stores.boxes)
    used = {box.vpc for box in boxes}
    stacks = [
        stack.name
        for stack in topology.assembly.stacks
        if not stack.name.endswith(_COMPANION) and stack.parent is None
    ]
    open_names = sorted(
        {one.name for one in reaches if one.target and one.listener and one.name != ANY_NAME}
    )
    return Picture(
        title=_title(stacks),
        description=(
            f"{_counted(len(open_names), 'name')} reached by clients,"
            f" {_counted(len(topology.services), 'service')},"
            f" {_counted(len(topology.functions), 'function')}."
            " Drawn from the templates by datafi-cdk."
        ),
        boxes=boxes,
        lines=tuple(sorted({*entrance.lines, *stores.lines})),
        vpcs=tuple(
            Vpc(one.id, _vpc_title(one.label, one.cidr), _ways_out(topology, one.id))
            for one in topology.network.vpcs.values()
            if one.id in used
        ),
        notes=_notes(servers.helpers, _has_placeholder(boxes)),
    )


def _title(stacks: Sequence[str]) -> str:
    if not stacks:
        return "Architecture of an app without stacks"
    every = f"Architecture of {', '.join(stacks)}"
    if len(every) <= _LONGEST_TITLE or len(stacks) < 2:
        return every
    return f"Architecture of {stacks[0]} and {_counted(len(stacks) - 1, 'more stack')}"


def _vpc_title(label: str, cidr: str | None) -> str:
    return f"VPC {shown(label)}{f', {cidr}' if cidr else ''}"


def _ways_out(topology: Topology, vpc: str) -> tuple[str, ...]:
    network = topology.network
    made = network.vpcs[vpc]
    if made.existing:
        return ("ways out are not in these templates", *map(shown, network.other_ways(vpc)))
    ways = ["internet gateway"] if made.internet_gateway else []
    if made.nat_gateways:
        ways.append(f"{made.nat_gateways} NAT gateway{'s' if made.nat_gateways > 1 else ''}")
    ways += map(shown, network.other_ways(vpc))
    endpoints = sorted(
        shown(one.service).removeprefix("com.amazonaws.REGION.").rpartition("amazonaws.")[2]
        for one in network.endpoints
        if one.vpc == vpc
    )
    if endpoints:
        ways.append(f"VPC endpoints: {', '.join(endpoints)}")
    return tuple(ways) or ("no way out",)


def _notes(helpers: int, has_placeholder: bool) -> tuple[str, ...]:
    notes = [f"{SERVER} stands for the name of each server."] if has_placeholder else []
    if helpers:
        notes.append(f"Not drawn: {_counted(helpers, 'function')} that CloudFormation calls.")
    return tuple(notes)


def _has_placeholder(boxes: Iterable[Box]) -> bool:
    return any(
        SERVER in text
        for box in boxes
        for text in (box.title, *box.texts, *(row.text for row in box.rows))
    )


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
