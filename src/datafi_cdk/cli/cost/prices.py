"""The price table: what AWS asks for, where, by which source of which day."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from importlib import resources

GLOBAL = "global"
"""Stands in place of a region for what costs the same in all."""


@dataclass(frozen=True)
class Price:
    """One price.

    Args:
        id: What it is asked for by, such as `nat.hour`.
        region: Where it holds, or `global`.
        service: The AWS service, in AWS's words.
        unit: What one of it is, such as `GB-month`.
        usd: US dollars for one.
        date: Day of AWS's price list, or the day on which the page was read, as `2026-09-17`.
        source: Address of AWS's price list or pricing page.
    """

    id: str
    region: str
    service: str
    unit: str
    usd: Decimal
    date: str
    source: str


@dataclass(frozen=True)
class SpotDiscount:
    """What Fargate Spot costs less at best; its price moves with supply and demand.

    Args:
        most_off: The share that comes off the price on demand.
        date: The day on which the page was read.
        source: Address of AWS's pricing page.
    """

    most_off: Decimal
    date: str
    source: str


class PriceTable:
    """All prices.

    Args:
        prices: The prices; one for each id and region.
        spot: What comes off on Fargate Spot.

    Example:
        >>> read_prices().find("nat.hour", "us-east-1").usd
        Decimal('0.045')
    """

    def __init__(self, prices: Iterable[Price], spot: SpotDiscount) -> None:
        """Make the prices quick to find."""
        self.prices = tuple(prices)
        self.spot = spot
        self._found = {(price.id, price.region): price for price in self.prices}

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions that there are prices for, in the order of the table."""
        return tuple(dict.fromkeys(price.region for price in self.prices if price.region != GLOBAL))

    def find(self, price_id: str, region: str) -> Price | None:
        """The price in a region, else the one that holds everywhere, else `None`."""
        return self._found.get((price_id, region)) or self._found.get((price_id, GLOBAL))


def read_prices() -> PriceTable:
    """Read the table that comes with the package."""
    text = resources.files(__package__).joinpath("prices.json").read_text(encoding="utf-8")
    table = json.loads(text)
    spot = table["spot"]
    return PriceTable(
        (Price(**{**row, "usd": Decimal(row["usd"])}) for row in table["prices"]),
        SpotDiscount(Decimal(spot["most_off"]), spot["date"], spot["source"]),
    )
