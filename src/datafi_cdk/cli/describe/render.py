"""Prints a sheet: for people at a terminal, or as Markdown."""

from __future__ import annotations

from rich.console import Console, ConsoleOptions, RenderResult
from rich.markup import escape
from rich.measure import Measurement
from rich.text import Text

from ..output import table as new_table
from .sheet import Sheet
from .words import broken, pieces

__all__ = ["markdown", "print_sheet"]

_MARKDOWN = str.maketrans(
    {sign: f"\\{sign}" for sign in "\\|*_`[]~"}
    | {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\n": " "}
)


class _Cell:
    """Text that is broken at the signs in paths and names, not within words."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __rich_measure__(self, _console: Console, options: ConsoleOptions) -> Measurement:
        longest = max(len(piece.rstrip()) for piece in pieces(self._text))
        most = options.max_width
        return Measurement(min(longest, most), min(len(self._text), most))

    def __rich_console__(self, _console: Console, options: ConsoleOptions) -> RenderResult:
        for line in broken(self._text, options.max_width) or [""]:
            yield Text(line)


def print_sheet(console: Console, sheet: Sheet) -> None:
    """Print it with tables as wide as the terminal."""
    for number, section in enumerate(sheet.sections, start=1):
        console.print(f"\n[bold]{number}. {escape(section.title)}[/]", soft_wrap=True)
        for sentence in section.sentences:
            console.print(escape(sentence.replace("`", "")))
        for table in section.tables:
            made = new_table(*table.columns, title=escape(table.title) or None)
            for row in table.rows:
                made.add_row(*(_Cell(cell) for cell in row))
            console.print(made)


def markdown(sheet: Sheet) -> str:
    """The sheet as a Markdown document."""
    lines = [f"# {sheet.title}"]
    for number, section in enumerate(sheet.sections, start=1):
        lines += ["", f"## {number}. {section.title}"]
        for sentence in section.sentences:
            lines += ["", sentence]
        for table in section.tables:
            lines += ["", f"### {table.title}"] if table.title else []
            lines += ["", _line(table.columns), _line(("---",) * len(table.columns))]
            lines += [_line(tuple(map(_cell, row))) for row in table.rows]
    return "\n".join(lines) + "\n"


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    return text.translate(_MARKDOWN)
