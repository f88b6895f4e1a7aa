"""What the update APIs of a stack share: rules as long as they may be, and a log that is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest
from datafi_cdk import EdgeServer, UpdateApi
from aws_cdk import RemovalPolicy
from aws_cdk.assertions import Template
from deployment import new_app, new_stack, surroundings
from monitored_deployment import RULE

LONGEST_PATTERN = 2048
PSEUDO = {
    "AWS::Partition": "aws-us-gov",
    "AWS::Region": "us-gov-west-1",
    "AWS::AccountId": "1" * 12,
}
SERVERS = 8


def spelled(value: Any) -> Any:
    """A pattern as it is when it is deployed, in which no name is longer than it may be."""
    if isinstance(value, list):
        return [spelled(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "Fn::Join" in value:
        return "".join(map(spelled, value["Fn::Join"][1]))
    if value.keys() & {"Ref", "Fn::ImportValue"}:
        return PSEUDO.get(value.get("Ref"), "Front-ClusterEB0386A7-AbCdEfGhIjKl")
    return {key: spelled(each) for key, each in value.items()}


@pytest.fixture(scope="module")
def patterns() -> list[Any]:
    """Those of a stack with update APIs of servers that each stand in a stack of their own."""
    app = new_app()
    around = surroundings(new_stack("Front", app))
    updates = new_stack("Updates", app)
    for number in range(SERVERS):
        name = f"es{number}"
        stack = new_stack(f"Es{number:02}{'x' * 100}", app)
        edge = EdgeServer(stack, "Es", **around.around, name=name)
        UpdateApi(updates, f"Up{number}", ingress=around.ingress, services=[edge])
    rules = Template.from_stack(updates).find_resources(RULE)
    return [
        spelled(rule["Properties"]["EventPattern"])
        for name, rule in rules.items()
        if name.startswith("DatafiUpdateEvents")
    ]


def test_no_pattern_is_longer_than_eventbridge_takes(patterns: list[Any]) -> None:
    """There is a further rule instead."""
    lengths = [len(json.dumps(each, separators=(",", ":"))) for each in patterns]
    assert len(lengths) > 2
    assert max(lengths) <= LONGEST_PATTERN


def test_every_stack_is_told_of(patterns: list[Any]) -> None:
    """With its id behind its name and without."""
    ids = [each for one in patterns for each in one["detail"].get("stack-id", [])]
    assert len(ids) == 2 * SERVERS
    assert len({json.dumps(each) for each in ids}) == len(ids)


def test_the_log_is_kept_if_any_update_api_says_so() -> None:
    """Whichever of them is made first."""
    made = surroundings()
    for name, policy in (("es1", RemovalPolicy.DESTROY), ("es2", RemovalPolicy.RETAIN)):
        edge = EdgeServer(made.stack, name, **made.around, name=name)
        UpdateApi(
            made.stack, f"Up{name}", ingress=made.ingress, services=[edge], removal_policy=policy
        )
    groups = Template.from_stack(made.stack).find_resources("AWS::Logs::LogGroup")
    (policy,) = [
        group["DeletionPolicy"]
        for name, group in groups.items()
        if name.startswith("DatafiUpdateEvents")
    ]
    assert policy == "Retain"
