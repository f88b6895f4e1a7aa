"""Shows an estimate, as text or as JSON. Amounts are rounded here and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from rich.console import Console
from rich.markup import escape

from ..output import table
from .alternatives import Alternative
from .estimate import Estimate
from .items import Assumptions, Line, Range
from .prices import SpotDiscount
from .task_items import plain

_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Place:
    """What is shown of one region.

    Args:
        region: The region of the stacks; `None` if they name none.
        estimate: What they cost.
        alternatives: What other settings would change.
    """

    region: str | None
    estimate: Estimate
    alternatives: tuple[Alternative, ...]


def show(
    console: Console, places: Sequence[Place], assumptions: Assumptions, spot: SpotDiscount
) -> None:
    """Print an estimate as text."""
    for place in places:
        _show_place(console, place)
    if len(places) > 1:
        console.print(f"\n[bold]All regions: {money(_sum(places))} USD a month[/]")
    _list(console, "Assumptions", _assumed(places, assumptions, spot))
    left = sorted({f"{left.what}: {left.why}" for place in places for left in place.estimate.left})
    _list(console, "Not estimated", left)
    free = sorted({name for place in places for name in place.estimate.free})
    _list(console, "Free", [", ".join(free)] if free else [])
    _list(console, "Prices: day and source", _sources(places, spot))


def _show_place(console: Console, place: Place) -> None:
    made = table("part", "what", "a month", "unit price", "USD", title=_title(place))
    for column in made.columns[2:]:
        column.justify = "right"
    part = ""
    for line in place.estimate.lines:
        made.add_row(
            escape(line.item.part) if line.item.part != part else "",
            escape(line.item.what),
            f"{_span(line.item.quantity)} {line.price.unit}",
            f"{plain(line.price.usd)}",
            money(line.usd),
        )
        part = line.item.part
    made.add_section()
    made.add_row("Fixed", "by the hour and by the month", "", "", money(place.estimate.fixed))
    made.add_row("Usage", "follows from the assumptions", "", "", money(place.estimate.usage))
    made.add_row("[bold]Total[/]", "", "", "", f"[bold]{money(place.estimate.total)}[/]")
    console.print(made)
    if place.alternatives:
        other = table("what another setting would change", "datafi.yaml", "USD a month")
        other.columns[2].justify = "right"
        for alternative in place.alternatives:
            other.add_row(
                escape(alternative.what), escape(alternative.key), money(alternative.usd, sign=True)
            )
        console.print(other)


def _title(place: Place) -> str:
    prices_of = place.estimate.prices_of
    if place.region == prices_of:
        return f"{prices_of}, USD a month"
    where = place.region or "Stacks that name no region"
    return f"{where}, with the prices of {prices_of} as asked, USD a month"


def _list(console: Console, title: str, entries: Sequence[str]) -> None:
    if entries:
        console.print(f"\n[bold]{title}[/]")
    for entry in entries:
        console.print(f"- {escape(entry)}")


def _assumed(places: Sequence[Place], assumptions: Assumptions, spot: SpotDiscount) -> list[str]:
    parts = {line.price.id for place in places for line in place.estimate.lines}
    said = [
        f"Everything runs {plain(assumptions.hours)} hours a month (--hours).",
        f"Each server answers {plain(assumptions.requests)} requests (--requests), evenly spread,"
        f" sends {plain(assumptions.data_gb)} GB to its clients (--data-gb), and moves"
        f" {plain(assumptions.nat_gb)} GB through NAT gateways or endpoints (--nat-gb).",
        f"Each server writes {plain(assumptions.log_gb)} GB of logs (--log-gb), kept as its log"
        " group says; for ever counts as a year.",
    ]
    if "s3.storage" in parts:
        said.append(f"Each bucket of data holds {plain(assumptions.storage_gb)} GB (--storage-gb).")
    if "lambda.request" in parts:
        said.append(
            f"A server on Lambda takes {plain(assumptions.request_seconds)} seconds for a request"
            " (--request-seconds)."
        )
    if "metrics.metric" in parts:
        said.append("Container Insights also write log events, which are not counted.")
    if _has_spot(places):
        said.append(
            f"Fargate Spot costs up to {plain(spot.most_off * 100)} % less than on demand, and"
            " moves: hence from and to."
        )
    return [
        *said,
        "Prices on demand and of the first tier; no free tiers, savings plans, discounts or taxes.",
        "What exists already and is only named, such as a VPC with its NAT gateways, a load"
        " balancer, secrets or zones, is not in these templates and not counted.",
        "Not counted either: data between zones, requests to S3, Secrets Manager and DNS, images in"
        " registries, and tasks that run twice during a deployment.",
    ]


def _has_spot(places: Sequence[Place]) -> bool:
    return any(line.item.least != 1 for place in places for line in place.estimate.lines) or any(
        "FARGATE_SPOT" in other.key for place in places for other in place.alternatives
    )


def _sources(places: Sequence[Place], spot: SpotDiscount) -> list[str]:
    found = {
        (line.price.source, line.price.date) for place in places for line in place.estimate.lines
    }
    if _has_spot(places):
        found.add((spot.source, spot.date))
    return [f"{date} {source}" for source, date in sorted(found)]


def _sum(places: Sequence[Place]) -> Range:
    return sum((place.estimate.total for place in places), Range.exactly(0))


def money(amount: Range, *, sign: bool = False) -> str:
    """An amount in cents, or from and to.

    Args:
        amount: The amount.
        sign: Whether a sign stands before it. Default: only if it is below zero.
    """
    ends = [_cents(end, sign) for end in (amount.low, amount.high)]
    return ends[0] if ends[0] == ends[1] else " to ".join(ends)


def _cents(amount: Decimal, sign: bool) -> str:
    rounded = amount.quantize(_CENT, ROUND_HALF_UP)
    text = f"{abs(rounded):,f}"
    if rounded < 0:
        return f"-{text}"
    return f"+{text}" if sign and rounded else text


def _span(amount: Range) -> str:
    ends = [f"{end.normalize():,f}" for end in (amount.low, amount.high)]
    return ends[0] if ends[0] == ends[1] else " to ".join(ends)


def as_json(
    places: Sequence[Place], assumptions: Assumptions, spot: SpotDiscount
) -> dict[str, Any]:
    """An estimate as JSON. Amounts are exact, as strings, such as `"29.5504"`."""
    return {
        "assumptions": {name: plain(value) for name, value in vars(assumptions).items()},
        "regions": [_place_json(place) for place in places],
        "total": _range(_sum(places)),
        "spot": {"most_off": plain(spot.most_off), "date": spot.date, "source": spot.source},
    }


def _place_json(place: Place) -> dict[str, Any]:
    estimate = place.estimate
    return {
        "region": place.region,
        "prices_of": estimate.prices_of,
        "lines": [_line_json(line) for line in estimate.lines],
        "fixed": _range(estimate.fixed),
        "usage": _range(estimate.usage),
        "total": _range(estimate.total),
        "alternatives": [
            {"what": other.what, "key": other.key, "usd": _range(other.usd)}
            for other in place.alternatives
        ],
        "not_estimated": [{"what": left.what, "why": left.why} for left in estimate.left],
        "free": estimate.free,
    }


def _line_json(line: Line) -> dict[str, Any]:
    return {
        "part": line.item.part,
        "what": line.item.what,
        "usage": line.item.usage,
        "quantity": _range(line.item.quantity),
        "unit": line.price.unit,
        "unit_price": plain(line.price.usd),
        "usd": _range(line.usd),
        "date": line.price.date,
        "source": line.price.source,
    }


def _range(amount: Range) -> dict[str, str]:
    return {"low": plain(amount.low), "high": plain(amount.high)}
