"""Each call to AWS fails in turn: the answer says which, and nothing is left half done."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import (
    ConnectTimeoutError,
    ParamValidationError,
    ReadTimeoutError,
)
from fake_aws import FAMILY, PARAMETER, FakeClient

FIRST = f"{FAMILY}:1"
SECOND = f"{FAMILY}:2"
SERVICES = {
    "secretsmanager": ["GetSecretValue"],
    "ecs": [
        "DescribeServices",
        "DescribeTaskDefinition",
        "RegisterTaskDefinition",
        "UpdateService",
    ],
    "ssm": ["PutParameter", "GetParameterHistory"],
}
CALLS = [f"{service}:{call}" for service, calls in SERVICES.items() for call in calls]


def client(world: Any, action: str) -> tuple[FakeClient, str]:
    """The fake that a call goes to, and the call's name."""
    service, call = action.split(":")
    fakes = {"ecs": world.ecs, "ssm": world.ssm, "secretsmanager": world.secrets}
    return fakes[service], call


def failing(world: Any, action: str, error: Exception) -> None:
    """Make a call fail."""
    fake, call = client(world, action)
    fake.failures[call] = error


def is_untouched(world: Any) -> bool:
    """Whether service, revisions and parameters are as before."""
    return (
        world.ecs.revision == FIRST
        and list(world.ecs.definitions) == [FIRST]
        and list(world.ssm.parameters) == [PARAMETER]
        and world.ssm.value == "v1"
    )


@pytest.mark.parametrize("action", CALLS)
@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException"])
def test_a_refused_call_is_named(world: Any, action: str, code: str) -> None:
    """500 with the call and AWS's code; service, revisions and parameter are as before."""
    failing(world, action, world.refused("Operation", code))
    answer = world.order(imageTag="v2")
    assert answer["statusDescription"] == "500 Internal Server Error"
    assert json.loads(answer["body"]) == {
        "error": "Internal Server Error",
        "message": f"{action} failed: {code}.",
        "requestId": "request-1",
    }
    (entry,) = world.log
    assert (entry["fault"], entry["code"], entry["Faults"]) == (action, code, 1)
    assert entry["awsRequestId"] == "aws-request-1"
    assert is_untouched(world)
    assert "canary" not in world.seen(answer)


@pytest.mark.parametrize("action", CALLS)
@pytest.mark.parametrize(
    "error",
    [
        ReadTimeoutError(endpoint_url="https://canary"),
        ConnectTimeoutError(endpoint_url="https://canary"),
        ParamValidationError(report="value: canary-environment-value"),
    ],
)
def test_a_call_without_an_answer_is_named(world: Any, action: str, error: Exception) -> None:
    """The code is then the name of botocore's error; its message, which may quote, is not told."""
    failing(world, action, error)
    answer = world.order(imageTag="v2")
    message = json.loads(answer["body"])["message"]
    assert message == f"{action} failed: {type(error).__name__}."
    assert is_untouched(world)
    assert "canary" not in world.seen(answer)


def test_a_refused_update_is_taken_back(world: Any) -> None:
    """The new revision is deregistered, and only that; the parameter says again what runs."""
    failing(world, "ecs:UpdateService", world.refused("UpdateService"))
    assert world.update("v2")["status"] == 500
    assert ("DeregisterTaskDefinition", {"taskDefinition": SECOND}) in world.ecs.calls
    assert is_untouched(world)
    del world.ecs.failures["UpdateService"]
    report = world.report()
    assert report["requested"] == {"imageTag": "v2"}
    assert (report["live"], report["rolloutState"]) == ({"imageTag": "v1"}, "FAILED")
    assert world.update("v2")["status"] == 200


def test_a_tag_that_the_code_wrote_meanwhile_is_not_taken_back(world: Any) -> None:
    """Only what the refused request itself wrote is."""

    def update_service(**_: Any) -> Any:
        world.ssm.write("v3")
        raise world.refused("UpdateService")

    world.ecs.update_service = update_service
    assert world.update("v2")["status"] == 500
    assert world.ssm.value == "v3"


@pytest.mark.parametrize(
    ("action", "left"),
    [
        ("ecs:DeregisterTaskDefinition", f"{SECOND} could not be deregistered"),
        ("ssm:GetParameterHistory", f"the parameter {PARAMETER} could not be set back to v1"),
        ("ssm:PutParameter", f"the parameter {PARAMETER} could not be set back to v1"),
    ],
)
def test_what_cannot_be_taken_back_is_told(world: Any, action: str, left: str) -> None:
    """The answer is about the first error, and says what is left; so does the log."""
    failing(world, "ecs:UpdateService", world.refused("UpdateService"))
    world.ecs.on_update = lambda: None
    genuine = world.ecs.update_service

    def update_service(**parameters: Any) -> Any:
        failing(world, action, world.refused("Operation", "ServerException"))
        return genuine(**parameters)

    world.ecs.update_service = update_service
    answer = world.update("v2")
    said = f"{left} ({action} failed: ServerException)"
    assert answer["message"] == f"ecs:UpdateService failed: AccessDeniedException; {said}."
    assert world.log[0]["code"] == "AccessDeniedException"
    assert said in world.log[0]["left"]


def test_an_update_that_was_carried_out_without_an_answer_counts(world: Any) -> None:
    """UpdateService timed out, but the service is set: that is what was asked for."""
    world.ecs.afterwards["UpdateService"] = ReadTimeoutError(endpoint_url="https://ecs")
    answer = world.update("v2")
    assert (answer["status"], answer["message"]) == (200, "es is being updated to v2.")
    assert "DeregisterTaskDefinition" not in world.ecs.names()
    assert world.ssm.value == "v2"


def test_an_update_of_which_nothing_is_known_is_left_to_be_settled(world: Any) -> None:
    """Neither it nor the service answers: the parameter keeps what was asked for."""
    genuine = world.ecs.update_service

    def update_service(**parameters: Any) -> Any:
        failing(world, "ecs:DescribeServices", ReadTimeoutError(endpoint_url="https://ecs"))
        return genuine(**parameters)

    world.ecs.update_service = update_service
    world.ecs.afterwards["UpdateService"] = ReadTimeoutError(endpoint_url="https://ecs")
    answer = world.update("v2")
    assert answer["status"] == 500
    assert f"whether the service is set to {SECOND} is not known" in answer["message"]
    assert (world.ssm.value, world.ecs.image()) == ("v2", "datafi/es:v2")
    assert list(world.ssm.parameters) == [PARAMETER]


def test_a_parameter_that_was_written_without_an_answer_goes_back(world: Any) -> None:
    """PutParameter timed out but was carried out: the value from before is written again."""
    genuine = world.ssm.put_parameter

    def put_parameter(**parameters: Any) -> Any:
        answer = genuine(**parameters)
        if parameters["Value"] == "v2":
            raise ReadTimeoutError(endpoint_url="https://ssm")
        return answer

    world.ssm.put_parameter = put_parameter
    assert world.update("v2")["message"] == "ssm:PutParameter failed: ReadTimeoutError."
    assert is_untouched(world)


def test_a_lease_that_cannot_be_given_back_is_logged(world: Any) -> None:
    """The update is done; the lease ends by itself."""
    failing(world, "ssm:DeleteParameter", world.refused("DeleteParameter"))
    assert world.update("v2")["status"] == 200
    assert world.log[0]["fault"] == "ssm:DeleteParameter"
    world.ecs.complete()
    assert world.update("v3")["status"] == 409
    world.clock.seconds += 181
    assert world.update("v3")["status"] == 200


def test_a_lease_that_was_taken_without_an_answer_is_held(world: Any) -> None:
    """PutParameter timed out but was carried out: the update goes on, and gives it back."""
    genuine = world.ssm.put_parameter

    def put_parameter(**parameters: Any) -> Any:
        answer = genuine(**parameters)
        if parameters["Name"].endswith(".lease"):
            raise ReadTimeoutError(endpoint_url="https://ssm")
        return answer

    world.ssm.put_parameter = put_parameter
    assert world.update("v2")["status"] == 200
    assert list(world.ssm.parameters) == [PARAMETER]


def test_a_lease_that_was_given_back_already_is_no_fault(world: Any) -> None:
    """The answer to the first DeleteParameter was lost, and the client tried again."""
    genuine = world.ssm.delete_parameter

    def delete_parameter(**parameters: Any) -> Any:
        genuine(**parameters)
        return genuine(**parameters)

    world.ssm.delete_parameter = delete_parameter
    assert world.update("v2")["status"] == 200
    assert "fault" not in world.log[0]


@pytest.mark.parametrize("gone", [{"status": "INACTIVE"}, {"taskDefinition": ""}])
def test_a_service_that_is_gone_is_said_to_be(world: Any, gone: dict[str, Any]) -> None:
    """A deleted service, or one without a task definition of its own."""
    world.ecs.gone = gone
    assert world.update("v2")["message"] == "ecs:DescribeServices failed: ServiceNotActive."


def test_a_failure_that_ecs_reports_inside_its_answer(world: Any) -> None:
    """DescribeServices answers 200 with a reason for a service it does not know."""
    answer = {"services": [], "failures": [{"arn": "x", "reason": "MISSING"}]}
    world.ecs.describe_services = lambda **_: answer
    assert world.update("v2")["message"] == "ecs:DescribeServices failed: MISSING."


@pytest.mark.parametrize("containers", [[], [{"name": "es"}], [{"name": "other", "image": "a"}]])
def test_a_container_that_is_gone_is_said_to_be(world: Any, containers: list[Any]) -> None:
    """A task definition without the container, or with a container without an image."""
    world.ecs.definitions[FIRST]["containerDefinitions"] = containers
    message = world.update("v2")["message"]
    assert message == "ecs:DescribeTaskDefinition failed: ContainerNotFound."


def test_a_parameter_that_is_gone_is_said_to_be(world: Any) -> None:
    """Somebody deleted it: nothing is deployed."""
    del world.ssm.parameters[PARAMETER]
    message = world.update("v2")["message"]
    assert message == "ssm:GetParameterHistory failed: ParameterNotFound."
    assert world.ecs.image() == "datafi/es:v1"
