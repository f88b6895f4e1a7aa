"""A sheet: sections with sentences and tables, before it is printed in one form or another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Section", "Sheet", "Table", "section", "table"]


@dataclass(frozen=True)
class Table:
    """Rows under a heading."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Section:
    """A heading, then sentences, then tables; those without rows are left out."""

    title: str
    sentences: tuple[str, ...]
    tables: tuple[Table, ...]


def section(title: str, sentences: Iterable[str] = (), tables: Iterable[Table] = ()) -> Section:
    """A section that says so if there is nothing in it."""
    filled = tuple(table for table in tables if table.rows)
    return Section(title, tuple(sentences) or (() if filled else ("Nothing.",)), filled)


@dataclass(frozen=True)
class Sheet:
    """All of it."""

    title: str
    sections: tuple[Section, ...]


def table(title: str, columns: Iterable[str], rows: Iterable[tuple[str, ...]]) -> Table:
    """A table of which columns that are empty in all rows are left out."""
    columns, rows = tuple(columns), list(rows)
    kept = [place for place in range(len(columns)) if any(row[place] for row in rows)]
    return Table(
        title,
        tuple(columns[place] for place in kept),
        tuple(tuple(row[place] for place in kept) for row in rows),
    )
