"""A new revision holds everything that the old one held."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

ARN = "arn:aws:ecs:eu-west-1:111111111111:task-definition/es:1"


def filled(shape: Any) -> Any:
    """A value of a botocore shape with every member of every structure in it."""
    match shape.type_name:
        case "structure":
            return {name: filled(member) for name, member in shape.members.items()}
        case "list":
            return [filled(shape.member)]
        case "map":
            return {filled(shape.key): filled(shape.value)}
        case "string":
            return shape.enum[0] if shape.enum else shape.name
        case "boolean":
            return True
        case "timestamp":
            return datetime(2026, 1, 1, tzinfo=UTC)
        case "integer" | "long":
            return 7
    raise AssertionError(f"no value for a {shape.type_name}")


def test_every_member_survives(world: Any, api_models: Any) -> None:
    """What botocore's RegisterTaskDefinition takes is registered again, but for one image."""
    described = filled(api_models.ecs.shape_for("TaskDefinition"))
    (container,) = described["containerDefinitions"]
    app = {**container, "name": "es", "image": "localhost:5000/es:v1"}
    described["containerDefinitions"] = [container, app]
    world.ecs.definitions[ARN] = described
    world.ecs.tags = [{"key": "team", "value": "data"}]

    assert world.order(imageTag="v2")["statusCode"] == 200

    registered = dict(world.ecs.calls)["RegisterTaskDefinition"]
    members = api_models.ecs.operation_model("RegisterTaskDefinition").input_shape.members
    assert set(registered) == set(members)
    expected = {name: described[name] for name in members if name != "tags"}
    expected["tags"] = [{"key": "team", "value": "data"}]
    expected["containerDefinitions"] = [container, {**app, "image": "localhost:5000/es:v2"}]
    assert registered == expected


def test_asks_for_the_tags_and_leaves_out_reserved_ones(world: Any) -> None:
    """Keys that start with `aws:` cannot be registered, whoever set them."""
    own = {"key": "awsome", "value": "aws:x"}
    world.ecs.tags = [{"key": "aws:cloudformation:stack-name", "value": "s"}, own]
    world.order(imageTag="v2")
    calls = dict(world.ecs.calls)
    assert calls["DescribeTaskDefinition"]["include"] == ["TAGS"]
    assert calls["RegisterTaskDefinition"]["tags"] == [own]


def test_without_tags_none_are_sent(world: Any) -> None:
    """Then the call needs no `ecs:TagResource`."""
    world.order(imageTag="v2")
    assert "tags" not in dict(world.ecs.calls)["RegisterTaskDefinition"]


def test_updates_nothing_but_the_revision(world: Any) -> None:
    """UpdateService gets the service and the new revision: no count, no forced deployment."""
    world.order(imageTag="v2")
    assert world.ecs.calls[-1] == (
        "UpdateService",
        {
            "cluster": "arn:aws:ecs:eu-west-1:111111111111:cluster/c",
            "service": "s",
            "taskDefinition": ARN.removesuffix("1") + "2",
        },
    )


def test_other_containers_keep_their_image(world: Any) -> None:
    """A side car is not touched, even with an image of the same name."""
    world.order(imageTag="v2")
    registered = dict(world.ecs.calls)["RegisterTaskDefinition"]
    assert [c["image"] for c in registered["containerDefinitions"]] == ["proxy:v1", "datafi/es:v2"]
