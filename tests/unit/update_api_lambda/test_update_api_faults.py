"""Each call to AWS fails in turn: the answer says which, and nothing is left half done."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ParamValidationError, ReadTimeoutError

FIRST = "arn:aws:ecs:eu-west-1:111111111111:task-definition/es:1"
SECOND = "arn:aws:ecs:eu-west-1:111111111111:task-definition/es:2"
CALLS = [
    "GetSecretValue",
    "DescribeServices",
    "DescribeTaskDefinition",
    "RegisterTaskDefinition",
    "UpdateService",
]


def action(call: str) -> str:
    """The call as IAM names it."""
    return f"{'secretsmanager' if call == 'GetSecretValue' else 'ecs'}:{call}"


def failing(world: Any, call: str, error: Exception) -> None:
    """Make a call fail."""
    client = world.secrets if call == "GetSecretValue" else world.ecs
    client.failures[call] = error


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException"])
def test_a_refused_call_is_named(world: Any, call: str, code: str) -> None:
    """500 with the call and AWS's code; the service and its revisions are as before."""
    failing(world, call, world.refused(call, code))
    answer = world.order(imageTag="v2")
    assert answer["statusDescription"] == "500 Internal Server Error"
    assert json.loads(answer["body"]) == {
        "error": "Internal Server Error",
        "message": f"{action(call)} failed: {code}.",
        "requestId": "request-1",
    }
    (entry,) = world.log
    assert (entry["fault"], entry["code"]) == (action(call), code)
    assert entry["awsRequestId"] == "aws-request-1"
    assert world.ecs.service["taskDefinition"] == FIRST
    assert list(world.ecs.definitions) == [FIRST]
    assert "canary" not in world.seen(answer)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "error",
    [
        ReadTimeoutError(endpoint_url="https://canary"),
        ParamValidationError(report="value: canary-environment-value"),
    ],
)
def test_a_call_without_an_answer_is_named(world: Any, call: str, error: Exception) -> None:
    """The code is then the name of botocore's error; its message, which may quote, is not told."""
    failing(world, call, error)
    answer = world.order(imageTag="v2")
    message = json.loads(answer["body"])["message"]
    assert message == f"{action(call)} failed: {type(error).__name__}."
    assert list(world.ecs.definitions) == [FIRST]
    assert "canary" not in world.seen(answer)


def test_the_orphan_is_deregistered(world: Any) -> None:
    """If the service refuses the new revision, only that one is taken back, and the log says so."""
    failing(world, "UpdateService", world.refused("UpdateService"))
    world.order(imageTag="v2")
    assert world.ecs.calls[-1] == ("DeregisterTaskDefinition", {"taskDefinition": SECOND})
    assert world.log[0]["orphan"] == f"{SECOND} deregistered"


@pytest.mark.parametrize("call", ["DescribeServices", "DeregisterTaskDefinition"])
def test_a_failed_clean_up_is_logged_and_hides_nothing(
    world: Any, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """The answer is about the first error; the log names the revision that is left."""

    def update_service(**_: Any) -> None:
        failing(world, call, world.refused(call, "ServerException"))
        raise world.refused("UpdateService")

    monkeypatch.setattr(world.ecs, "update_service", update_service)
    answer = world.order(imageTag="v2")
    message = json.loads(answer["body"])["message"]
    assert message == "ecs:UpdateService failed: AccessDeniedException."
    (entry,) = world.log
    assert entry["code"] == "AccessDeniedException"
    assert entry["orphan"] == f"{SECOND} left behind: {action(call)} failed: ServerException"


def test_a_revision_that_the_service_took_is_kept(world: Any) -> None:
    """UpdateService timed out but was carried out: asking again finds the tag running."""
    world.ecs.lose_answer_of_update = True
    failing(world, "UpdateService", ReadTimeoutError(endpoint_url="https://ecs"))
    assert world.order(imageTag="v2")["statusCode"] == 500
    assert world.log[0]["orphan"] == f"{SECOND} kept: the service is set to it"
    assert "DeregisterTaskDefinition" not in world.ecs.names()
    assert json.loads(world.order(imageTag="v2")["body"])["message"] == "es already runs v2."


@pytest.mark.parametrize(
    "service",
    [{}, {"status": "INACTIVE", "taskDefinition": FIRST}, {"status": "ACTIVE"}],
)
def test_a_service_that_is_gone_is_said_to_be(world: Any, service: dict[str, Any]) -> None:
    """No service, a deleted one, or one without a task definition of its own."""
    world.ecs.service = service
    message = json.loads(world.order(imageTag="v2")["body"])["message"]
    assert message == "ecs:DescribeServices failed: ServiceNotActive."


def test_a_failure_that_ecs_reports_inside_its_answer(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DescribeServices answers 200 with a reason for a service it does not know."""
    answer = {"services": [], "failures": [{"arn": "x", "reason": "MISSING"}]}
    monkeypatch.setattr(world.ecs, "describe_services", lambda **_: answer)
    message = json.loads(world.order(imageTag="v2")["body"])["message"]
    assert message == "ecs:DescribeServices failed: MISSING."


@pytest.mark.parametrize("containers", [[], [{"name": "app"}], [{"name": "other", "image": "a"}]])
def test_a_container_that_is_gone_is_said_to_be(world: Any, containers: list[Any]) -> None:
    """A task definition without the container, or with a container without an image."""
    world.ecs.definitions[FIRST]["containerDefinitions"] = containers
    message = json.loads(world.order(imageTag="v2")["body"])["message"]
    assert message == "ecs:DescribeTaskDefinition failed: ContainerNotFound."
