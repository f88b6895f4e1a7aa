"""What an estimate consists of, before and after it is priced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ...topology import Assembly, Resolver, ResourceId
from .prices import Price

ZERO = Decimal(0)
ONE = Decimal(1)


@dataclass(frozen=True)
class Range:
    """From how much to how much; both are the same for what does not scale.

    Args:
        low: The least.
        high: The most.
    """

    low: Decimal
    high: Decimal

    @classmethod
    def exactly(cls, amount: Decimal | int) -> Range:
        """A range of one amount."""
        return cls(Decimal(amount), Decimal(amount))

    def __add__(self, other: Range) -> Range:
        """The sum of both ends."""
        return Range(self.low + other.low, self.high + other.high)

    def __sub__(self, other: Range) -> Range:
        """The difference of both ends."""
        return Range(self.low - other.low, self.high - other.high)

    def times(self, factor: Decimal | int) -> Range:
        """Both ends, multiplied."""
        return Range(self.low * factor, self.high * factor)


@dataclass(frozen=True)
class Made:
    """One resource that the app makes, its references followed.

    Args:
        id: Which one.
        type: For example `AWS::ECS::Service`.
        properties: Its properties, resolved.
        path: The path of its construct.
    """

    id: ResourceId
    type: str
    properties: Mapping[str, Any]
    path: str


@dataclass(frozen=True)
class Assumptions:
    """How the app is used in a month. Amounts of a server hold for each.

    Args:
        hours: Hours that everything runs.
        requests: Requests to a server.
        data_gb: GB that a server sends to its clients.
        nat_gb: GB that a server moves through NAT gateways, or through interface endpoints.
        log_gb: GB of logs that a server writes.
        storage_gb: GB that a bucket holds.
        request_seconds: Seconds that a server on Lambda takes for a request.
    """

    hours: Decimal = Decimal(730)
    requests: Decimal = Decimal(100_000)
    data_gb: Decimal = Decimal(50)
    nat_gb: Decimal = Decimal(20)
    log_gb: Decimal = Decimal(1)
    storage_gb: Decimal = Decimal(50)
    request_seconds: Decimal = Decimal(1)


@dataclass(frozen=True)
class Item:
    """One thing that is paid for, without its price.

    Args:
        part: What it belongs to, such as `NAT gateways`.
        what: What it is.
        quantity: How much of it in a month.
        price_id: Its price.
        usage: Whether it follows from use; else from what runs, by the hour or the month.
        least: The share of the price that is asked for at best. Default: all of it.
    """

    part: str
    what: str
    quantity: Range
    price_id: str
    usage: bool = False
    least: Decimal = ONE


@dataclass(frozen=True)
class Line:
    """One thing that is paid for, priced.

    Args:
        item: The thing.
        price: Its price.
    """

    item: Item
    price: Price

    @property
    def usd(self) -> Range:
        """US dollars a month."""
        return Range(
            self.item.quantity.low * self.price.usd * self.item.least,
            self.item.quantity.high * self.price.usd,
        )


@dataclass(frozen=True)
class NotEstimated:
    """One thing that may cost something and is not in the estimate.

    Args:
        what: What it is.
        why: Why it is not.
    """

    what: str
    why: str


def made_by_region(assembly: Assembly) -> dict[str | None, list[Made]]:
    """All resources that an app makes, by the region of their stacks.

    Args:
        assembly: The app.

    Returns:
        Regions in the order of their first stacks; `None` for those that name none.
    """
    resolver = Resolver(assembly)
    found: dict[str | None, list[Made]] = {}
    for stack in assembly.stacks:
        found.setdefault(stack.region, []).extend(
            Made(resource.id, resource.type, resolver.properties(resource), resource.path)
            for resource in stack.resources
            if resolver.is_made(resource)
        )
    return found


def of_type(made: list[Made], *types: str) -> list[Made]:
    """The resources of some CloudFormation types, in order."""
    return [resource for resource in made if resource.type in types]


def section(value: Any) -> Mapping[str, Any]:
    """An object of a template; none of its keys if only the deployment knows it."""
    return value if isinstance(value, Mapping) else {}


def sections(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list of a template; none if only the deployment knows it."""
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def number(value: Any) -> Decimal | None:
    """A number of a template, which may be a string; `None` for what is not known yet."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value)
    return Decimal(text) if text.isdecimal() else None


def counted(count: int, one: str) -> str:
    """A number with its noun: `1 task`, `2 tasks`."""
    return f"{count} {one}" if count == 1 else f"{count} {one}s"
