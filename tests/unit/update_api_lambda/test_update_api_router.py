"""Requests that name no service: which function they reach, and what comes back."""

from __future__ import annotations

import importlib.util
import io
import json
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from conftest import ASSET
from fake_aws import CANARY, Clock, FakeClient, refused

ONE = {"ES": {"es": "es-updates"}, "CO": {"co": "co-updates"}}
SEVERAL = {"ES": {"es": "es-updates", "es2": "es2-updates"}, "CO": {}}


class FakeLambda(FakeClient):
    """Functions that answer with what they were told."""

    function_error = ""
    payload = b""

    def invoke(self, **parameters: Any) -> dict[str, Any]:
        """The answer of a function."""
        self._enter("Invoke", parameters)
        answer = {"statusCode": 200, "body": parameters["FunctionName"]}
        error = {"FunctionError": self.function_error} if self.function_error else {}
        return {"Payload": io.BytesIO(self.payload or json.dumps(answer).encode()), **error}


class Routed:
    """A router with fakes around it."""

    def __init__(self, asset: Any, api_models: Any, functions: Any = ONE) -> None:
        self.client = FakeLambda(api_models.functions, Clock())
        self.log: list[dict[str, Any]] = []
        self.router = asset.router.Router(functions, self.client, self.log.append)

    def send(self, **event: Any) -> dict[str, Any]:
        """Answer an update with some members of its event replaced."""
        whole = {
            "httpMethod": "POST",
            "path": "/",
            "headers": {"x-api-key": CANARY, "x-forwarded-for": "203.0.113.7"},
            "body": '{"imageTag": "v2"}',
            "isBase64Encoded": False,
            **event,
        }
        answer: dict[str, Any] = self.router.answer(whole, "request-1")
        return answer


@pytest.fixture
def routed(asset: Any, api_models: Any) -> Routed:
    """A router in front of one edge server and a coordinator."""
    return Routed(asset, api_models)


@pytest.mark.parametrize(
    ("body", "function", "path"),
    [
        ('{"imageTag": "v2"}', "es-updates", "/es"),
        ('{"imageTag": "v2", "target": null}', "es-updates", "/es"),
        ('{"imageTag": "v2", "target": "ES"}', "es-updates", "/es"),
        ('{"imageTag": "v2", "target": "CO"}', "co-updates", "/co"),
        ("no JSON", "es-updates", "/es"),
        (None, "es-updates", "/es"),
    ],
)
def test_finds_the_service_that_is_meant(
    routed: Routed, body: str | None, function: str, path: str
) -> None:
    """The function gets the request as it came, but for the path; what it answers is handed on."""
    assert routed.send(body=body) == {"statusCode": 200, "body": function}
    ((_, parameters),) = routed.client.calls
    event = json.loads(parameters["Payload"])
    assert (event["path"], event["body"]) == (path, body)
    assert event["headers"]["x-api-key"] == CANARY
    assert event["headers"]["x-forwarded-for"] == "203.0.113.7"
    (entry,) = routed.log
    assert (entry["service"], entry["status"]) == (path[1:], 200)
    assert "canary" not in json.dumps(routed.log)


def test_several_edge_servers_are_named(asset: Any, api_models: Any) -> None:
    """Without a path it is not known which is meant; never is it the first of them."""
    routed = Routed(asset, api_models, SEVERAL)
    for body in ('{"imageTag": "v2"}', '{"imageTag": "v2", "target": "ES"}'):
        answer = routed.send(body=body)
        assert answer["statusCode"] == 400
        assert json.loads(answer["body"])["message"] == (
            "Several servers are meant: send the request to one of /es, /es2."
        )
    assert routed.client.calls == []


@pytest.mark.parametrize("target", ["CO", "XX", "", 7, ["ES"], {"ES": 1}, True])
def test_a_target_that_is_not_there_is_refused(asset: Any, api_models: Any, target: Any) -> None:
    """Without a coordinator, `CO` is as wrong as anything else."""
    routed = Routed(asset, api_models, {"ES": {"es": "es-updates"}, "CO": {}})
    answer = routed.send(body=json.dumps({"imageTag": "v2", "target": target}))
    assert answer["statusCode"] == 400
    assert json.loads(answer["body"])["message"] == (
        "No server is meant: send the request to one of /es."
    )


def test_the_coordinator_is_never_meant_without_a_target(asset: Any, api_models: Any) -> None:
    """Also where it is the only one with an update API."""
    routed = Routed(asset, api_models, {"ES": {}, "CO": {"co": "co-updates"}})
    assert routed.send()["statusCode"] == 400
    assert routed.client.calls == []


@pytest.mark.parametrize("method", ["GET", "PUT", "", None, "post"])
def test_only_updates_are_taken(routed: Routed, method: str | None) -> None:
    """405: a report is asked for at a service's own path."""
    answer = routed.send(httpMethod=method)
    assert answer["statusCode"] == 405
    assert answer["headers"]["allow"] == "POST"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (refused("Invoke", "TooManyRequestsException"), "TooManyRequestsException"),
        (refused("Invoke"), "AccessDeniedException"),
        (ReadTimeoutError(endpoint_url="https://lambda"), "ReadTimeoutError"),
    ],
)
def test_a_function_that_cannot_be_invoked(routed: Routed, error: Exception, code: str) -> None:
    """500 with the call and AWS's code; the log has them as well."""
    routed.client.failures["Invoke"] = error
    answer = routed.send(multiValueHeaders={"x-api-key": [CANARY]})
    assert answer["statusCode"] == 500
    assert answer["multiValueHeaders"]["content-type"] == ["application/json"]
    assert json.loads(answer["body"])["message"] == f"lambda:InvokeFunction failed: {code}."
    assert routed.log[0]["code"] == code
    assert "canary" not in json.dumps([answer, routed.log])


def test_a_function_that_failed(routed: Routed) -> None:
    """Lambda says that it raised; what it raised is in its own log."""
    routed.client.function_error = "Unhandled"
    message = json.loads(routed.send()["body"])["message"]
    assert message == "lambda:InvokeFunction failed: Unhandled."


@pytest.mark.parametrize(
    ("payload", "code"),
    [(b"no JSON", "UnreadablePayload"), (b"null", "NoAnswer"), (b"{}", "NoAnswer")],
)
def test_a_function_whose_answer_is_none(routed: Routed, payload: bytes, code: str) -> None:
    """The load balancer would say no more than that it got a bad answer."""
    routed.client.payload = payload
    message = json.loads(routed.send()["body"])["message"]
    assert message == f"lambda:InvokeFunction failed: {code}."


def test_the_entry_is_wired_from_its_environment(
    asset: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """It does not try an update twice, and waits longer than the function may take."""
    monkeypatch.setenv("FUNCTIONS", json.dumps(ONE))
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    for name, module in vars(asset).items():
        monkeypatch.setitem(sys.modules, name, module)
    spec = importlib.util.spec_from_file_location("router_entry", ASSET / "router_handler.py")
    assert spec
    assert spec.loader
    entry: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(entry)
    context = SimpleNamespace(aws_request_id="request-7")
    assert entry.handler({"httpMethod": "PUT"}, context)["statusCode"] == 405
    assert json.loads(capsys.readouterr().out)["requestId"] == "request-7"
    assert entry._CLIENT_CONFIG.retries == {"mode": "standard", "total_max_attempts": 1}
    assert entry._CLIENT_CONFIG.read_timeout > 120
