"""Every answer of the update API, as the load balancer gets it, and the line logged for it."""

from __future__ import annotations

import json
from typing import Any

import pytest

REVISION = "arn:aws:ecs:eu-west-1:111111111111:task-definition/es:{}"
SERVICE = "arn:aws:ecs:eu-west-1:111111111111:service/c/s"


def test_moves_the_service_and_says_so(world: Any) -> None:
    """The whole answer to a right request."""
    answer = world.order(imageTag="v2")
    body = json.loads(answer.pop("body"))
    assert answer == {
        "statusCode": 200,
        "statusDescription": "200 OK",
        "isBase64Encoded": False,
        "headers": {"content-type": "application/json", "cache-control": "no-store"},
    }
    assert body == {
        "message": "es is being updated to v2.",
        "details": {
            "newTaskDefinitionArn": REVISION.format(2),
            "serviceArn": SERVICE,
            "serviceType": "ES",
            "serviceName": "es",
        },
        "requestId": "request-1",
        "timestamp": "2026-01-02T03:04:05+00:00",
    }
    assert world.ecs.image() == "datafi/es:v2"


def test_does_nothing_for_the_tag_that_runs(world: Any) -> None:
    """Asking twice gives 200 twice, one revision and one deployment."""
    world.order(imageTag="v2")
    before = len(world.ecs.calls)
    answer = world.order(imageTag="v2")
    body = json.loads(answer["body"])
    assert answer["statusCode"] == 200
    assert body["message"] == "es already runs v2."
    assert body["details"]["newTaskDefinitionArn"] == REVISION.format(2)
    assert world.ecs.names()[before:] == ["DescribeServices", "DescribeTaskDefinition"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS", "post", "", None])
def test_refuses_other_methods(world: Any, method: str | None) -> None:
    """405 names the method that is allowed, in the header too, and asks AWS nothing."""
    answer = world.send(httpMethod=method)
    assert answer["statusDescription"] == "405 Method Not Allowed"
    assert answer["headers"]["allow"] == "POST"
    assert json.loads(answer["body"]) == {
        "error": "Method Not Allowed",
        "message": "The method must be POST.",
    }
    assert world.secrets.calls == world.ecs.calls == []


def test_answers_multi_value_headers_in_kind(world: Any) -> None:
    """A target group with multi-value headers drops an answer with plain ones."""
    answer = world.send(headers=None, multiValueHeaders={"x-api-key": ["wrong", "canary"]})
    assert answer["statusCode"] == 401
    assert answer["multiValueHeaders"]["content-type"] == ["application/json"]
    assert "headers" not in answer


@pytest.mark.parametrize("event", [None, [], "text", {}, {"headers": 1, "body": {}}])
def test_survives_events_of_no_load_balancer(world: Any, event: object) -> None:
    """Whatever invokes the function gets a documented answer."""
    assert world.application.answer(event, "request-1")["statusCode"] == 405


def test_logs_one_entry_for_a_request(world: Any) -> None:
    """The entry of a move: who, what, from, to, how long."""
    world.send(path="/es")
    assert world.log == [
        {
            "requestId": "request-1",
            "sourceIp": "203.0.113.7",
            "method": "POST",
            "path": "/es",
            "service": "es",
            "toTag": "v2",
            "fromTag": "v1",
            "status": 200,
            "durationMs": 0,
        }
    ]


def test_a_line_cannot_be_broken_or_grown(asset: Any, world: Any, capsys: Any) -> None:
    """Line breaks are escaped, long text is cut, and the result is one line of JSON."""
    path = '/\n{"forged": true}\u2028\ud800' + "x" * 5000
    world.send(path=path, httpMethod="GET\r\n")
    asset.request_log.write_line(world.log[0])
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert len(out.splitlines()) == 1
    assert json.loads(out)["path"] == path[:256]


def test_an_unexpected_error_is_answered_and_traced_without_values(world: Any) -> None:
    """500 with the request id; the log has the lines it came from, not the messages."""
    error = LookupError("canary-environment-value")
    error.__cause__ = ValueError("canary/Key+with=all")
    world.ecs.failures["DescribeServices"] = error
    answer = world.order(imageTag="v2")
    assert answer["statusDescription"] == "500 Internal Server Error"
    assert json.loads(answer["body"]) == {
        "error": "Internal Server Error",
        "message": "Unexpected error; the function's log has more under this requestId.",
        "requestId": "request-1",
    }
    (entry,) = world.log
    assert entry["status"] == 500
    assert "ValueError" in entry["traceback"]
    assert "LookupError" in entry["traceback"]
    assert "ecs_service.py" in entry["traceback"]
    assert "canary" not in world.seen(answer)
