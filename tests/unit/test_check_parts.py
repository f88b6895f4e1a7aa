"""The parts of `datafi-cdk check` that ask nobody."""

from __future__ import annotations

import ast
import json
import re
import socket
from pathlib import Path
from typing import Any

import pytest
from datafi_cdk import DatafiEdgeStack, EdgeNetwork
from aws_cdk import App, Environment
from check_answers import ROOT, config_of
from datafi_cdk.cli import check
from datafi_cdk.cli.check.account import BOOTSTRAP_VERSION, LOOKUP_BOOTSTRAP_VERSION
from datafi_cdk.cli.check.certificate import covers
from datafi_cdk.cli.check.context import iam_action
from datafi_cdk.cli.check.live.dial import SECONDS, Dialer, UnreachableError
from datafi_cdk.cli.check.live.targets import grpc_ports, targets, update_urls
from datafi_cdk.cli.check.network import NEEDED_ENDPOINTS, most_tasks
from datafi_cdk.cli.check.quotas import fargate_units
from datafi_cdk.cli.check.resolver import Resolver
from datafi_cdk.cli.check.secrets import READ_BY
from datafi_cdk.config_services import ServiceConfig
from datafi_cdk.errors import CommandError

PAGE = Path(__file__).parents[2] / "docs" / "command" / "check.md"


def service_of(**values: Any) -> ServiceConfig:
    """A server on Fargate."""
    return config_of({"name": "es", **values}).edge_servers.long_running[0]


def test_the_policy_of_the_page_allows_what_the_checks_ask() -> None:
    """The documented policy has each call of the code, and no other."""
    asked = set(READ_BY)
    for file in Path(check.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr in ("ask", "ask_all"):
                service, operation = node.args[:2]
                assert isinstance(service, ast.Constant)
                assert isinstance(operation, ast.Constant)
                asked.add((str(service.value), str(operation.value)))
    (text,) = re.findall(r"```json\n(.+?)```", PAGE.read_text(), re.DOTALL)
    (statement,) = json.loads(text)["Statement"]
    assert statement["Action"] == sorted(iam_action(*each) for each in asked)


def test_the_bootstrap_version_is_what_the_cdk_demands(tmp_path: Path) -> None:
    """What is synthesized says which version it needs, and its lookups."""
    app = App(outdir=str(tmp_path))
    env = Environment(account="111111111111", region="us-east-1")
    DatafiEdgeStack(app, "Edge", config=config_of({"name": "es"}), env=env)
    app.synth()
    text = (tmp_path / "manifest.json").read_text()
    versions = {
        int(each) for each in re.findall(r'"requiresBootstrapStackVersion": ([0-9]+)', text)
    }
    assert versions == {BOOTSTRAP_VERSION, LOOKUP_BOOTSTRAP_VERSION}


def test_the_endpoints_are_those_of_a_new_network() -> None:
    """A network without NAT makes what the check looks for."""
    from aws_cdk import Stack

    network = EdgeNetwork(Stack(App(), "Stack"), "Network", nat_gateways=0)
    assert tuple(network.endpoints) == NEEDED_ENDPOINTS


@pytest.mark.parametrize(
    ("names", "wanted", "is_covered"),
    [
        ([ROOT], ROOT, True),
        ([f"*.{ROOT}"], ROOT, False),
        ([f"*.{ROOT}"], f"es.{ROOT}", True),
        ([f"*.{ROOT}"], f"a.es.{ROOT}", False),
        ([f"*.{ROOT}"], f"*.{ROOT}", True),
        (["*.example.com"], f"*.{ROOT}", False),
        ([ROOT.upper()], ROOT, True),
    ],
)
def test_a_wildcard_covers_one_label(names: list[str], wanted: str, is_covered: bool) -> None:
    """A certificate's wildcard stands for one label, and not for none."""
    assert covers(names, wanted) is is_covered


@pytest.mark.parametrize(
    ("values", "most"),
    [
        ({}, (1, 2)),
        ({"desired_count": 3}, (3, 6)),
        ({"desired_count": 3, "max_healthy_percent": 150}, (3, 4)),
        ({"desired_count": 0}, (0, 0)),
        ({"auto_scaling": {"min": 1, "max": 5, "cpu_percent": 50}}, (5, 10)),
    ],
)
def test_counts_tasks_at_their_highest(values: dict[str, Any], most: tuple[int, int]) -> None:
    """A rolling deployment adds as many as max_healthy_percent lets."""
    assert most_tasks(service_of(**values)) == most


def test_counts_spot_apart() -> None:
    """A provider without weight and base gets no tasks."""
    spot = {"capacity_provider": "FARGATE_SPOT"}
    demand = {"capacity_provider": "FARGATE", "weight": 0}
    services = [
        service_of(capacity_provider_strategies=[spot, demand]),
        service_of(cpu=512),
    ]
    assert fargate_units(services) == {"FARGATE": 1024, "FARGATE_SPOT": 2048}


def test_live_asks_what_the_configuration_makes() -> None:
    """Ports of an existing load balancer and addresses of signed update APIs are left out."""
    role = "arn:aws:iam::111111111111:role/deployer"
    plain = config_of({"name": "es"})
    assert grpc_ports(plain) == (50051, 443)
    assert update_urls(plain) == [(f"update.{ROOT}", "/es")]
    assert targets(plain)[0].host == f"es.{ROOT}"
    apart = config_of(
        {"name": "es"},
        load_balancer={"grpc_over_https": False},
        update_api={"caller_role_arns": [role]},
    )
    assert grpc_ports(apart) == (50051,)
    assert update_urls(apart) == []


@pytest.mark.parametrize("server", ["dns.example.com", "192.0.2.1:0", "192.0.2.1:x", "[::1"])
def test_refuses_resolvers_that_are_no_address(server: str) -> None:
    """A name could not be resolved without a resolver."""
    with pytest.raises(CommandError, match="--resolver must be an IP address"):
        Resolver(server)


@pytest.mark.parametrize("server", ["192.0.2.1", "192.0.2.1:53", "::1", "[::1]:5353"])
def test_takes_resolvers_with_and_without_a_port(server: str) -> None:
    """Both families are taken."""
    assert Resolver(server).server == server


@pytest.mark.parametrize(
    ("error", "private", "reason", "remedy"),
    [
        (TimeoutError(), False, "no connection within 5 s", "see that allowed_cidrs and the"),
        (TimeoutError(), True, "no connection within 5 s", "reached from the VPC only"),
        (ConnectionRefusedError(), False, "the connection is refused", "has a listener on it"),
        (OSError(113, "No route to host"), False, "no way to it (No route", "check the network"),
    ],
)
def test_tells_why_there_is_no_connection(
    monkeypatch: pytest.MonkeyPatch, error: OSError, private: bool, reason: str, remedy: str
) -> None:
    """Each reason has its own words and remedy."""

    def refuse(*_: object) -> socket.socket:
        raise error

    monkeypatch.setattr(socket, "create_connection", refuse)
    with pytest.raises(UnreachableError) as caught:
        Dialer(private=private).connect("127.0.0.1", 443)
    assert reason in caught.value.reason
    assert remedy in caught.value.remedy


def test_shares_the_time_among_all_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dead address leaves time for the next, and one of a kind without a route tells nothing."""
    asked: list[tuple[str, float]] = []

    def fail(target: tuple[str, int], seconds: float) -> socket.socket:
        asked.append((target[0], seconds))
        raise OSError(101, "Network is unreachable") if ":" in target[0] else TimeoutError

    monkeypatch.setattr(socket, "create_connection", fail)
    dialer = Dialer()
    monkeypatch.setattr(Dialer, "addresses", lambda *_: ["192.0.2.1", "192.0.2.2", "2001:db8::1"])
    with pytest.raises(UnreachableError, match="no connection within 5 s"):
        dialer.connect("es.example.com", 443)
    assert [address for address, _ in asked] == ["192.0.2.1", "192.0.2.2", "2001:db8::1"]
    assert sum(seconds for _, seconds in asked) <= SECONDS


def test_gives_a_connection_its_time_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left of the share of an address does not cut what comes after it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(Dialer, "addresses", lambda *_: ["127.0.0.1"] * 3)
        with Dialer().connect("es.example.com", server.getsockname()[1]) as connection:
            assert connection.gettimeout() == SECONDS
