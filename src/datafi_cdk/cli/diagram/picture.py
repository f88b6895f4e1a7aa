"""What is drawn: boxes in columns, and lines from one column to the next."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "CLIENTS",
    "FEWEST",
    "LOAD_BALANCERS",
    "NAMES",
    "SERVERS",
    "STORES",
    "Box",
    "Line",
    "Picture",
    "Row",
    "Vpc",
]

CLIENTS, NAMES, LOAD_BALANCERS, SERVERS, STORES = range(5)
"""The columns, from left to right."""

FEWEST = 3
"""So many that are alike are drawn as one; fewer are drawn one by one."""


@dataclass(frozen=True)
class Row:
    """A line of text in a box that lines can end at."""

    id: str
    text: str


@dataclass(frozen=True)
class Box:
    """One thing, or several that are alike.

    Args:
        id: Unique in the picture.
        column: Where it stands.
        kind: What it is, in a word or two.
        title: What it is called.
        texts: More about it.
        rows: What lines can end at.
        count: How many it stands for.
        vpc: The network that it is in. Default: none.
        subnets: What its subnets are, `public` or `private`. Default: not known.
    """

    id: str
    column: int
    kind: str
    title: str
    texts: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    count: int = 1
    vpc: str = ""
    subnets: str = ""


@dataclass(frozen=True, order=True)
class Line:
    """A line: `kind` is `http`, `grpc`, `name` or `data`. Its ends are boxes, or rows of boxes."""

    source: str
    target: str
    kind: str


@dataclass(frozen=True)
class Vpc:
    """The frame of a network, and its ways out."""

    id: str
    title: str
    ways_out: tuple[str, ...]


@dataclass(frozen=True)
class Picture:
    """All that is drawn."""

    title: str
    description: str
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    vpcs: tuple[Vpc, ...]
    notes: tuple[str, ...]
