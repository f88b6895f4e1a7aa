"""Events that one function hands on to those that they are about."""

from __future__ import annotations

import importlib.util
import json
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import ASSET
from fake_aws import Clock, FakeClient, refused

APIS = [("es-updates", ["Edge-Es-1"], [0]), ("other-updates", ["Other-A-1", "Edge-B-1"], [1, 0])]
STACKS = ["Edge", "Other"]


def rollout(service: str) -> dict[str, Any]:
    """An event of ECS about a service."""
    arn = f"arn:aws:ecs:eu-west-1:111111111111:service/Cluster/{service}"
    return {"source": "aws.ecs", "detail-type": "ECS Deployment State Change", "resources": [arn]}


def stack_at_rest(stack: str) -> dict[str, Any]:
    """An event of CloudFormation about a stack."""
    arn = f"arn:aws:cloudformation:eu-west-1:111111111111:stack/{stack}/1234"
    return {
        "source": "aws.cloudformation",
        "detail-type": "CloudFormation Stack Status Change",
        "detail": {"stack-id": arn},
    }


class FakeLambda(FakeClient):
    """Functions that take whatever they are told."""

    def invoke(self, **parameters: Any) -> dict[str, Any]:
        """Take an event."""
        self._enter("Invoke", parameters)
        return {"StatusCode": 202}


class Forwarded:
    """A forwarder with fakes around it."""

    def __init__(self, asset: Any, api_models: Any) -> None:
        self.client = FakeLambda(api_models.functions, Clock())
        self.log: list[dict[str, Any]] = []
        forwarder = asset.event_forwarder.EventForwarder
        self.forwarder = forwarder(APIS, STACKS, self.client, self.log.append)

    @property
    def told(self) -> list[str]:
        """The functions that were invoked."""
        return [parameters["FunctionName"] for _, parameters in self.client.calls]


@pytest.fixture
def forwarded(asset: Any, api_models: Any) -> Forwarded:
    """A forwarder in front of two update APIs."""
    return Forwarded(asset, api_models)


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (rollout("Edge-Es-1"), ["es-updates"]),
        (rollout("Edge-B-1"), ["other-updates"]),
        (rollout("Edge-Es-10"), []),
        (stack_at_rest("Edge"), ["es-updates", "other-updates"]),
        (stack_at_rest("Other"), ["other-updates"]),
        (stack_at_rest("Edge-versions"), []),
    ],
)
def test_events_reach_those_they_are_about(
    forwarded: Forwarded, event: dict[str, Any], told: list[str]
) -> None:
    """As they came, without waiting for an answer; nothing is logged of others."""
    forwarded.forwarder.handle(event, "request-1")
    assert forwarded.told == told
    for _, parameters in forwarded.client.calls:
        assert json.loads(parameters["Payload"]) == event
        assert parameters["InvocationType"] == "Event"
    assert [entry["functions"] for entry in forwarded.log] == ([told] if told else [])


def test_all_are_asked_though_one_cannot_be_told(forwarded: Forwarded, asset: Any) -> None:
    """The fault comes last, so that Lambda tries the event again, and it is logged."""
    forwarded.client.failures["Invoke"] = refused("Invoke")
    with pytest.raises(asset.api_errors.AwsFault):
        forwarded.forwarder.handle(stack_at_rest("Edge"), "request-1")
    assert forwarded.told == ["es-updates", "other-updates"]
    assert len(forwarded.log[0]["faults"]) == 2


def test_the_entry_point_reads_its_environment(
    asset: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every variable that starts so is an update API; an event of none is answered by nothing."""
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("STACKS", json.dumps(STACKS))
    monkeypatch.setenv("API_0123", json.dumps(APIS[0]))
    for name, module in vars(asset).items():
        monkeypatch.setitem(sys.modules, name, module)
    spec = importlib.util.spec_from_file_location("events_entry", ASSET / "events_handler.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.handler(rollout("Unknown"), SimpleNamespace(aws_request_id="request-1"))
    assert capsys.readouterr().out == ""
