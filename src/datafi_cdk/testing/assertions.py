"""The assertions of `datafi_cdk.testing`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ..errors import Fault, InvalidInputError
from ..topology import (
    Reach,
    Topology,
    find_problems,
    reachability,
    reachability_from,
    read_topology,
)
from ..topology.services import Function, Service
from .tables import Row, Table, read_table, row_of, written

__all__ = ["assert_no_problems", "assert_reachable"]


def assert_reachable(app: Any, table: str | Path, *, source: str | None = None) -> None:
    """Assert that all of a table is reachable, and nothing else.

    The table is Markdown. Its heading says which columns are compared, of: `from`, `name`, `port`,
    `protocol`, `listener`, `rule`, `conditions`, `target group`, `health check`, `to`, `container`,
    `container port`, `security groups`, `assumed`. Resources are called by the paths of their
    constructs; what the load balancer answers itself stands in `to` as well.

    Args:
        app: An `App`, a `Stage`, what their `synth()` gives, the folder of a cloud assembly, or
            what `read_topology` gives, which saves reading it again.
        table: The table, or a file with one table in it; what is not in lines that begin with `|`
            is not read.
        source: The path of a service, or of a function in a VPC, from where it is asked. Default:
            all that comes from outside of the app: from the internet, a VPC, other addresses.

    Raises:
        AssertionError: It is not so. The message has the rows that are missing, each with the
            reason why it cannot be reached, and those that are not expected.
        InvalidInputError: `app` is none of these, the table cannot be read, or no service has the
            path `source`.
        AssemblyError: The cloud assembly cannot be read.

    Example:
        ```python
        def test_only_https_and_grpc_are_open():
            assert_reachable("cdk.out", Path("reachable.md"))
        ```
    """
    expected = read_table(table)
    topology = _topology(app)
    reaches = reachability(topology) if source is None else _from(topology, source)
    reached = {row_of(topology, one, expected.heading) for one in reaches if one.open}
    missing = [row for row in expected.rows if row not in reached]
    unexpected = sorted(reached - set(expected.rows))
    if missing or unexpected:
        raise AssertionError("\n".join(_told(topology, expected, reaches, missing, unexpected)))


def assert_no_problems(app: Any) -> None:
    """Assert that every way leads somewhere and everything is led to.

    See `datafi_cdk.topology.find_problems`: a rule that another takes all requests of, a container
    port that no rule leads to, a target group that no rule uses, a record that points nowhere, a
    security group that does not let through, a reference to what no template makes.

    Args:
        app: As for `assert_reachable`.

    Raises:
        AssertionError: It is not so; the message has a line for each problem.
        InvalidInputError: `app` is none of these.
        AssemblyError: The cloud assembly cannot be read.

    Example:
        ```python
        def test_nothing_dangles():
            assert_no_problems("cdk.out")
        ```
    """
    topology = _topology(app)
    problems = find_problems(topology, reachability(topology))
    if problems:
        raise AssertionError("\n".join(["The app has problems:", *map(str, problems)]))


def _topology(app: Any) -> Topology:
    if isinstance(app, Topology):
        return app
    assembly = app.synth() if hasattr(app, "synth") else app
    folder = getattr(assembly, "directory", assembly)
    if not isinstance(folder, str | Path):
        allowed = "an App, a Stage, or the folder of a cloud assembly"
        remedy = "hand in the app, or 'cdk.out'"
        fault = Fault("app", allowed, f"a value of type {type(app).__name__}", remedy)
        raise InvalidInputError([fault])
    return read_topology(folder)


def _from(topology: Topology, source: str) -> tuple[Reach, ...]:
    inside: list[Service | Function] = [*topology.services]
    inside += [one for one in topology.functions if one.subnets]
    found = {one.label: one for one in inside}
    if source not in found:
        allowed = f"one of {', '.join(found) or 'none, as the app has no services'}"
        fault = Fault("source", allowed, repr(source), "write the path of its construct")
        raise InvalidInputError([fault])
    return reachability_from(topology, found[source])


def _told(
    topology: Topology,
    expected: Table,
    reaches: Iterable[Reach],
    missing: list[Row],
    unexpected: list[Row],
) -> Iterator[str]:
    yield "The ways in are not those of the table."
    if missing:
        ways = [(row_of(topology, one, expected.heading), one) for one in reaches]
        yield f"Missing, {len(missing)} of {len(expected.rows)} rows:"
        heading, *lines = written(expected.heading, missing)
        yield f"  {heading}"
        for row, line in zip(missing, lines, strict=True):
            yield f"  {line}"
            yield f"    {_why(expected.heading, row, ways)}"
    if unexpected:
        yield f"Unexpected, {len(unexpected)}:"
        yield from (f"  {line}" for line in written(expected.heading, unexpected))


def _why(heading: Row, row: Row, ways: list[tuple[Row, Reach]]) -> str:
    """Why a row is not reached: what is broken, or what the nearest way has in its place."""
    named = [at for at, column in enumerate(heading) if column == "name"]
    alike = [one for one in ways if all(one[0][at] == row[at] for at in named)]
    if not alike:
        return "no rule, and nothing else, has this name"
    cells, nearest = max(
        alike, key=lambda one: sum(a == b for a, b in zip(one[0], row, strict=True))
    )
    others = [
        f"{column} {cell or 'nothing'}, not {wanted or 'nothing'}"
        for column, cell, wanted in zip(heading, cells, row, strict=True)
        if cell != wanted
    ]
    differs = [f"the nearest way has {'; '.join(others)}"] if others else []
    return "; ".join([*differs, *nearest.broken])
