"""One way from a source to what it reaches."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ANY_NAME", "INTERNET", "Reach", "Source"]

INTERNET = "internet"
"""The source that is any address."""

ANY_NAME = "*"
"""The name of a rule that asks for none."""


@dataclass(frozen=True)
class Source:
    """Who comes to a listener, what stands in the way, what is assumed, and from which networks."""

    label: str
    broken: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    vpcs: tuple[str, ...] = ()
    partial: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reach:
    """One way in.

    Args:
        source: Who comes: `internet`, `VPC …`, a range of addresses, a security group, a service.
        name: The host that is asked for, `*` for any; without a load balancer the name in Cloud
            Map, if there is one.
        port: The port that is asked for. `None`: that of an existing listener.
        protocol: The protocol at that port. Default: not known.
        listener: Its id. Default: there is no load balancer.
        rule: The id of the rule, or of the listener for its default action. Default: there is no
            load balancer.
        priority: That of the rule. Default: that of no rule, but the default action or no load
            balancer.
        conditions: What else the rule asks for, as text. Default: nothing.
        action: What the rule does. Default: there is no rule.
        target_group: Its id. Default: the rule does not forward.
        target: The id of the service or function. Default: none is reached.
        container: The name of the container. Default: none is reached.
        container_port: Its port. Default: none is reached.
        broken: Why it cannot be reached, one sentence for each reason. Default: nothing stands in
            the way.
        partial: Which of the reasons in `broken` do not keep everybody out: a client can send any
            name to the address of a load balancer, and may find one of several records. Default:
            none of them.
        assumed: What must be so of what exists already, as no template tells it. Default: nothing.
        source_groups: The security groups that it comes from. Default: they are not known.

    Example:
        >>> Reach(INTERNET, "es.example.com", 443, broken=("no certificate covers it",)).open
        False
    """

    source: str
    name: str
    port: int | None
    protocol: str = ""
    listener: str = ""
    rule: str = ""
    priority: int | None = None
    conditions: tuple[str, ...] = ()
    action: str = ""
    target_group: str = ""
    target: str = ""
    container: str = ""
    container_port: int | None = None
    broken: tuple[str, ...] = ()
    partial: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    source_groups: tuple[str, ...] = ()

    @property
    def open(self) -> bool:
        """Whether nothing stands in the way."""
        return not self.broken

    @property
    def closed(self) -> bool:
        """Whether what is broken keeps everybody out."""
        return not set(self.broken) <= set(self.partial)

    def sort_key(self) -> tuple[str, str, int, int, str, str, int]:
        """By source, name, port and rule; default actions last."""
        return (
            self.source,
            self.name,
            self.port or 0,
            100_000 if self.priority is None else self.priority,
            self.rule,
            self.target,
            self.container_port or 0,
        )
