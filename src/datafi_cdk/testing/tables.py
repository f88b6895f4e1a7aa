"""Tables of ways in, written by people: Markdown, with the columns that matter to them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import Fault, InvalidInputError
from ..topology import Reach, Topology
from ..topology.services import Function, Service

__all__ = ["COLUMNS", "Row", "Table", "read_table", "row_of", "written"]

Row = tuple[str, ...]
"""The cells of one way in."""

_RULE = re.compile(r"\|[\s:|-]+\|")


def _to(topology: Topology, reach: Reach) -> str:
    """What is reached; where no target is, the target group, or what the load balancer does."""
    reached = reach.target or reach.target_group
    return topology.label(reached) if reached else reach.action


def _protocol(topology: Topology, reach: Reach) -> str:
    """That of the listener or the port, then that of the target group."""
    group = topology.load_balancing.target_groups.get(reach.target_group)
    behind = f"{group.protocol} {group.version}".strip() if group else ""
    return f"{reach.protocol} > {behind}" if behind else reach.protocol


def _health_check(topology: Topology, reach: Reach) -> str:
    group = topology.load_balancing.target_groups.get(reach.target_group)
    if group is None or not group.health_check:
        return ""
    at = f" at port {group.health_check_port}" if group.health_check_port else ""
    return f"{group.health_check}{at}"


def _security_groups(topology: Topology, reach: Reach) -> str:
    """Those of what is passed, in order: the load balancer or the client, then the target."""
    ends = [reach.source_groups]
    if reach.listener:
        listener = topology.load_balancing.listeners[reach.listener]
        balancer = topology.load_balancing.load_balancers[listener.load_balancer]
        ends.append(balancer.security_groups)
    targets: list[Service | Function] = [*topology.services, *topology.functions]
    ends += [one.security_groups for one in targets if one.id == reach.target]
    return " > ".join(", ".join(map(topology.label, groups)) for groups in ends if groups)


COLUMNS: Mapping[str, Callable[[Topology, Reach], str]] = {
    "from": lambda _, reach: reach.source,
    "name": lambda _, reach: reach.name,
    "port": lambda _, reach: "" if reach.port is None else str(reach.port),
    "protocol": _protocol,
    "listener": lambda topology, reach: reach.listener and topology.label(reach.listener),
    "rule": lambda topology, reach: reach.rule and topology.label(reach.rule),
    "conditions": lambda _, reach: "; ".join(reach.conditions),
    "target group": lambda topology, reach: (
        reach.target_group and topology.label(reach.target_group)
    ),
    "health check": _health_check,
    "to": _to,
    "container": lambda _, reach: reach.container,
    "container port": lambda _, reach: (
        "" if reach.container_port is None else str(reach.container_port)
    ),
    "security groups": _security_groups,
    "assumed": lambda _, reach: "; ".join(reach.assumed),
}
"""The columns that a table may have, and what stands in them."""


@dataclass(frozen=True)
class Table:
    """A heading, and rows that all have its columns."""

    heading: Row
    rows: tuple[Row, ...]


def row_of(topology: Topology, reach: Reach, heading: Sequence[str]) -> Row:
    """A way in as the row of a table with this heading."""
    return tuple(COLUMNS[column](topology, reach) for column in heading)


def read_table(table: str | Path) -> Table:
    """Read a table, or a Markdown file with one table in it.

    Raises:
        InvalidInputError: There is no table, its file cannot be read, a column is not known or
            twice, a row has too many or too few cells, or stands there twice.
    """
    text = _text(table)
    lines = [line.strip() for line in text.splitlines()]
    found = [_cells(line) for line in lines if line.startswith("|") and not _RULE.fullmatch(line)]
    if not found:
        remedy = (
            "write `| from | name | port | to |`, and a line for each way in, "
            "or hand in a file as Path('reachable.md')"
        )
        raise InvalidInputError([Fault("table", "lines with | at both ends", "none", remedy)])
    heading, *rows = found
    faults = [
        *(_heading_fault(column) for column in heading if column not in COLUMNS),
        *(_twice("column", column) for column in _doubles(heading)),
        *(_length_fault(row, len(heading)) for row in rows if len(row) != len(heading)),
        *(_twice("row", written_row(row)) for row in _doubles(rows)),
    ]
    if faults:
        raise InvalidInputError(faults)
    return Table(heading, tuple(rows))


def written(heading: Row, rows: Iterable[Row]) -> list[str]:
    """Rows as lines of a table, with its heading and columns in line."""
    lines = [heading, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        written_row(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        for line in lines
    ]


def written_row(cells: Iterable[str]) -> str:
    """One line of a table."""
    return f"| {' | '.join(cells)} |"


def _text(table: str | Path) -> str:
    if isinstance(table, str):
        return table
    if not isinstance(table, Path):
        given = f"a value of type {type(table).__name__}"
        fault = Fault("table", "text or a Path", given, "hand in the table, or its file")
        raise InvalidInputError([fault])
    try:
        return table.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        given, remedy = type(error).__name__, "check the path"
        fault = Fault(f"table {table}", "a readable file in UTF-8", given, remedy)
        raise InvalidInputError([fault]) from None


def _cells(line: str) -> Row:
    return tuple(cell.strip() for cell in line.strip("|").split("|"))


def _doubles(values: Sequence[object]) -> list[str]:
    return [value for at, value in enumerate(values) if value in values[:at]]  # type: ignore[misc]


def _heading_fault(column: str) -> Fault:
    return Fault("table", f"one with columns of {', '.join(COLUMNS)}", repr(column), "rename it")


def _twice(what: str, value: str) -> Fault:
    return Fault("table", f"one that has each {what} once", f"{value} twice", "remove one")


def _length_fault(row: Row, length: int) -> Fault:
    allowed = f"one with {length} cells in each row"
    return Fault("table", allowed, f"{len(row)} in {written_row(row)}", "add or remove a |")
