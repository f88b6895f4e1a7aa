"""CloudFormation tells EventBridge each status of a stack, and reads SSM parameters anew."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from datafi_cdk.local import EmbeddedAws

from .conftest import Eventually, Stack


def test_each_status_of_a_stack_is_an_event(
    embedded_aws: EmbeddedAws, stack: Stack, eventually: Eventually
) -> None:
    """Create, failed update with its rollback, and deletion, with the caller's token."""
    sqs, events = embedded_aws.client("sqs"), embedded_aws.client("events")
    queue = sqs.create_queue(QueueName=stack.name)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    pattern = {
        "source": ["aws.cloudformation"],
        "detail-type": ["CloudFormation Stack Status Change"],
        "detail": {"stack-id": [{"wildcard": f"*:stack/{stack.name}/*"}]},
    }
    events.put_rule(Name=stack.name, EventPattern=json.dumps(pattern))
    target = {"Id": "1", "Arn": attributes["Attributes"]["QueueArn"]}
    events.put_targets(Rule=stack.name, Targets=[target])

    good = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "v"}}
    broken = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "No"}}
    template = json.dumps({"Resources": {"Good": good}})
    stack_id = embedded_aws.client("cloudformation").create_stack(
        StackName=stack.name, TemplateBody=template, ClientRequestToken="token-1"
    )["StackId"]
    eventually(lambda: stack.deploy({"Good": good, "Broken": broken}).startswith("UPDATE"))
    stack.delete()

    received: list[dict[str, Any]] = []

    def deleted() -> bool:
        answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        for message in answer.get("Messages", []):
            received.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        last = received[-1]["detail"]["status-details"]["status"] if received else ""
        return bool(last == "DELETE_COMPLETE")

    eventually(deleted)
    assert all(event["resources"] == [stack_id] for event in received)
    assert received[0]["detail"] == {
        "stack-id": stack_id,
        "status-details": {"status": "CREATE_IN_PROGRESS", "status-reason": "User Initiated"},
        "client-request-token": "token-1",
    }
    assert [event["detail"]["status-details"]["status"] for event in received] == [
        "CREATE_IN_PROGRESS",
        "CREATE_COMPLETE",
        "UPDATE_IN_PROGRESS",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE",
        "DELETE_IN_PROGRESS",
        "DELETE_COMPLETE",
    ]


def test_a_parameter_of_type_ssm_is_read_anew(embedded_aws: EmbeddedAws, stack: Stack) -> None:
    """Also with the previous key; an unchanged value is no change."""
    ssm, cloudformation = embedded_aws.client("ssm"), embedded_aws.client("cloudformation")
    name = f"/{stack.name}/tag"
    ssm.put_parameter(Name=name, Value="1", Type="String")
    copy = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String"}}
    copy["Properties"]["Value"] = {"Ref": "Tag"}
    template = {
        "Parameters": {"Tag": {"Type": "AWS::SSM::Parameter::Value<String>"}},
        "Resources": {"Copy": copy},
    }
    request = {"StackName": stack.name, "TemplateBody": json.dumps(template)}
    given = [{"ParameterKey": "Tag", "ParameterValue": name}]
    previous = [{"ParameterKey": "Tag", "UsePreviousValue": True}]
    cloudformation.create_stack(**request, Parameters=given)
    assert stack._settled() == "CREATE_COMPLETE"

    def value() -> str:
        return str(ssm.get_parameter(Name=stack.physical_id("Copy"))["Parameter"]["Value"])

    for number, parameters in (("2", previous), ("3", given)):
        with pytest.raises(ClientError, match="No updates"):
            cloudformation.update_stack(**request, Parameters=parameters)
        ssm.put_parameter(Name=name, Value=number, Type="String", Overwrite=True)
        cloudformation.update_stack(**request, Parameters=parameters)
        assert stack._settled() == "UPDATE_COMPLETE"
        assert value() == number

    ssm.put_parameter(Name=name, Value="4", Type="String", Overwrite=True)
    for expected in ("CREATE_COMPLETE", "FAILED"):
        made = cloudformation.create_change_set(
            **request, Parameters=previous, ChangeSetName=f"c-{expected[:6]}"
        )

        def described(arn: str = made["Id"]) -> Any:
            shown = cloudformation.describe_change_set(ChangeSetName=arn)
            return shown["Status"].endswith(("COMPLETE", "FAILED")) and shown

        shown = stack.eventually(described)
        assert shown["Status"] == expected, shown
        if expected == "CREATE_COMPLETE":
            cloudformation.execute_change_set(ChangeSetName=made["Id"])
            assert stack._settled() == "UPDATE_COMPLETE"
            assert value() == "4"
    assert "didn't contain changes" in shown["StatusReason"]
