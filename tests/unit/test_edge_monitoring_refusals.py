"""What EdgeMonitoring refuses, and that it needs its library only when it is made."""

import importlib
import sys
from typing import Any

import pytest
from datafi_cdk import DatafiEdgeConfig, EdgeMonitoring, EdgeServer, InvalidInputError, UpdateApi
from aws_cdk import Environment, Stack
from aws_cdk import aws_sns as sns
from deployment import (
    ACCOUNT,
    REGION,
    Surroundings,
    edge_stack,
    existing_ingress,
    minimal,
    new_app,
    surroundings,
)

TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"


@pytest.fixture(scope="module")
def around() -> Surroundings:
    """A stack with a server that has an update API, in a known account and region."""
    stack = Stack(new_app(), "Test", env=Environment(account=ACCOUNT, region=REGION))
    return surroundings(stack)


@pytest.fixture(scope="module")
def server(around: Surroundings) -> EdgeServer:
    """The server."""
    return EdgeServer(around.stack, "Es", **around.around, name="es")


@pytest.fixture(scope="module")
def api(around: Surroundings, server: EdgeServer) -> UpdateApi:
    """Its update API."""
    return UpdateApi(around.stack, "Updates", ingress=around.ingress, services=[server])


@pytest.fixture
def refused(around: Surroundings, server: EdgeServer, api: UpdateApi) -> Any:
    """Gives the one sentence with which arguments are refused."""

    def said(scope: Any = None, **changes: Any) -> str:
        right = {"services": [server], "ingress": around.ingress, "update_apis": [api]}
        with pytest.raises(InvalidInputError) as error:
            EdgeMonitoring(
                scope or around.stack,
                f"No{len(around.stack.node.children)}",
                **{**right, **changes},
            )
        (fault,) = error.value.faults
        return str(fault).partition(": ")[2]

    return said


SERVERS = "a list of at least one EdgeServer, ServerlessEdgeServer or Coordinator"
APIS = "a list of UpdateApi, which may be empty"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "an empty one"),
        ((), "an empty one"),
        (None, "None"),
        ("es", "a value of type str"),
        (["es"], "a list with a value of type str in it"),
    ],
)
def test_refuses_what_is_no_list_of_servers(refused: Any, given: Any, said: str) -> None:
    """There is at least one server to watch."""
    assert refused(services=given) == f"services must be {SERVERS}, got {said}; hand in {SERVERS}."


@pytest.mark.parametrize(
    ("given", "said"),
    [(None, "None"), ({}, "a value of type dict"), ([None], "a list with None in it")],
)
def test_refuses_what_is_no_list_of_update_apis(refused: Any, given: Any, said: str) -> None:
    """An empty list is one."""
    assert refused(update_apis=given) == f"update_apis must be {APIS}, got {said}; hand in {APIS}."


def test_refuses_the_same_twice(refused: Any, server: EdgeServer, api: UpdateApi) -> None:
    """Its alarms would be made twice."""
    once = "must be each a different one, got Test/{} twice; leave it out once."
    assert refused(services=[server, server]) == f"services {once.format('Es')}"
    assert refused(update_apis=[api, api]) == f"update_apis {once.format('Updates')}"


def test_refuses_parts_of_another_ingress(around: Surroundings, refused: Any) -> None:
    """What stands behind another load balancer has other metrics."""
    other = existing_ingress(around.stack, "other.example.com")
    with pytest.raises(InvalidInputError) as error:
        EdgeMonitoring(
            around.stack,
            "Other",
            services=[around.stack.node.find_child("Es")],  # type: ignore[list-item]
            ingress=other,
            update_apis=[around.stack.node.find_child("Updates")],  # type: ignore[list-item]
        )
    assert [str(fault).partition(": ")[2] for fault in error.value.faults] == [
        f"{argument} must be those behind Test/ExistingIngress, got Test/{name} behind "
        "Test/Ingress; make an EdgeMonitoring for each ingress."
        for argument, name in (("services", "Es"), ("update_apis", "Updates"))
    ]


def test_refuses_what_is_no_ingress(refused: Any) -> None:
    """A load balancer of CDK is none yet."""
    assert refused(ingress=None) == (
        "ingress must be a SharedIngress, got None; hand in a SharedIngress."
    )


def test_refuses_what_is_no_topic(refused: Any) -> None:
    """Its ARN is none either."""
    assert refused(alarm_topic=TOPIC) == (
        "alarm_topic must be a topic of SNS (ITopic), got a value of type str; "
        "hand in a topic of SNS (ITopic)."
    )


def test_refuses_a_topic_of_another_region(around: Surroundings, refused: Any) -> None:
    """CloudWatch tells topics of its own region only."""
    arn = TOPIC.replace(REGION, "eu-west-1")
    topic = sns.Topic.from_topic_arn(around.stack, "Far", arn)
    assert refused(alarm_topic=topic) == (
        f"alarm_topic must be in the region of the stack ({REGION}), got one in eu-west-1; "
        f"hand in one of {REGION}."
    )


@pytest.mark.parametrize(
    "place", [{"account": ACCOUNT, "region": "eu-west-1"}, {"account": "222222222222"}]
)
def test_refuses_to_watch_from_elsewhere(
    around: Surroundings, refused: Any, place: dict[str, str]
) -> None:
    """Metrics are of one account and region."""
    name = f"Elsewhere{'-'.join(place.values())}"
    env = {"account": ACCOUNT, "region": REGION, **place}
    stack = Stack(around.stack.node.root, name, env=Environment(**env))
    assert refused(stack) == (
        f"ingress must be in the account and region of the stack ({env['account']}/"
        f"{env['region']}), got one in "
        f"{ACCOUNT}/{REGION}; make EdgeMonitoring in a stack of that region."
    )


def test_refuses_to_be_made_without_its_library(
    refused: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence says how to install it."""
    monkeypatch.setitem(sys.modules, "cdk_monitoring_constructs", None)
    sentence = (
        "cdk_monitoring_constructs must be installed for monitoring, got no such module; "
        "run pip install 'datafi-cdk[monitoring]'."
    )
    assert refused() == sentence
    with pytest.raises(InvalidInputError) as error:
        edge_stack(minimal(monitoring=True))
    assert str(error.value) == f"DatafiEdge/Monitoring: {sentence}"


def test_a_library_that_is_broken_is_not_called_missing(
    refused: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it fails to import itself is told as it is."""

    def broken(name: str) -> Any:
        raise ModuleNotFoundError("No module named 'publication'", name="publication")

    monkeypatch.setattr(importlib, "import_module", broken)
    with pytest.raises(ModuleNotFoundError, match="publication"):
        refused()


def test_refuses_a_hardened_deployment_that_tells_nobody() -> None:
    """Rule packs demand that each alarm does something; without monitoring there is none."""
    with pytest.raises(InvalidInputError) as error:
        DatafiEdgeConfig.model_validate(minimal(hardened=True, monitoring=True))
    assert str(error.value) == (
        "alarm_topic_arn must be given with hardened: true and monitoring: true, got nothing; "
        "name the topic that is told when an alarm rings."
    )
    for right in (
        {"hardened": True, "monitoring": True, "alarm_topic_arn": TOPIC},
        {"hardened": True, "monitoring": False},
        {"monitoring": True},
    ):
        DatafiEdgeConfig.model_validate(minimal(**right))


def test_refuses_what_is_no_removal_policy(refused: Any) -> None:
    """Its name is none."""
    assert refused(removal_policy="DESTROY") == (
        "removal_policy must be a RemovalPolicy, got a value of type str; hand in a RemovalPolicy."
    )
