"""Versions and labels of SSM parameters are those of AWS."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from datafi_cdk.local import EmbeddedAws

from .conftest import Stack


@pytest.fixture
def name() -> str:
    """A name of a parameter of its own."""
    return f"/test/{uuid.uuid4().hex}"


def test_a_parameter_is_created_once(embedded_aws: EmbeddedAws, name: str) -> None:
    """Of fifty callers at a time all but one are refused."""
    ssm = embedded_aws.client("ssm")

    def create(number: int) -> bool:
        try:
            ssm.put_parameter(Name=name, Value=str(number), Type="String")
        except ssm.exceptions.ParameterAlreadyExists:
            return False
        return True

    with ThreadPoolExecutor(50) as pool:
        assert sum(pool.map(create, range(50))) == 1


def test_the_history_is_paged_and_says_who_and_why(embedded_aws: EmbeddedAws, name: str) -> None:
    """Versions count up; each has its description, its user and its labels."""
    ssm = embedded_aws.client("ssm")
    for number in range(1, 4):
        put = ssm.put_parameter(
            Name=name, Value="v", Type="String", Overwrite=True, Description=f"d{number}"
        )
        assert put["Version"] == number
    ssm.label_parameter_version(Name=name, ParameterVersion=2, Labels=["live"])
    first = ssm.get_parameter_history(Name=name, MaxResults=2)
    rest = ssm.get_parameter_history(Name=name, NextToken=first["NextToken"])
    found = first["Parameters"] + rest["Parameters"]
    assert [(entry["Version"], entry["Description"], entry["Labels"]) for entry in found] == [
        (1, "d1", []),
        (2, "d2", ["live"]),
        (3, "d3", []),
    ]
    assert found[0]["LastModifiedUser"] == "arn:aws:iam::000000000000:root"


def test_labels_are_checked_moved_and_taken_off(embedded_aws: EmbeddedAws, name: str) -> None:
    """A label is at one version; invalid ones are named; ten at most."""
    ssm = embedded_aws.client("ssm")
    for _ in range(2):
        ssm.put_parameter(Name=name, Value="v", Type="String", Overwrite=True)
    answer = ssm.label_parameter_version(
        Name=name, ParameterVersion=1, Labels=["live", "1st", "AWSx", "a b"]
    )
    assert answer["InvalidLabels"] == ["1st", "AWSx", "a b"]
    ssm.label_parameter_version(Name=name, Labels=["live", "next"])
    assert ssm.get_parameter(Name=f"{name}:live")["Parameter"]["Version"] == 2

    answer = ssm.unlabel_parameter_version(Name=name, ParameterVersion=2, Labels=["live", "none"])
    assert (answer["RemovedLabels"], answer["InvalidLabels"]) == (["live"], ["none"])
    history = ssm.get_parameter_history(Name=name)["Parameters"]
    assert [entry["Labels"] for entry in history] == [[], ["next"]]
    with pytest.raises(ssm.exceptions.ParameterVersionNotFound):
        ssm.unlabel_parameter_version(Name=name, ParameterVersion=3, Labels=["a"])
    with pytest.raises(ssm.exceptions.ParameterNotFound):
        ssm.unlabel_parameter_version(Name=f"{name}x", ParameterVersion=1, Labels=["a"])
    many = [f"l{number}" for number in range(10)]
    with pytest.raises(ssm.exceptions.ParameterVersionLabelLimitExceeded):
        ssm.label_parameter_version(Name=name, Labels=many)
    ssm.label_parameter_version(Name=name, ParameterVersion=1, Labels=many)


def test_a_hundred_versions_are_kept(embedded_aws: EmbeddedAws, name: str) -> None:
    """The oldest goes, unless it has a label."""
    ssm = embedded_aws.client("ssm")

    def put() -> None:
        ssm.put_parameter(Name=name, Value="v", Type="String", Overwrite=True)

    for _ in range(101):
        put()
    pages = ssm.get_paginator("get_parameter_history").paginate(Name=name)
    versions = [entry["Version"] for page in pages for entry in page["Parameters"]]
    assert versions == list(range(2, 102))
    ssm.label_parameter_version(Name=name, ParameterVersion=2, Labels=["live"])
    with pytest.raises(ssm.exceptions.ParameterMaxVersionLimitExceeded, match="Version 2"):
        put()
    ssm.unlabel_parameter_version(Name=name, ParameterVersion=2, Labels=["live"])
    put()


def test_a_generated_name_has_no_slash(stack: Stack) -> None:
    """So the ARN that templates make of it is the parameter's."""
    parameter = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "1"}}
    outputs = {"Arn": {"Fn::GetAtt": ["Made", "Arn"]}}
    assert stack.deploy({"Made": parameter}, outputs) == "CREATE_COMPLETE", stack.failures()
    name = stack.physical_id("Made")
    assert name.startswith("CFN-Made-")
    assert stack.outputs()["Arn"].endswith(f":parameter/{name}")
    parameter["Properties"] = {"Type": "String", "Value": "2"}
    assert stack.deploy({"Made": parameter}, outputs) == "UPDATE_COMPLETE", stack.failures()
    assert stack.physical_id("Made") == name
    assert stack.delete() == "DELETE_COMPLETE"
