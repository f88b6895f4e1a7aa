"""When updates are taken, in UTC."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

HOUR = 60
DAY = 24 * HOUR


def moment(text: str) -> datetime:
    """A time of January 2026, whose 5th is a Monday: day and time."""
    return datetime.fromisoformat(f"2026-01-{text}+00:00")


def windows(asset: Any, *entries: tuple[int, int], freezes: Any = ()) -> Any:
    """Windows as the function's environment has them."""
    text = json.dumps({"windows": entries, "freezes": freezes})
    return asset.update_windows.UpdateWindows.from_json(text)


@pytest.mark.parametrize(
    ("time", "is_open"),
    [
        ("05T21:59", False),
        ("05T22:00", True),
        ("06T01:59", True),
        ("06T02:00", False),
        ("11T22:30", True),
        ("12T00:30", True),
        ("12T01:00", False),
    ],
)
def test_windows_may_cross_midnight_and_the_week(asset: Any, time: str, *, is_open: bool) -> None:
    """Monday 22:00 for four hours, and Sunday 22:00 for three."""
    weekly = windows(asset, (22 * HOUR, 4 * HOUR), (6 * DAY + 22 * HOUR, 3 * HOUR))
    assert weekly.is_open(moment(time)) is is_open


@pytest.mark.parametrize(
    ("time", "opening"),
    [("05T10:00", "05T22:00"), ("06T02:00", "12T22:00"), ("11T23:59", "12T22:00")],
)
def test_tells_the_next_window(asset: Any, time: str, opening: str) -> None:
    """This week or the next."""
    assert windows(asset, (22 * HOUR, 4 * HOUR)).next_opening(moment(time)) == moment(opening)


def test_a_freeze_closes_windows(asset: Any) -> None:
    """The next one is the first that is not frozen, also if that began during the freeze."""
    freeze = [["2026-01-05T00:00:00+00:00", "2026-01-12T23:00:00+00:00"]]
    frozen = windows(asset, (22 * HOUR, 4 * HOUR), freezes=freeze)
    assert not frozen.is_open(moment("05T22:30"))
    assert frozen.next_opening(moment("05T22:30")) == moment("12T23:00")
    assert frozen.is_open(moment("12T23:00"))


def test_a_freeze_without_windows_ends(asset: Any) -> None:
    """Outside it, updates are taken at any time; of two that overlap, the last end counts."""
    freeze = [
        ["2026-01-05T00:00:00+01:00", "2026-01-07T00:00:00+00:00"],
        ["2026-01-06T00:00:00+00:00", "2026-03-01T00:00:00+00:00"],
    ]
    frozen = windows(asset, freezes=freeze)
    assert frozen.is_open(datetime(2026, 1, 4, 22, 59, tzinfo=UTC))
    assert not frozen.is_open(datetime(2026, 1, 4, 23, 0, tzinfo=UTC))
    assert frozen.next_opening(moment("06T00:00")) == datetime(2026, 3, 1, tzinfo=UTC)


def test_a_freeze_without_an_end_has_no_next_window(asset: Any) -> None:
    """Until the code says otherwise."""
    frozen = windows(asset, (0, HOUR), freezes=[["2026-01-01T00:00:00+00:00", None]])
    assert frozen.next_opening(moment("06T00:00")) is None


def test_a_freeze_may_last_as_long_as_the_calendar(asset: Any) -> None:
    """As people write that it lasts for good: the answer is that day, or none beyond it."""
    for end, opening in (
        ("9999-12-31T23:59:59+00:00", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("9999-12-31T23:59:59-14:00", None),
    ):
        for entries in ((), ((0, 7 * DAY),)):
            frozen = windows(asset, *entries, freezes=[["0001-01-01T00:00:00+14:00", end]])
            assert not frozen.is_open(moment("06T00:00"))
            assert frozen.next_opening(moment("06T00:00")) == opening


def test_a_window_opens_by_utc_where_a_freeze_ends_by_another_clock(asset: Any) -> None:
    """23:30 of Monday in New York is Tuesday in UTC."""
    freeze = [["2026-01-05T00:00:00+00:00", "2026-01-05T23:30:00-05:00"]]
    frozen = windows(asset, (DAY + 4 * HOUR, HOUR), freezes=freeze)
    assert frozen.next_opening(moment("05T10:00")) == moment("06T04:30")


@pytest.mark.parametrize("members", [{}, {"force": True}, {"dryRun": True}])
def test_outside_the_windows_an_update_is_forbidden(world: Any, members: dict[str, Any]) -> None:
    """403 with the next window, whatever the caller says; a report is given at any time."""
    world.build(UPDATE_WINDOWS=json.dumps({"windows": [[22 * HOUR, 60]]}))
    for answer in (world.update("v2", **members), world.rollback()):
        assert answer == {
            "status": 403,
            "error": "Forbidden",
            "message": "Updates are taken again at 2026-01-05T22:00:00+00:00.",
            "nextWindow": "2026-01-05T22:00:00+00:00",
        }
    assert world.ecs.calls == []
    assert world.report()["status"] == 200
    world.clock.seconds += 19 * 3600
    assert world.update("v2", **members)["status"] == 200


def test_a_freeze_without_an_end_says_so(world: Any) -> None:
    """403, and no next window."""
    world.build(UPDATE_WINDOWS='{"freezes": [["2026-01-01T00:00:00+00:00", null]]}')
    answer = world.update("v2")
    assert (answer["status"], answer["nextWindow"]) == (403, None)
    assert answer["message"] == "Updates are frozen without an end."
