"""What the filters of `EdgeMonitoring` count in the lines that the Lambda really writes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from datafi_cdk.monitored_front import faults, wrong_keys
from log_patterns import matches

FAULTS, WRONG_KEYS = faults().log_pattern_string, wrong_keys().log_pattern_string


@pytest.fixture
def counted(world: Any, capsys: pytest.CaptureFixture[str]) -> Any:
    """Tells how many lines of the log are faults, and how many wrong keys."""

    def count() -> tuple[int, int]:
        for entry in world.log:
            world.asset.request_log.write_line(entry)
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == len(world.log) > 0
        return tuple(sum(matches(each, line) for line in lines) for each in (FAULTS, WRONG_KEYS))

    return count


def test_what_goes_well_is_not_counted(world: Any, counted: Any) -> None:
    """An update, a report, and a rollout that completed."""
    assert world.update("v2")["status"] == 200
    world.report()
    world.deployment_event()
    assert counted() == (0, 0)


@pytest.mark.parametrize("headers", [{}, {"x-api-key": "wrong"}, {"x-api-key": ""}])
def test_a_refused_key_is_counted(world: Any, counted: Any, headers: dict[str, str]) -> None:
    """A wrong key, an empty one, and none."""
    assert world.send(headers=headers)["statusCode"] == 401
    assert counted() == (0, 1)


def test_other_refusals_are_not_counted(world: Any, counted: Any) -> None:
    """Neither a malformed tag nor a path or a method that there is not."""
    for event in ({"body": "{"}, {"path": "/nobody"}, {"httpMethod": "PUT"}):
        assert 400 <= world.send(**event)["statusCode"] < 500
    assert counted() == (0, 0)


def test_a_fault_of_aws_is_counted(world: Any, counted: Any) -> None:
    """A call that fails while a request is answered."""
    world.ecs.failures["UpdateService"] = world.refused("UpdateService", "AccessDeniedException")
    assert world.update("v2")["status"] == 500
    assert counted() == (1, 0)


def test_an_unexpected_error_is_counted(
    world: Any, counted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception that nobody thought of."""

    def fail(*_: Any) -> None:
        raise RuntimeError("not thought of")

    monkeypatch.setattr(world.application, "_authenticate", fail)
    assert world.send()["statusCode"] == 500
    assert counted() == (1, 0)


def test_a_lease_that_stays_is_counted(world: Any, counted: Any) -> None:
    """The update was made, and the next one will find the service busy."""
    world.ssm.failures["DeleteParameter"] = world.refused(
        "DeleteParameter", "AccessDeniedException"
    )
    assert world.update("v2")["status"] == 200
    assert counted() == (1, 0)


def test_a_fault_after_an_event_is_counted(world: Any, counted: Any) -> None:
    """A rollout is over, and its end could not be told."""
    world.update("v2")
    world.events.failures["PutEvents"] = world.refused("PutEvents", "AccessDeniedException")
    world.deployment_event()
    assert "faults" in world.log[-1], world.log
    assert counted() == (1, 0)


def test_lines_that_are_no_json_are_not_counted() -> None:
    """What Lambda itself writes between them."""
    for line in ("START RequestId: 1a2b Version: $LATEST", "{", json.dumps(["status", 500])):
        assert not matches(FAULTS, line)
        assert not matches(WRONG_KEYS, line)
