"""Who may do what in AWS."""

from __future__ import annotations

from collections.abc import Iterator

from ...topology import Topology
from ...topology.access import Statement
from .alike import Server, Servers
from .sheet import Section, section, table
from .words import shown

__all__ = ["rights"]

Row = tuple[Server | None, tuple[str, ...]]


def rights(topology: Topology, servers: Servers) -> Section:
    """Each role with all of its statements, then the policies of resources."""

    def assumed() -> Iterator[Row]:
        for role in topology.roles:
            told = ", ".join(shown(one) for one in role.assumed_by)
            yield (
                servers.owner(role.label),
                (
                    shown(role.label),
                    told or ("existing, not in these templates" if role.existing else "nobody"),
                    ", ".join(shown(one) for one in role.managed_policies),
                    shown(role.boundary),
                ),
            )

    def allowed() -> Iterator[Row]:
        for role in topology.roles:
            for statement in role.statements:
                yield servers.owner(role.label), (shown(role.label), *_cells(statement))

    def on_resources() -> Iterator[Row]:
        for policy in topology.resource_policies:
            on = ", ".join(shown(one) for one in policy.on)
            for statement in policy.statements:
                who = ", ".join(shown(one) for one in statement.principals)
                yield servers.owner(on), (on, who or "anybody with the right", *_cells(statement))

    return section(
        "Which rights there are",
        (),
        (
            table(
                "Roles",
                ("Server", "Role", "Assumed by", "Policies of AWS or existing", "Limited by"),
                servers.fold(assumed()),
            ),
            table(
                "What roles may do",
                ("Server", "Role", "Actions", "On", "If"),
                servers.fold(allowed()),
            ),
            table(
                "Policies of resources",
                ("Server", "Resource", "Who", "Actions", "On", "If"),
                servers.fold(on_resources()),
            ),
        ),
    )


def _cells(statement: Statement) -> tuple[str, ...]:
    denies = "" if statement.effect == "Allow" else "DENIES "
    return (
        denies + ", ".join(statement.actions),
        ", ".join(shown(one) for one in statement.resources),
        "; ".join(shown(one) for one in statement.conditions),
    )
