"""UpdateWindow and UpdateFreeze: what they refuse, and how the update API's function is told."""

import dataclasses
import json
from typing import Any

import pytest
from datafi_cdk import EdgeServer, InvalidInputError, UpdateApi, UpdateFreeze, UpdateWindow
from aws_cdk import Duration, Token
from aws_cdk.assertions import Template
from deployment import FUNCTION, properties, surroundings

TIME = "write it as '2026-12-20T00:00:00+01:00'"
DAYS = "a list of days, of MON, TUE, WED, THU, FRI, SAT, SUN"
LENGTH = "whole minutes, from 1 to those of a week (10080)"


def window(**changes: Any) -> UpdateWindow:
    """An hour of Monday night, with changes."""
    arguments = {"days": ["MON"], "start": "22:00", "duration": Duration.hours(1)}
    return UpdateWindow(**{**arguments, **changes})


def freeze(start: Any = "2026-12-20T00:00:00+01:00", end: Any = None) -> UpdateFreeze:
    """A freeze of these times."""
    return UpdateFreeze(start=start, end=end)


def told(**arguments: Any) -> Any:
    """What the function of an update API with these arguments is told of times."""
    made = surroundings()
    edge = EdgeServer(made.stack, "Es", **made.around, name="es")
    UpdateApi(made.stack, "Updates", ingress=made.ingress, services=[edge], **arguments)
    template = Template.from_stack(made.stack)
    text = properties(template, FUNCTION, "Updates")["Environment"]["Variables"]["UPDATE_WINDOWS"]
    return json.loads(text)


def test_every_time_is_open_by_default() -> None:
    """Without windows and freezes the function is told of none; so it is with empty lists."""
    nothing = {"windows": [], "freezes": []}
    assert told() == told(update_windows=[], update_freezes=[]) == nothing


def test_windows_are_told_in_minutes_since_monday() -> None:
    """Each day of a window is one entry: its start in the week, and its length, in minutes."""
    found = told(
        update_windows=[
            window(days=["MON", "SUN"], start="22:30", duration=Duration.hours(4)),
            window(days=("WED",), start="00:00", duration=Duration.days(7)),
            window(days=["TUE"], start="23:59", duration=Duration.seconds(60)),
        ]
    )
    assert found["windows"] == [
        [22 * 60 + 30, 240],
        [6 * 1440 + 22 * 60 + 30, 240],
        [2 * 1440, 10080],
        [1440 + 23 * 60 + 59, 1],
    ]


def test_freezes_are_told_as_they_are_written() -> None:
    """Times keep their offset; a freeze without an end has none."""
    times = ("2026-12-20T00:00:00+01:00", "2027-01-03T00:00:00Z")
    found = told(update_freezes=[freeze(*times), freeze("2027-02-01T12:00:00-05:00")])
    assert found["freezes"] == [list(times), ["2027-02-01T12:00:00-05:00", None]]


def test_they_cannot_be_changed() -> None:
    """A window or a freeze can be handed to several update APIs: nobody changes it."""
    made: Any
    for made in (window(), freeze()):
        with pytest.raises(dataclasses.FrozenInstanceError):
            made.start = "23:00"
    assert freeze().end is None


W, F = "update_windows[0]", "update_freezes[0]"
REFUSALS: list[tuple[dict[str, Any], str]] = [
    ({"update_windows": "MON"},
     "update_windows must be a list of UpdateWindow, got a value of type str; "
     "write it as [UpdateWindow(…)]."),
    ({"update_windows": window()},
     "update_windows must be a list of UpdateWindow, got a value of type UpdateWindow; "
     "write it as [UpdateWindow(…)]."),
    ({"update_windows": ["MON"]},
     "update_windows must be a list of UpdateWindow, got a list with a value of type str in it; "
     "write it as [UpdateWindow(…)]."),
    ({"update_freezes": 5},
     "update_freezes must be a list of UpdateFreeze, got a value of type int; "
     "write it as [UpdateFreeze(…)]."),
    ({"update_freezes": [window()]},
     "update_freezes must be a list of UpdateFreeze, got a list with a value of type UpdateWindow "
     "in it; write it as [UpdateFreeze(…)]."),
    *(
        ({"update_windows": [window(days=days)]},
         f"{W}.days must be {DAYS}, got {shown}; write it as ['MON', 'TUE'].")
        for days, shown in (
            ("MON", "'MON'"), ([], "[]"), (5, "5"), (None, "None"), (["MON", "Tue"], "'Tue'"),
            ([["MON"]], "['MON']"),
        )
    ),
    *(
        ({"update_windows": [window(start=start)]},
         f"{W}.start must be a time as HH:MM in UTC, got {start!r}; write it as '22:00'.")
        for start in ("24:00", "9:00", "22:60", "22:00Z", 1320, None, "22:00\n")
    ),
    ({"update_windows": [window(), window(duration=4)]},
     "update_windows[1].duration must be a Duration, got a value of type int; "
     "write it as Duration.hours(4)."),
    *(
        ({"update_windows": [window(duration=duration)]},
         f"{W}.duration must be {LENGTH}, got {shown} minutes; choose another length.")
        for duration, shown in (
            (Duration.minutes(0), "0"), (Duration.seconds(90), "1.5"),
            (Duration.minutes(10081), "10081"),
        )
    ),
    ({"update_windows": [window(duration=Duration.minutes(Token.as_number({"Ref": "Length"})))]},
     f"{W}.duration must be known at synthesis, got a token; write a number of minutes or hours."),
    *(
        ({"update_freezes": [freeze(start)]},
         f"{F}.start must be a time as ISO 8601 with an offset, got {start!r}; {TIME}.")
        for start in ("2026-12-20T00:00:00", "2026-12-20", "20 December", "", 5, None)
    ),
    ({"update_freezes": [freeze(end="2027-01-03")]},
     f"{F}.end must be a time as ISO 8601 with an offset, got '2027-01-03'; {TIME}."),
    *(
        ({"update_freezes": [freeze(end=end)]},
         f"{F}.end must be later than 2026-12-20T00:00:00+01:00, got {end!r}; raise it.")
        for end in (
            "2026-12-20T00:00:00+01:00", "2026-12-19T23:00:00Z", "2026-12-20T00:30:00+02:00",
        )
    ),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "sentence"), REFUSALS)
def test_refuses(arguments: dict[str, Any], sentence: str) -> None:
    """One sentence says where, what may stand there, what stands there, and what to do."""
    with pytest.raises(InvalidInputError) as refusal:
        told(**arguments)
    assert str(refusal.value) == f"Test/Updates: {sentence}"


def test_refuses_with_every_fault() -> None:
    """All that is wrong of windows and freezes is told at once."""
    with pytest.raises(InvalidInputError) as refusal:
        told(
            update_windows=[window(days=[], start="24:00", duration=4)],
            update_freezes=[freeze("now", "then")],
        )
    assert [fault.place.removeprefix("Test/Updates: ") for fault in refusal.value.faults] == [
        f"{W}.days", f"{W}.start", f"{W}.duration", f"{F}.start", f"{F}.end",
    ]  # fmt: skip
