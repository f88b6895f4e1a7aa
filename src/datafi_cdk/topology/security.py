"""What security groups let pass from one end to the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .network import ANYWHERE, Network, SecurityRule, covers

__all__ = ["End", "Passage", "ingress_sources", "passes"]


@dataclass(frozen=True)
class End:
    """One end of a connection: its security groups and its addresses, if they are known."""

    label: str
    groups: tuple[str, ...]
    cidrs: tuple[str, ...]
    known: bool = True


@dataclass(frozen=True)
class Passage:
    """Whether a connection passes: what stands in its way, and what no template tells."""

    broken: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()


def passes(
    network: Network, source: End, target: End, port: int | None, transport: str = "tcp"
) -> Passage:
    """Whether security groups on both ends let a connection through."""
    out = _lets(network, source, target, port, transport, "egress")
    into = _lets(network, target, source, port, transport, "ingress")
    return Passage((*out.broken, *into.broken), (*out.assumed, *into.assumed))


def ingress_sources(
    network: Network, groups: Iterable[str], port: int | None, transport: str = "tcp"
) -> Iterator[SecurityRule]:
    """The rules of some groups that let connections to a port in."""
    for group in groups:
        if group in network.security_groups:
            yield from (
                rule
                for rule in network.security_groups[group].ingress
                if rule.covers(port, transport)
            )


def lets_anybody(rule: SecurityRule) -> bool:
    """Whether a rule is for any address."""
    return rule.peer.value in ANYWHERE


def _lets(
    network: Network, owner: End, other: End, port: int | None, transport: str, direction: str
) -> Passage:
    way = "in from" if direction == "ingress" else "out to"
    what = f"{transport.upper()} {port} {way} {other.label}"
    if not owner.known:
        return Passage(assumed=(f"{owner.label} lets {what}",))
    known = [network.security_groups[one] for one in owner.groups if one in network.security_groups]
    rules = [
        rule
        for group in known
        for rule in (group.ingress if direction == "ingress" else group.egress)
        if rule.covers(port, transport)
    ]
    if any(_is_peer(rule, other) for rule in rules):
        return Passage()
    unknown = [one for one in owner.groups if one not in {group.id for group in known}]
    unknown += [group.id for group in known if group.existing]
    if unknown or not owner.groups:
        groups = ", ".join(sorted(set(unknown))) or f"default group of {owner.label}"
        return Passage(assumed=(f"existing security group {groups} lets {what}",))
    lists = [rule.peer.value for rule in rules if rule.peer.kind == "prefix list"]
    if lists:
        return Passage(assumed=(f"prefix list {' or '.join(lists)} has {other.label}",))
    if rules and not other.known:
        peers = " or ".join(sorted({rule.peer.value for rule in rules}))
        return Passage(assumed=(f"{other.label} has {peers}",))
    ranges = sorted({rule.peer.value for rule in rules if rule.peer.kind == "cidr"})
    if ranges and not other.cidrs:
        return Passage(assumed=(f"{other.label} has its addresses in {' or '.join(ranges)}",))
    return Passage(broken=(f"the security groups of {owner.label} do not let {what}",))


def _is_peer(rule: SecurityRule, other: End) -> bool:
    if rule.peer.kind == "group":
        return rule.peer.value in other.groups
    if rule.peer.kind == "cidr":
        if not other.cidrs:
            return lets_anybody(rule)
        return all(covers(rule.peer.value, cidr) for cidr in other.cidrs if ":" not in cidr)
    return False
