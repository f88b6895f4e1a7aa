"""Stacks of which only the outputs matter."""

from __future__ import annotations

import json
from collections.abc import Mapping

from datafi_cdk.local import EmbeddedAws


def make_stack(aws: EmbeddedAws, name: str, outputs: Mapping[str, str]) -> None:
    """A stack with outputs."""
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {key: {"Value": value} for key, value in outputs.items()},
    }
    client = aws.client("cloudformation")
    client.create_stack(StackName=name, TemplateBody=json.dumps(template))
    client.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
