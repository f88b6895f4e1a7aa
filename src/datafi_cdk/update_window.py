"""UpdateWindow and UpdateFreeze: when the update API takes updates."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import Duration

from .errors import Fault
from .update_times import (
    DAY_MINUTES,
    WEEKDAYS,
    Weekday,
    days_faults,
    freeze_faults,
    minutes_faults,
    start_faults,
)
from .validation import kind_of

__all__ = ["UpdateFreeze", "UpdateWindow"]


@dataclass(frozen=True, kw_only=True)
class UpdateWindow:
    """A time of the week in which updates may begin.

    Args:
        days: The days on which it opens, of `MON`, `TUE`, `WED`, `THU`, `FRI`, `SAT`, `SUN`.
        start: When it opens, as `HH:MM` in UTC.
        duration: How long it stays open, whole minutes, at most a week.

    Example:
        ```python
        nights = UpdateWindow(days=["MON", "TUE"], start="22:00", duration=Duration.hours(4))
        ```
    """

    days: Sequence[Weekday]
    start: str
    duration: Duration


@dataclass(frozen=True, kw_only=True)
class UpdateFreeze:
    """A time in which no updates begin, whatever the windows say.

    Args:
        start: When it begins, as ISO 8601 with an offset: `2026-12-20T00:00:00+01:00`.
        end: When it ends, likewise. Default: it lasts until it is taken out of the code.

    Example:
        ```python
        holidays = UpdateFreeze(start="2026-12-20T00:00:00Z", end="2027-01-03T00:00:00Z")
        ```
    """

    start: str
    end: str | None = None


def window_faults(
    windows: Sequence[UpdateWindow] | None, freezes: Sequence[UpdateFreeze] | None
) -> list[Fault]:
    """Windows and freezes that cannot be."""
    faults = _list_faults("update_windows", windows, UpdateWindow)
    faults += _list_faults("update_freezes", freezes, UpdateFreeze)
    if faults:
        return faults
    for index, window in enumerate(windows or ()):
        faults += _window_faults(f"update_windows[{index}]", window)
    for index, freeze in enumerate(freezes or ()):
        faults += freeze_faults(f"update_freezes[{index}]", freeze.start, freeze.end)
    return faults


def _list_faults(argument: str, values: object, kind: type) -> list[Fault]:
    if values is None:
        return []
    allowed, remedy = f"a list of {kind.__name__}", f"write it as [{kind.__name__}(…)]"
    if not isinstance(values, Sequence) or isinstance(values, str):
        return [Fault(argument, allowed, kind_of(values), remedy)]
    return [
        Fault(argument, allowed, f"a list with {kind_of(value)} in it", remedy)
        for value in values
        if not isinstance(value, kind)
    ]


def _window_faults(place: str, window: UpdateWindow) -> list[Fault]:
    faults = days_faults(f"{place}.days", window.days)
    faults += start_faults(f"{place}.start", window.start)
    duration = window.duration
    if not isinstance(duration, Duration):
        allowed, remedy = "a Duration", "write it as Duration.hours(4)"
        return [*faults, Fault(f"{place}.duration", allowed, kind_of(duration), remedy)]
    if duration.is_unresolved():
        given, remedy = "a token", "write a number of minutes or hours"
        return [*faults, Fault(f"{place}.duration", "known at synthesis", given, remedy)]
    minutes = int(duration.to_milliseconds()) / 60_000
    return faults + minutes_faults(f"{place}.duration", minutes)


def windows_as_json(
    windows: Sequence[UpdateWindow] | None, freezes: Sequence[UpdateFreeze] | None
) -> str:
    """Windows and freezes as the function takes them: minutes since Monday 00:00 UTC."""
    return json.dumps(
        {
            "windows": [
                [
                    WEEKDAYS.index(day) * DAY_MINUTES + _minute(window.start),
                    int(window.duration.to_minutes()),
                ]
                for window in windows or ()
                for day in window.days
            ],
            "freezes": [[freeze.start, freeze.end] for freeze in freezes or ()],
        },
        separators=(",", ":"),
    )


def _minute(time: str) -> int:
    hour, minute = time.split(":")
    return int(hour) * 60 + int(minute)
