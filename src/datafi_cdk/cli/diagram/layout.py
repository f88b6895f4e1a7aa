"""Where boxes stand: columns from left to right, networks as bands across two of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from .measure import wrapped
from .picture import LOAD_BALANCERS, SERVERS, Box, Picture, Vpc

__all__ = ["Frame", "Layout", "Placed", "lay_out"]

MARGIN = 28
TITLE_SIZE, TEXT_SIZE, KIND_SIZE = 13, 11, 10
LINE = 16
PADDING = 12
_WIDTHS = (150, 264, 240, 290, 280)
_GAP, _COLUMN_GAP, _FRAME = 20, 76, 26
_HEAD = 74
_STACKED = 6
_LEAST = 960
_BOLD = 1.1


@dataclass(frozen=True)
class Placed:
    """A box with its place, its lines of text, and where its rows are."""

    box: Box
    x: float
    y: float
    width: float
    height: float
    title: tuple[str, ...]
    texts: tuple[str, ...]
    rows: dict[str, tuple[float, tuple[str, ...]]]


@dataclass(frozen=True)
class Frame:
    """A rectangle around boxes."""

    title: str
    kind: str
    x: float
    y: float
    width: float
    height: float
    foot: tuple[str, ...] = ()


@dataclass
class Layout:
    """The places of all."""

    width: float = 0
    height: float = 0
    placed: dict[str, Placed] = field(default_factory=dict)
    frames: list[Frame] = field(default_factory=list)


def lay_out(picture: Picture) -> Layout:
    """Place all of a picture."""
    lefts = _lefts(picture)
    beside = [
        [one for one in picture.boxes if one.column == column]
        for column in range(len(_WIDTHS))
        if column not in (LOAD_BALANCERS, SERVERS)
    ]
    bands = _place_bands(picture, Layout(), lefts, 0)
    tallest = max(bands, *map(_stack_height, beside))
    layout = Layout(max(_LEAST, lefts[-1] + _WIDTHS[-1] + MARGIN), _HEAD + tallest + 84)
    _place_bands(picture, layout, lefts, _HEAD + (tallest - bands) / 2)
    for boxes in beside:
        if boxes:
            start = _HEAD + (tallest - _stack_height(boxes)) / 2
            _stack(layout, boxes, lefts[boxes[0].column], start)
    return layout


def _lefts(picture: Picture) -> list[float]:
    """The left edges of the columns; one without boxes takes no room."""
    used = {box.column for box in picture.boxes}
    lefts: list[float] = []
    x: float = MARGIN
    for column, width in enumerate(_WIDTHS):
        lefts.append(x)
        if column in used:
            x += width + _COLUMN_GAP
    return lefts


def _place_bands(picture: Picture, layout: Layout, lefts: list[float], y: float) -> float:
    """Place load balancers and servers, network by network, then what is in none.

    Returns:
        Where they end.
    """
    inside = [one for one in picture.boxes if one.column in (LOAD_BALANCERS, SERVERS)]
    for vpc in picture.vpcs:
        y = _place_vpc(layout, vpc, [box for box in inside if box.vpc == vpc.id], lefts, y)
    outside = [box for box in inside if not box.vpc]
    ends = [y - _GAP]
    for column in (LOAD_BALANCERS, SERVERS):
        boxes = [box for box in outside if box.column == column]
        ends.append(_stack(layout, boxes, lefts[column], y) - _GAP)
    return max(ends)


def _place_vpc(layout: Layout, vpc: Vpc, boxes: list[Box], lefts: list[float], top: float) -> float:
    used = sorted({box.column for box in boxes})
    left, right = lefts[used[0]], lefts[used[-1]] + _WIDTHS[used[-1]]
    width = right - left + 2 * _FRAME
    title = wrapped(vpc.title, width - 2 * PADDING, KIND_SIZE)
    head = top + 10 + LINE * len(title) + _FRAME
    columns = [[box for box in boxes if box.column == one] for one in (LOAD_BALANCERS, SERVERS)]
    tallest = max(_stack_height(column) for column in columns)
    for column, members in zip((LOAD_BALANCERS, SERVERS), columns, strict=True):
        if members:
            start = head + (tallest - _stack_height(members)) / 2
            _stack(layout, members, lefts[column], start)
            _subnet_frame(layout, members)
    foot = [line for way in vpc.ways_out for line in wrapped(way, width - 2 * PADDING, TEXT_SIZE)]
    bottom = head + tallest + _FRAME + LINE * len(foot) + 8
    layout.frames.insert(
        0,
        Frame(
            "\n".join(title),
            "vpc",
            left - _FRAME,
            top,
            width,
            bottom - top,
            tuple(foot),
        ),
    )
    return bottom + _GAP


def _subnet_frame(layout: Layout, members: Iterable[Box]) -> None:
    placed = [layout.placed[box.id] for box in members if box.subnets]
    kinds = sorted({one.box.subnets for one in placed})
    if not placed:
        return
    top = min(one.y for one in placed)
    bottom = max(one.y + one.height for one in placed)
    layout.frames.append(
        Frame(
            f"{' and '.join(kinds)} subnets",
            "subnets",
            placed[0].x - PADDING,
            top - _FRAME + 4,
            placed[0].width + 2 * PADDING + _STACKED,
            bottom - top + _FRAME + 8,
        )
    )


def _stack(layout: Layout, boxes: Iterable[Box], x: float, y: float) -> float:
    """Place boxes below each other, and tell where the last ends."""
    for box in boxes:
        placed = _placed(box, x, y)
        layout.placed[box.id] = placed
        y += placed.height + _GAP
    return y


def _stack_height(boxes: list[Box]) -> float:
    if not boxes:
        return 0
    return sum(_placed(box, 0, 0).height for box in boxes) + _GAP * (len(boxes) - 1)


def _placed(box: Box, x: float, y: float) -> Placed:
    width = _WIDTHS[box.column]
    room = width - 2 * PADDING
    title = wrapped(box.title, room, TITLE_SIZE * _BOLD)
    texts = [line for text in box.texts for line in wrapped(text, room, TEXT_SIZE)]
    inner = y + PADDING + LINE + LINE * len(title) + LINE * len(texts) + 4
    rows: dict[str, tuple[float, tuple[str, ...]]] = {}
    for row in box.rows:
        lines = tuple(wrapped(row.text, room - 12, TEXT_SIZE))
        rows[row.id] = (inner, lines)
        inner += LINE * len(lines) + 10
    return Placed(box, x, y, width, inner - y + PADDING - 4, tuple(title), tuple(texts), rows)
