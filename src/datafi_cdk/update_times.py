"""What the times of update windows and freezes may be."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Literal, get_args

from .errors import Fault
from .validation import in_full

Weekday = Literal["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]
WEEKDAYS: tuple[str, ...] = get_args(Weekday)
DAY_MINUTES = 24 * 60
WEEK_MINUTES = 7 * DAY_MINUTES
TIME = "([01][0-9]|2[0-3]):[0-5][0-9]"
"""The form of a time of the day."""


def days_faults(place: str, days: object) -> list[Fault]:
    """Days of the week, at least one."""
    allowed = f"a list of days, of {', '.join(WEEKDAYS)}"
    remedy = "write it as ['MON', 'TUE']"
    if not isinstance(days, Sequence) or isinstance(days, str) or not days:
        return [Fault(place, allowed, in_full(days), remedy)]
    return [Fault(place, allowed, in_full(day), remedy) for day in days if day not in WEEKDAYS]


def start_faults(place: str, start: object) -> list[Fault]:
    """A time of the day."""
    if isinstance(start, str) and re.fullmatch(TIME, start):
        return []
    return [Fault(place, "a time as HH:MM in UTC", in_full(start), "write it as '22:00'")]


def minutes_faults(place: str, minutes: float) -> list[Fault]:
    """A length of up to a week."""
    if minutes % 1 == 0 and 1 <= minutes <= WEEK_MINUTES:
        return []
    allowed = "whole minutes, from 1 to those of a week (10080)"
    return [Fault(place, allowed, f"{minutes:g} minutes", "choose another length")]


def freeze_faults(place: str, start: object, end: object) -> list[Fault]:
    """Times with an offset, of which the first is the earlier one."""
    faults = moment_faults(f"{place}.start", start)
    if end is not None:
        faults += moment_faults(f"{place}.end", end)
    return faults or order_faults(f"{place}.end", start, end)


def moment_faults(place: str, text: object) -> list[Fault]:
    """A time with an offset."""
    if _moment(text):
        return []
    remedy = "write it as '2026-12-20T00:00:00+01:00'"
    return [Fault(place, "a time as ISO 8601 with an offset", in_full(text), remedy)]


def order_faults(place: str, start: object, end: object) -> list[Fault]:
    """An end that is not after the start."""
    first, last = _moment(start), _moment(end)
    if not (first and last) or first < last:
        return []
    return [Fault(place, f"later than {start}", in_full(end), "raise it")]


def _moment(text: object) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None
