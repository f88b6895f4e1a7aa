"""What runs, where its secrets come from, and where data lies."""

from __future__ import annotations

from collections.abc import Iterator

from ...topology import Topology
from ...topology.services import Function
from .alike import Server, Servers
from .sheet import Section, section, table
from .words import shown

__all__ = ["data", "running", "secrets"]

Row = tuple[Server | None, tuple[str, ...]]


def running(topology: Topology, servers: Servers) -> Section:
    """Services, functions and what starts them."""

    def services() -> Iterator[Row]:
        for one in topology.services:
            count = "not set" if one.count is None else str(one.count)
            if one.scaling:
                count = f"{one.scaling[0]} to {one.scaling[1]}"
            yield (
                servers.named(one.id),
                (
                    one.label,
                    f"ECS, {one.launch}",
                    f"{one.cpu} CPU units, {one.memory} MiB",
                    count,
                    ", ".join(sorted({name for c in one.containers for name in c.variables})),
                    "yes" if one.exec_enabled else "no",
                ),
            )

    def functions() -> Iterator[Row]:
        for one in topology.functions:
            what = shown(one.image.name) if one.image else one.runtime
            yield (
                servers.owner(one.label),
                (
                    one.label,
                    what,
                    f"{one.memory} MiB, {one.timeout} s",
                    _callers(one),
                    ", ".join(one.variables),
                ),
            )

    events = [
        (
            servers.owner(one.label),
            (
                shown(one.trigger),
                ", ".join(shown(topology.label(target)) for target in one.targets),
            ),
        )
        for one in topology.event_rules
    ]
    return section(
        "What runs",
        ("Of environment variables only the names are shown.",),
        (
            table(
                "Services",
                ("Server", "Service", "On", "Size", "Tasks", "Variables", "Shell access"),
                servers.fold(services()),
            ),
            table(
                "Functions",
                ("Server", "Function", "Runs", "Size", "Called by", "Variables"),
                servers.fold(functions()),
            ),
            table("Started by events", ("Server", "Event", "Starts"), servers.fold(events)),
            table(
                "Names inside the network (Cloud Map)",
                ("Namespace", "Kind"),
                [(one.name, one.kind) for one in topology.namespaces],
            ),
        ),
    )


def _callers(function: Function) -> str:
    callers = [shown(one) for one in function.invokers]
    if function.url_auth:
        who = "anybody" if function.url_auth == "NONE" else "IAM callers"
        callers.append(f"{who} at its URL")
    return "; ".join(callers) or "CloudFormation or IAM callers"


def secrets(topology: Topology, servers: Servers) -> Section:
    """Which secrets are used, by whom; never their values."""

    def uses() -> Iterator[Row]:
        for service in topology.services:
            for container in service.containers:
                for use in container.secrets:
                    yield (
                        servers.named(service.id),
                        (
                            f"container {container.name}",
                            use.variable,
                            shown(topology.label(use.secret)),
                            use.field or "the whole value",
                        ),
                    )
        for one in topology.dynamic_references:
            yield (
                servers.owner(one.label),
                (
                    one.label,
                    one.place,
                    shown(one.secret),
                    one.field or "the whole value",
                ),
            )

    def readers() -> Iterator[Row]:
        for role in topology.roles:
            for statement in role.statements:
                if statement.allows("secretsmanager:GetSecretValue"):
                    yield (
                        servers.owner(role.label),
                        (
                            role.label,
                            ", ".join(shown(one) for one in statement.resources),
                        ),
                    )

    sentences = ["Which secret fills what; no value is read or shown here."]
    if any(role.managed_policies or role.existing for role in topology.roles):
        sentences.append(
            "What existing roles and policies allow, those of AWS too, is not in the templates."
        )
    return section(
        "Where secrets come from",
        sentences,
        (
            table(
                "Filled from secrets",
                ("Server", "Where", "Variable", "Secret", "Field"),
                servers.fold(uses()),
            ),
            table("Roles that may read", ("Server", "Role", "Secrets"), servers.fold(readers())),
        ),
    )


def data(topology: Topology, servers: Servers) -> Section:
    """Where data lies and what happens to it on deletion."""
    rows = [
        (
            servers.owner(one.label) or (servers.owner(one.name) if one.name else None),
            (one.kind, one.name or one.label, ", ".join(one.properties), one.on_deletion),
        )
        for one in topology.stores
    ]
    return section(
        "Where data lies, and what happens when its stack is deleted",
        (),
        (
            table(
                "",
                ("Server", "What", "Which", "Properties", "On deletion"),
                servers.fold(rows),
            ),
        ),
    )
