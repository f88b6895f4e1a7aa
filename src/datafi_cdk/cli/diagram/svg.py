"""Draws a picture as SVG, with no font or image of its own, for light and dark pages."""

from __future__ import annotations

from xml.etree import ElementTree

from .layout import (
    KIND_SIZE,
    LINE,
    MARGIN,
    PADDING,
    TEXT_SIZE,
    TITLE_SIZE,
    Frame,
    Layout,
    Placed,
    lay_out,
)
from .picture import Box, Line, Picture

__all__ = ["svg"]

_FONTS = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
_STYLE = f"""
text {{ font-family: {_FONTS}; fill: #1f2937; }}
.page {{ fill: #ffffff; }}
.heading {{ font-size: 18px; font-weight: 600; }}
.title {{ font-size: {TITLE_SIZE}px; font-weight: 600; }}
.text {{ font-size: {TEXT_SIZE}px; }}
.kind {{ font-size: {KIND_SIZE}px; fill: #6b7280; }}
.column {{ font-size: 11px; font-weight: 600; fill: #6b7280; letter-spacing: 0.06em; }}
.box {{ fill: #ffffff; stroke: #94a3b8; stroke-width: 1.2; }}
.row {{ fill: #f1f5f9; stroke: none; }}
.clients .bar {{ fill: #64748b; }}
.names .bar {{ fill: #0d9488; }}
.balancers .bar {{ fill: #7c3aed; }}
.servers .bar {{ fill: #ea580c; }}
.stores .bar {{ fill: #16a34a; }}
.vpc {{ fill: #f8fafc; stroke: #64748b; stroke-width: 1.2; stroke-dasharray: 7 4; }}
.subnets {{ fill: #eff6ff; stroke: #bfdbfe; }}
.line {{ fill: none; stroke-width: 1.5; }}
.line.name {{ stroke: #0d9488; }}
.line.http {{ stroke: #2563eb; }}
.line.grpc {{ stroke: #c026d3; stroke-dasharray: 6 3; }}
.line.data {{ stroke: #94a3b8; }}
.head.name {{ fill: #0d9488; }}
.head.http {{ fill: #2563eb; }}
.head.grpc {{ fill: #c026d3; }}
.head.data {{ fill: #94a3b8; }}
@media (prefers-color-scheme: dark) {{
text {{ fill: #e5e7eb; }}
.page {{ fill: #0f172a; }}
.kind, .column {{ fill: #9ca3af; }}
.box {{ fill: #1e293b; stroke: #475569; }}
.row {{ fill: #334155; }}
.vpc {{ fill: #111c31; stroke: #64748b; }}
.subnets {{ fill: #16233d; stroke: #1e3a5f; }}
.line.http {{ stroke: #60a5fa; }}
.head.http {{ fill: #60a5fa; }}
.line.grpc {{ stroke: #e879f9; }}
.head.grpc {{ fill: #e879f9; }}
.line.name {{ stroke: #2dd4bf; }}
.head.name {{ fill: #2dd4bf; }}
.line.data {{ stroke: #64748b; }}
.head.data {{ fill: #64748b; }}
}}
"""
_COLUMNS = ("clients", "names", "balancers", "servers", "stores")
_HEADINGS = ("CLIENTS", "NAMES", "LOAD BALANCERS", "SERVERS", "DATA, SECRETS, REGISTRIES")
_LEGEND = (("http", "HTTP"), ("grpc", "gRPC"), ("name", "leads to"), ("data", "uses"))


def svg(picture: Picture) -> str:
    """Draw a picture.

    Args:
        picture: What is drawn.

    Returns:
        An SVG document.
    """
    layout = lay_out(picture)
    root = ElementTree.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {_n(layout.width)} {_n(layout.height)}",
            "width": _n(layout.width),
            "height": _n(layout.height),
            "role": "img",
            "aria-labelledby": "title description",
        },
    )
    _child(root, "title", picture.title, id="title")
    _child(root, "desc", picture.description, id="description")
    _child(root, "style", _STYLE)
    _rect(root, 0, 0, layout.width, layout.height, "page")
    _text(root, MARGIN, 34, picture.title, "heading")
    for frame in layout.frames:
        _frame(root, frame)
    for column, heading in enumerate(_HEADINGS):
        lefts = [one.x for one in layout.placed.values() if one.box.column == column]
        if lefts:
            _text(root, lefts[0], 60, heading, "column")
    for line in picture.lines:
        _line(root, layout, line)
    for placed in layout.placed.values():
        _box(root, placed)
    _legend(root, layout, picture)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _box(root: ElementTree.Element, placed: Placed) -> None:
    box: Box = placed.box
    group = _child(root, "g", **{"class": _COLUMNS[box.column]})
    _child(group, "title", f"{box.kind}: {box.title}")
    for offset in (6, 3) if box.count > 1 else ():
        _rect(group, placed.x + offset, placed.y + offset, placed.width, placed.height, "box", 7)
    _rect(group, placed.x, placed.y, placed.width, placed.height, "box", 7)
    _rect(group, placed.x, placed.y + 7, 4, placed.height - 14, "bar", 2)
    x, y = placed.x + PADDING, placed.y + PADDING + 10
    _text(group, x, y, box.kind, "kind")
    for lines, style in ((placed.title, "title"), (placed.texts, "text")):
        for line in lines:
            y += LINE
            _text(group, x, y, line, style)
    for top, texts in placed.rows.values():
        _rect(group, x - 2, top, placed.width - 2 * PADDING + 4, LINE * len(texts) + 5, "row", 4)
        for number, text in enumerate(texts):
            _text(group, x + 4, top + 14 + LINE * number, text, "text")


def _frame(root: ElementTree.Element, frame: Frame) -> None:
    _rect(root, frame.x, frame.y, frame.width, frame.height, frame.kind, 10)
    for number, line in enumerate(frame.title.split("\n")):
        _text(root, frame.x + PADDING, frame.y + 16 + LINE * number, line, "kind")
    for number, line in enumerate(reversed(frame.foot)):
        y = frame.y + frame.height - 12 - LINE * number
        _text(root, frame.x + PADDING, y, line, "text")


def _line(root: ElementTree.Element, layout: Layout, line: Line) -> None:
    start, end = _end(layout, line.source), _end(layout, line.target)
    x1, y1 = start[0].x + start[0].width + (6 if start[0].box.count > 1 else 0), start[1]
    x2, y2 = end[0].x - 7, end[1]
    bend = max(30, (x2 - x1) / 2)
    path = (
        f"M{_n(x1)},{_n(y1)} C{_n(x1 + bend)},{_n(y1)} {_n(x2 - bend)},{_n(y2)} {_n(x2)},{_n(y2)}"
    )
    _child(root, "path", d=path, **{"class": f"line {line.kind}"})
    head = f"M{_n(x2 + 6)},{_n(y2)} l-7,-4 v8 z"
    _child(root, "path", d=head, **{"class": f"head {line.kind}"})


def _end(layout: Layout, end: str) -> tuple[Placed, float]:
    """The box that a line ends at, and how far down."""
    if end in layout.placed:
        placed = layout.placed[end]
        return placed, placed.y + placed.height / 2
    placed = layout.placed[end.rpartition("-")[0]]
    top, texts = placed.rows[end]
    return placed, top + (LINE * len(texts) + 5) / 2


def _legend(root: ElementTree.Element, layout: Layout, picture: Picture) -> None:
    x: float = MARGIN
    y = layout.height - 40
    used = {line.kind for line in picture.lines}
    for kind, word in _LEGEND:
        if kind in used:
            _child(root, "path", d=f"M{_n(x)},{_n(y)} h34", **{"class": f"line {kind}"})
            _text(root, x + 42, y + 4, word, "text")
            x += 70 + 8 * len(word)
    told = " ".join([picture.description, *picture.notes])
    _text(root, MARGIN, y + 24, told, "kind")


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _text(parent: ElementTree.Element, x: float, y: float, text: str, style: str) -> None:
    _child(parent, "text", text, x=_n(x), y=_n(y), **{"class": style})


def _rect(
    parent: ElementTree.Element,
    x: float,
    y: float,
    width: float,
    height: float,
    style: str,
    radius: float = 0,
) -> None:
    _child(
        parent,
        "rect",
        x=_n(x),
        y=_n(y),
        width=_n(width),
        height=_n(height),
        rx=_n(radius),
        **{"class": style},
    )


def _child(
    parent: ElementTree.Element, tag: str, text: str | None = None, **attributes: str
) -> ElementTree.Element:
    child = ElementTree.SubElement(parent, tag, attributes)
    child.text = text
    return child
