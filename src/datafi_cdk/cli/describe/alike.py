"""Servers that are alike, so that thirty of them are told of once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from ...topology import Reach, Topology

__all__ = ["SERVER", "Server", "Servers", "names_in_short"]

SERVER = "SERVER"
"""What stands for the name of each server in rows that are for several."""

_OWN = "its own"
_ROOM = 26
_NUMBERED = re.compile(r"(.*?)(\d+)")


@dataclass(frozen=True)
class Server:
    """A service or function that people have a name for."""

    id: str
    name: str
    label: str

    @property
    def beginning(self) -> re.Pattern[str]:
        """Its path at the beginning of another, or of a name, with a new word after it."""
        return re.compile(rf"(?:^|/){re.escape(self.label)}(?![a-z0-9]|-[a-z0-9])")

    @property
    def pattern(self) -> re.Pattern[str]:
        """Its name as a word of its own."""
        return re.compile(rf"(?<![A-Za-z0-9]){re.escape(self.name)}(?![A-Za-z0-9]|-[0-9])")


class Servers:
    """The servers of an app.

    Args:
        topology: What the app makes.
        reaches: The ways in.

    Attributes:
        all: The servers.
        groups: What rows call several servers by whose names take much room, and these names.
    """

    def __init__(self, topology: Topology, reaches: Iterable[Reach]) -> None:
        """Name them: services as their container, functions as the first part of their host."""
        self.groups: dict[str, str] = {}
        hosts = {one.target: one.name.partition(".")[0] for one in reaches}
        self.all = [
            *(Server(one.id, one.name, one.label) for one in topology.services),
            *(
                Server(one.id, hosts.get(one.id) or one.label, one.label.removesuffix("/Function"))
                for one in topology.functions
                if one.image
            ),
        ]
        self._counted = Counter(one.name for one in self.all)

    def owner(self, label: str) -> Server | None:
        """The server that something belongs to, by its path or by the name in it.

        So do `Stack/Es/LogGroup` and `Stack/EsUpdates` belong to `Stack/Es`.
        """
        below = [one for one in self.all if one.beginning.search(label)]
        if below:
            return max(below, key=lambda one: len(one.label))
        named = [one for one in self.all if one.pattern.search(label)]
        longest = max(named, key=lambda one: len(one.name), default=None)
        return longest if longest and self._is_unique(longest) else None

    def named(self, identity: str) -> Server | None:
        """The server with this id."""
        return next((one for one in self.all if one.id == identity), None)

    def fold(
        self, rows: Iterable[tuple[Server | None, tuple[str, ...]]], *, own: int | None = None
    ) -> list[tuple[str, ...]]:
        """Join the rows of servers that are alike but for their names.

        Args:
            rows: The server of a row, and its cells.
            own: Which cell may differ, as a number does that each has of its own. Default: none.

        Returns:
            The rows in the order of their first; before the cells the servers they are for.
        """
        groups: dict[tuple[str, ...], list[tuple[Server | None, tuple[str, ...]]]] = {}
        for server, cells in rows:
            key = tuple(
                _OWN if place == own else self._without_name(server, cell)
                for place, cell in enumerate(cells)
            )
            groups.setdefault(key if server else ("", *cells), []).append((server, cells))
        folded: list[tuple[str, ...]] = []
        for key, members in groups.items():
            names = dict.fromkeys(self._title(server) for server, _ in members if server)
            if len(names) > 1:
                folded.append((self._group(names), *key))
            else:
                folded += [("".join(names), *cells) for cells in _distinct(members)]
        return folded

    def _is_unique(self, server: Server) -> bool:
        return self._counted[server.name] == 1

    def _title(self, server: Server) -> str:
        """Its name, or if others have the same, its path."""
        return server.name if self._is_unique(server) else server.label

    def _without_name(self, server: Server | None, cell: str) -> str:
        if server is None:
            return cell
        general = cell.replace(server.label, SERVER)
        return server.pattern.sub(SERVER, general) if self._is_unique(server) else general

    def _group(self, names: Collection[str]) -> str:
        short = names_in_short(names)
        if len(short) <= _ROOM:
            return short
        known = {told: group for group, told in self.groups.items()}
        group = known.get(short) or f"group {len(self.groups) + 1}: {len(names)} servers"
        self.groups[group] = short
        return group


def names_in_short(names: Iterable[str]) -> str:
    """Names in order, those that are numbered in a row as `first to last`."""
    runs: list[list[tuple[str, int | None]]] = []
    for name in sorted(names, key=_by_number):
        stem, number = _by_number(name)
        last = runs[-1][-1] if runs else ("", None)
        if number >= 0 and last[0] == stem and last[1] is not None and number == last[1] + 1:
            runs[-1].append((stem, number))
        else:
            runs.append([(stem, number if number >= 0 else None)])
    return ", ".join(_run(run) for run in runs)


def _by_number(name: str) -> tuple[str, int]:
    numbered = _NUMBERED.fullmatch(name)
    return (numbered[1], int(numbered[2])) if numbered else (name, -1)


def _run(run: list[tuple[str, int | None]]) -> str:
    first, last = (
        f"{stem}{'' if number is None else number}" for stem, number in (run[0], run[-1])
    )
    if len(run) == 1:
        return first
    return f"{first} to {last}" if len(run) > 2 else f"{first}, {last}"


def _distinct(members: Iterable[tuple[Server | None, tuple[str, ...]]]) -> list[tuple[str, ...]]:
    return list(dict.fromkeys(cells for _, cells in members))
