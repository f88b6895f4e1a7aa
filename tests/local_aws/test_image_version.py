"""A version in a parameter reaches the image, as a tag or as a digest."""

from __future__ import annotations

import json

import pytest
from datafi_cdk.local import EmbeddedAws

DIGEST = f"sha256:{'a1' * 32}"


@pytest.mark.parametrize("version", ["v2", DIGEST])
def test_the_template_joins_the_version_by_what_it_is(
    embedded_aws: EmbeddedAws, version: str
) -> None:
    """CloudFormation takes a split list to join, and splits before a digest only."""
    joined = {"Fn::Join": ["", ["registry.example.com:5000/es:", {"Ref": "Live"}]]}
    template = {
        "Parameters": {
            "Live": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/acme/es"}
        },
        "Resources": {"Cluster": {"Type": "AWS::ECS::Cluster"}},
        "Outputs": {
            "Image": {"Value": {"Fn::Join": ["@sha256:", {"Fn::Split": [":sha256:", joined]}]}}
        },
    }
    embedded_aws.client("ssm").put_parameter(
        Name="/acme/es", Value=version, Type="String", Overwrite=True
    )
    cloudformation = embedded_aws.client("cloudformation")
    name = f"joined-{version[:2]}"
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template))
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig={"Delay": 1}
    )
    (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    (output,) = stack["Outputs"]
    mark = "@" if version == DIGEST else ":"
    assert output["OutputValue"] == f"registry.example.com:5000/es{mark}{version}"
    cloudformation.delete_stack(StackName=name)
