"""Writes a picture as a Mermaid flowchart (https://mermaid.js.org/syntax/flowchart.html)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from .picture import LOAD_BALANCERS, SERVERS, Box, Line, Picture

__all__ = ["mermaid"]

_ESCAPED = str.maketrans(
    {
        "#": "#35;",
        '"': "#quot;",
        "<": "#lt;",
        ">": "#gt;",
        "&": "#amp;",
        "`": "#96;",
        "\n": " ",
    }
)
_ARROWS = {"http": "-->|HTTP|", "grpc": "-.->|gRPC|", "name": "-->", "data": "-.->"}


def mermaid(picture: Picture) -> str:
    """Write a picture.

    Args:
        picture: What is drawn.

    Returns:
        A flowchart, from left to right.
    """
    rows = {row.id: box.id for box in picture.boxes for row in box.rows}
    lines = {
        Line(rows.get(one.source, one.source), rows.get(one.target, one.target), one.kind)
        for one in picture.lines
    }
    return "\n".join(
        [
            "---",
            f"title: {json.dumps(picture.title)}",
            "---",
            "flowchart LR",
            *(f"  {line}" for line in _boxes(picture)),
            *(f"  {line.source} {_ARROWS[line.kind]} {line.target}" for line in sorted(lines)),
            "",
        ]
    )


def _boxes(picture: Picture) -> Iterator[str]:
    for place, vpc in enumerate(picture.vpcs, start=1):
        yield f"subgraph vpc{place}[{_quoted(', '.join([vpc.title, *vpc.ways_out]))}]"
        inside = [one for one in picture.boxes if one.vpc == vpc.id]
        for kind in sorted({one.subnets for one in inside if one.subnets}):
            yield f"  subgraph vpc{place}{kind}[{_quoted(f'{kind} subnets')}]"
            yield from _indented(_box(one) for one in inside if one.subnets == kind)
            yield "  end"
        yield from (f"  {_box(one)}" for one in inside if not one.subnets)
        yield "end"
    yield from (_box(one) for one in picture.boxes if not one.vpc)


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"    {line}" for line in lines)


def _box(box: Box) -> str:
    told = [box.kind, box.title, *box.texts, *(row.text for row in box.rows)]
    label = "<br/>".join(text.translate(_ESCAPED) for text in told)
    left, right = ("[[", "]]") if box.count > 1 else ("[", "]")
    if box.column not in (LOAD_BALANCERS, SERVERS) and box.count == 1:
        left, right = "(", ")"
    return f'{box.id}{left}"{label}"{right}'


def _quoted(text: str) -> str:
    return f'"{text.translate(_ESCAPED)}"'
