"""How many resources a server takes, how many servers a stack, and the way out beyond."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from datafi_cdk import DatafiEdgeConfig, DatafiEdgeStack, EdgeServer
from aws_cdk import CfnResource, Stack
from deployment import (
    LISTENER_RULE,
    TARGET_GROUP,
    new_app,
    new_stack,
    secret_arn,
    surroundings,
)

OWN, SHARED = False, True


def config(servers: int, *, shared: bool) -> DatafiEdgeConfig:
    """A deployment with a coordinator and so many servers with storage and a secret."""
    es = [
        {
            "name": f"es{number}",
            "image_tag": "latest",
            "storage": True,
            "secret_arn": secret_arn(f"es{number}"),
        }
        for number in range(servers)
    ]
    data = {
        "deployment_name": "acme",
        "dns": {"root_domain": "edge.example.com"},
        "edge_servers": {"long_running": es},
        "coordinator": {
            "secret_arn": secret_arn("co"),
            "registry_credentials_secret_arn": secret_arn("registry"),
        },
        "update_api": {"shared": shared},
    }
    return DatafiEdgeConfig.model_validate(data)


def resources(servers: int, *, shared: bool) -> dict[str, set[str]]:
    """The resources of a deployment by the name of the stack."""
    app = new_app()
    DatafiEdgeStack(app, "Edge", config=config(servers, shared=shared))
    return {each.stack_name: set(each.template["Resources"]) for each in app.synth().stacks}


def count(made: dict[str, set[str]]) -> int:
    """How many there are, without policies that follow when one is full."""
    full = re.compile(r"RolePolicy[2-9][0-9A-F]{8}")
    return sum(not full.search(name) for names in made.values() for name in names)


@pytest.fixture(scope="module")
def small() -> dict[bool, int]:
    """The resources of all stacks with one server."""
    return {shared: count(resources(1, shared=shared)) for shared in (OWN, SHARED)}


@pytest.mark.parametrize(
    ("shared", "each", "most"), [(OWN, 24, 16), (SHARED, 16, 26)], ids=["own", "shared"]
)
def test_a_server_takes_so_many_resources_and_a_stack_so_many_servers(
    small: dict[bool, int], shared: bool, each: int, most: int
) -> None:
    """Storage and version parameter included; as many as the README says fit into a stack.

    The role of a function for many servers needs a further policy for about each four of them.
    """
    made = resources(most, shared=shared)
    assert count(made) - small[shared] == each * (most - 1)
    assert len(made["Edge"]) <= 500


def user_stack(servers: int, others: int) -> Stack:
    """A stack of the user's own with servers and other resources."""
    stack = new_stack("Mine")
    made = surroundings(stack)
    for number in range(servers):
        EdgeServer(stack, f"Es{number}", **made.around, name=f"es{number}")
    for number in range(others):
        CfnResource(stack, f"Topic{number}", type="AWS::SNS::Topic")
    return stack


def test_refuses_more_resources_than_a_stack_of_the_users_has_room_for() -> None:
    """In place of CDK's own error there is one that names the way out."""
    stack = user_stack(servers=8, others=400)
    with pytest.raises(RuntimeError) as refusal:
        stack.node.root.synth()  # type: ignore[attr-defined]
    said = str(refusal.value)
    assert "Mine must be a stack of at most 500 resources, got 5" in said
    assert "with 8 servers; deploy some servers, or EdgeMonitoring, in another stack" in said
    assert "update_api.shared: true" in said


def test_a_full_stack_is_synthesized() -> None:
    """Up to the last resource nothing is said."""
    stack = user_stack(servers=8, others=300)
    stack.node.root.synth()  # type: ignore[attr-defined]


def test_many_servers_fit_behind_one_load_balancer(synthesized: Callable[[str], Path]) -> None:
    """Thirty servers and a coordinator with one update API: within 100 rules and target groups."""
    folder = synthesized("many_servers")
    templates: dict[str, Any] = {
        path.name.partition(".")[0]: json.loads(path.read_text())["Resources"]
        for path in folder.glob("*.template.json")
    }
    kinds = Counter(each["Type"] for template in templates.values() for each in template.values())
    assert (kinds[LISTENER_RULE], kinds[TARGET_GROUP]) == (94, 63)
    servers = {name: template for name, template in templates.items() if "versions" not in name}
    assert servers.keys() == {
        "DatafiShared",
        "Datafi-finance",
        "Datafi-research",
        "Datafi-sales",
        "Datafi-updates",
    }
    for team in ("finance", "research", "sales"):
        found = Counter(each["Type"] for each in servers[f"Datafi-{team}"].values())
        assert found["AWS::ECS::Service"] == 10
