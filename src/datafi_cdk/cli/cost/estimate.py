"""Puts an estimate together: finds the items of an app and prices them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .items import Assumptions, Item, Line, Made, NotEstimated, Range
from .kinds import free_counts, not_estimated
from .lambda_items import lambda_items, server_functions
from .network_items import (
    address_items,
    data_items,
    endpoint_items,
    load_balancer_items,
    nat_items,
)
from .prices import PriceTable
from .services import services
from .storage_items import storage_items
from .task_items import log_items, metric_items, task_items


@dataclass(frozen=True)
class Estimate:
    """What the part of an app that is in one region costs a month.

    Args:
        prices_of: The region whose prices it has.
        lines: What is paid for.
        left: What may cost something and is not in it.
        free: Types of resources that cost nothing, and how many there are.
    """

    prices_of: str
    lines: tuple[Line, ...]
    left: tuple[NotEstimated, ...]
    free: dict[str, int]

    @property
    def fixed(self) -> Range:
        """US dollars for what runs, by the hour or the month."""
        return total(line for line in self.lines if not line.item.usage)

    @property
    def usage(self) -> Range:
        """US dollars that follow from use."""
        return total(line for line in self.lines if line.item.usage)

    @property
    def total(self) -> Range:
        """US dollars in all."""
        return self.fixed + self.usage


def total(lines: Iterable[Line]) -> Range:
    """The sum of some lines in US dollars."""
    return sum((line.usd for line in lines), Range.exactly(0))


def estimate(
    made: list[Made], table: PriceTable, prices_of: str, assumptions: Assumptions
) -> Estimate:
    """Estimate what resources cost a month.

    Args:
        made: The resources, all in one region.
        table: The prices.
        prices_of: The region whose prices are used.
        assumptions: How the app is used.
    """
    lines: list[Line] = []
    left: list[NotEstimated] = []
    for item in _items(made, table, assumptions):
        if isinstance(item, NotEstimated):
            left.append(item)
            continue
        if not item.quantity.high:
            continue
        price = table.find(item.price_id, prices_of)
        if price:
            lines.append(Line(item, price))
        else:
            why = f"the table has no price of it for {prices_of}"
            left.append(NotEstimated(f"{item.part}: {item.what}", why))
    return Estimate(prices_of, tuple(lines), (*left, *not_estimated(made)), free_counts(made))


def _items(
    made: list[Made], table: PriceTable, assumptions: Assumptions
) -> Iterator[Item | NotEstimated]:
    tasks, left = services(made)
    functions = server_functions(made)
    yield from task_items(tasks, assumptions, table.spot.most_off)
    yield from left
    yield from lambda_items(made, functions, assumptions)
    yield from load_balancer_items(made, tasks, functions, assumptions)
    yield from address_items(made, tasks, assumptions)
    inside = sum(function.in_vpc for function in functions)
    private = inside + sum(not service.public_ip for service in tasks)
    yield from nat_items(made, private, assumptions)
    yield from endpoint_items(made, inside + len(tasks), assumptions)
    yield from data_items(made, len(tasks) + len(functions), assumptions)
    months = [task.log_months for task in tasks]
    months += [function.log_months for function in functions]
    yield from log_items(months, assumptions)
    yield from metric_items(made, tasks)
    yield from storage_items(made, assumptions)
