"""What CloudFormation is answered, whatever happens."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from fake_route53 import refused, validation_record

SENT_BACK = {"StackId": "stack-1", "RequestId": "request-1", "LogicalResourceId": "Records"}
CALLS = ["ListTagsForResource", "ListResourceRecordSets", "ChangeResourceRecordSets"]


@pytest.mark.parametrize("request_type", ["Create", "Update", "Other"])
def test_touches_nothing_unless_it_is_deleted(world: Any, request_type: str) -> None:
    """Every request but Delete succeeds without a call."""
    world.route53.records.append(validation_record())
    answer = world.send(request_type)
    assert answer["Status"] == "SUCCESS"
    assert world.route53.calls == []
    assert len(world.answers) == 1


def test_answers_a_creation(world: Any) -> None:
    """The answer has each member that CloudFormation needs."""
    assert world.send("Create") == {
        **SENT_BACK,
        "Status": "SUCCESS",
        "Reason": "Nothing to do before the zone is deleted.",
        "PhysicalResourceId": "acm-validation-records-Z123",
    }


def test_answers_a_deletion(world: Any) -> None:
    """The physical id is that of the request, and the reason names what went."""
    world.route53.records.append(validation_record())
    assert world.send("Delete") == {
        **SENT_BACK,
        "Status": "SUCCESS",
        "Reason": "Removed: _a1.edge.example.com..",
        "PhysicalResourceId": "physical-1",
    }


def test_physical_id_is_stable_for_one_zone(world: Any) -> None:
    """An update keeps the id; another zone changes it, so that the old one is cleaned up."""
    created = world.send("Create")["PhysicalResourceId"]
    assert world.send("Update", PhysicalResourceId=created)["PhysicalResourceId"] == created
    other = {"HostedZoneId": "Z456"}
    moved = world.send("Update", PhysicalResourceId=created, ResourceProperties=other)
    assert moved["PhysicalResourceId"] == "acm-validation-records-Z456"


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("error", "told"),
    [
        (refused("AccessDenied", "Any"), "AccessDenied"),
        (ReadTimeoutError(endpoint_url="https://route53"), "ReadTimeoutError: Read timeout"),
        (RuntimeError("bug"), "RuntimeError: bug"),
    ],
    ids=["refused", "no answer", "bug"],
)
def test_answers_a_failure_with_its_reason(
    world: Any, call: str, error: Exception, told: str
) -> None:
    """Whatever goes wrong, CloudFormation learns what it was and where to read on."""
    world.route53.records.append(validation_record())
    world.route53.failures[call] = [error]
    answer = world.send("Delete")
    assert {key: answer[key] for key in SENT_BACK} == SENT_BACK
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", "physical-1")
    assert told in answer["Reason"]
    assert answer["Reason"].endswith("(log stream 2026/01/01/stream)")
    assert len(world.route53.names()) == 1


@pytest.mark.parametrize("properties", [{}, {"ServiceToken": "arn"}])
def test_a_deletion_without_zone_fails(world: Any, properties: dict[str, Any]) -> None:
    """A request that names no zone is answered, too."""
    answer = world.send("Delete", ResourceProperties=properties)
    assert (answer["Status"], world.route53.calls) == ("FAILED", [])
    assert "HostedZoneId" in answer["Reason"]


def test_answers_are_never_too_long(world: Any) -> None:
    """CloudFormation takes 4096 bytes; long reasons are cut, and still name the log stream."""
    world.route53.failures["ListTagsForResource"] = [RuntimeError("x" * 9000)]
    failed = world.send("Delete")
    world.route53.page_size = 300
    world.route53.records += [validation_record(f"t{index}" * 10) for index in range(200)]
    for answer in (failed, world.send("Delete")):
        assert len(json.dumps(answer).encode()) < 4096
    assert failed["Reason"].endswith("stream)")


def test_an_answer_that_cannot_be_sent_is_an_error(world: Any, asset: Any) -> None:
    """The invocation fails, upon which Lambda tries again."""

    def put(_url: str, _answer: Any) -> None:
        raise OSError("no network")

    application = asset.cleanup_application.CleanupApplication(None, put)
    world.application = application
    with pytest.raises(OSError, match="no network"):
        world.send("Create")


def test_the_trace_of_a_failure_is_logged(world: Any, capsys: Any) -> None:
    """The log shows where it happened, and every answer."""
    world.route53.failures["ListTagsForResource"] = [RuntimeError("bug")]
    world.send("Delete")
    output = capsys.readouterr()
    assert output.out.startswith("FAILED RuntimeError: bug")
    assert "list_tags_for_resource" in output.err
