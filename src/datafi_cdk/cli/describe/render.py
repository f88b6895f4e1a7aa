"""Prints a sheet: for people at a terminal, or as Markdown."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape

from ..output import table as new_table
from .sheet import Sheet, Table

__all__ = ["markdown", "print_sheet"]

_MARKDOWN = str.maketrans({"|": "\\|", "<": "&lt;", ">": "&gt;", "*": "\\*", "_": "\\_", "\n": " "})


def print_sheet(console: Console, sheet: Sheet) -> None:
    """Print it with tables as wide as the terminal."""
    for number, section in enumerate(sheet.sections, start=1):
        console.print(f"\n[bold]{number}. {escape(section.title)}[/]", soft_wrap=True)
        for sentence in section.sentences:
            console.print(escape(sentence.replace("`", "")))
        for table in filter(_has_rows, section.tables):
            made = new_table(*table.columns, title=escape(table.title) or None)
            for row in table.rows:
                made.add_row(*(escape(cell) for cell in row))
            console.print(made)


def markdown(sheet: Sheet) -> str:
    """The sheet as a Markdown document."""
    lines = [f"# {sheet.title}"]
    for number, section in enumerate(sheet.sections, start=1):
        lines += ["", f"## {number}. {section.title}"]
        for sentence in section.sentences:
            lines += ["", sentence]
        for table in filter(_has_rows, section.tables):
            lines += ["", f"### {table.title}"] if table.title else []
            lines += ["", _line(table.columns), _line(("---",) * len(table.columns))]
            lines += [_line(tuple(map(_cell, row))) for row in table.rows]
    return "\n".join(lines) + "\n"


def _has_rows(table: Table) -> bool:
    return bool(table.rows)


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    return text.translate(_MARKDOWN)
