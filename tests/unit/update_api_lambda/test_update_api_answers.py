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
        "timestamp": "2026-01-05T03:04:05+00:00",
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
    assert set(world.ecs.names()[before:]) == {"DescribeServices", "DescribeTaskDefinition"}
    assert world.ssm.value == "v2"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "OPTIONS", "post", "", None])
def test_refuses_other_methods(world: Any, method: str | None) -> None:
    """405 names the methods that are allowed, in the header too, and asks AWS nothing."""
    answer = world.send(httpMethod=method)
    assert answer["statusDescription"] == "405 Method Not Allowed"
    assert answer["headers"]["allow"] == "GET, POST"
    assert json.loads(answer["body"]) == {
        "error": "Method Not Allowed",
        "message": "The method must be GET or POST.",
    }
    assert world.secrets.calls == world.ecs.calls == []


def test_a_rollback_is_posted(world: Any) -> None:
    """GET of a rollback would change what it only reads."""
    answer = world.send(httpMethod="GET", path="/es/rollback")
    assert answer["statusCode"] == 405
    assert answer["headers"]["allow"] == "POST"


@pytest.mark.parametrize("path", ["/", "", "/co", "/es/x", "/es/rollback/x", "/ES", "//es/x"])
def test_other_paths_are_not_found(world: Any, path: str) -> None:
    """404 names the paths there are, to who has the key only; with a wrong one it is 401."""
    answer = world.send(path=path)
    assert answer["statusDescription"] == "404 Not Found"
    assert json.loads(answer["body"]) == {
        "error": "Not Found",
        "message": "The path must be one of /es, or one of these with /rollback.",
    }
    assert world.send(path=path, headers={"x-api-key": "wrong"})["statusCode"] == 401
    assert world.ecs.calls == []


@pytest.mark.parametrize("path", ["/", "/co", "/.env", "/ES"])
def test_who_looks_for_a_way_in_finds_nothing(world: Any, path: str) -> None:
    """Without a key it is no refused key, of which five in five minutes ring an alarm."""
    answer = world.send(path=path, headers={})
    assert answer["statusCode"] == 404
    assert "/es" not in answer["body"]
    assert world.send(path="/es/x", headers={})["statusCode"] == 401


def test_the_end_of_a_path_may_have_a_slash(world: Any) -> None:
    """As addresses are often written."""
    assert world.send(path="/es/")["statusCode"] == 200


def test_answers_multi_value_headers_in_kind(world: Any) -> None:
    """A target group with multi-value headers drops an answer with plain ones."""
    answer = world.send(headers=None, multiValueHeaders={"x-api-key": ["canary", "wrong"]})
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
    (entry,) = world.log
    metrics = entry.pop("_aws")
    assert entry == {
        "requestId": "request-1",
        "caller": "203.0.113.7",
        "method": "POST",
        "path": "/es",
        "service": "es",
        "to": "v2",
        "from": "v1",
        "status": 200,
        "durationMs": 0,
        "Requests": 1,
        "Updates": 1,
        "Refusals": 0,
        "Faults": 0,
    }
    (directive,) = metrics["CloudWatchMetrics"]
    assert directive["Namespace"] == "Datafi/UpdateApi"
    assert directive["Dimensions"] == [["service"]]
    assert {metric["Name"] for metric in directive["Metrics"]} == {
        "Requests",
        "Updates",
        "Refusals",
        "Faults",
        "durationMs",
    }
    assert metrics["Timestamp"] == 1767582245000


@pytest.mark.parametrize(
    ("event", "counted"),
    [({"body": "x"}, "Refusals"), ({"headers": {}}, "Refusals"), ({"path": "/co"}, "Refusals")],
)
def test_counts_refusals(world: Any, event: dict[str, Any], counted: str) -> None:
    """Each request counts, and what became of it."""
    world.send(**event)
    (entry,) = world.log
    assert entry["Requests"] == entry[counted] == 1
    assert entry["Updates"] == entry["Faults"] == 0


def test_tells_the_audit_trail(world: Any) -> None:
    """One event on the default bus for one change, with who asked for it."""
    world.order(imageTag="v2")
    (_, parameters) = world.events.calls[0]
    (entry,) = parameters["Entries"]
    assert (entry["Source"], entry["DetailType"]) == ("datafi.update-api", "Datafi Service Update")
    assert json.loads(entry["Detail"]) == {
        "service": "es",
        "action": "update",
        "from": "v1",
        "to": "v2",
        "by": "203.0.113.7",
        "requestId": "request-1",
    }


def test_an_update_without_an_audit_event_says_so(world: Any) -> None:
    """It is done all the same; the answer and the log tell what is missing."""
    world.events.error_code = "InternalFailure"
    answer = json.loads(world.order(imageTag="v2")["body"])
    warning = "events:PutEvents failed: InternalFailure: the update is in no audit event."
    assert answer["warnings"] == [warning]
    assert world.ecs.image() == "datafi/es:v2"
    assert world.log[0]["fault"] == "events:PutEvents"


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
