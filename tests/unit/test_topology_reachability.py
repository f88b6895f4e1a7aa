"""The ways in that the templates of the examples open: tables that were written by hand."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from datafi_cdk.testing import assert_no_problems, assert_reachable
from datafi_cdk.topology import read_topology
from mutations import inside

TABLES = Path(__file__).parent / "reachable"
EXAMPLES = sorted(path.stem for path in TABLES.glob("*.md"))

Change = Callable[[dict[str, Any]], object]
"""What is done to the properties of a resource."""


def test_every_example_has_a_table() -> None:
    """A new example needs a table of its own."""
    examples = Path(__file__).parents[2] / "examples"
    assert {path.parent.name for path in examples.glob("*/app.py")} == {
        path.stem for path in TABLES.glob("*.md")
    }


@pytest.mark.parametrize("example", EXAMPLES)
def test_all_of_the_table_is_reached_and_nothing_else(
    example: str, synthesized: Callable[[str], Path]
) -> None:
    """The templates open exactly the ways in the table, also to each server, and have no fault."""
    topology = read_topology(synthesized(example))
    table = (TABLES / f"{example}.md").read_text(encoding="utf-8")
    assert_no_problems(topology)
    assert_reachable(topology, table)
    for service in topology.services:
        assert_reachable(topology, inside(table, service.label), source=service.label)


class Changed:
    """A copy of a cloud assembly in which one thing is changed at a time."""

    def __init__(self, source: Path, folder: Path) -> None:
        """Copy the assembly."""
        self.folder = shutil.copytree(source, folder / "cdk.out")

    def resources(self, *types: str) -> Iterator[tuple[Path, str, dict[str, Any]]]:
        """File, logical id and resource of some types."""
        for file in sorted(self.folder.glob("*.template.json")):
            for name, resource in json.loads(file.read_text())["Resources"].items():
                if resource["Type"] in types:
                    yield file, name, resource

    def change(self, kind: str, start: str, change: Change) -> None:
        """Change the properties of the first resource of a type whose id has a part."""
        found = [one for one in self.resources(kind) if start in one[1]]
        file, name, _ = found[0]
        template = json.loads(file.read_text())
        change(template["Resources"][name]["Properties"])
        file.write_text(json.dumps(template))


@pytest.fixture
def changed(synthesized: Callable[[str], Path], tmp_path: Path) -> Changed:
    """The example with four stacks."""
    return Changed(synthesized("multi_stack"), tmp_path)


ELB = "AWS::ElasticLoadBalancingV2"
BREAKS: dict[str, tuple[str, str, Change, str]] = {
    "rule after a wider one": (
        f"{ELB}::ListenerRule",
        "EsGrpcOverHttpsRule",
        lambda one: one.update(Priority=49130),
        "rule 49129 (DatafiEdgeServers/Es/HttpRule) takes all its requests before",
    ),
    "rule before a narrower one": (
        f"{ELB}::ListenerRule",
        "EsHttpRule",
        lambda one: one.update(Priority=1),
        "rule 1 (DatafiEdgeServers/Es/HttpRule) takes all its requests before",
    ),
    "rule for another name": (
        f"{ELB}::ListenerRule",
        "EsGrpcRule",
        lambda one: one["Conditions"][0]["HostHeaderConfig"].update(Values=["x.example.org"]),
        "the nearest way has port 443, not 50051",
    ),
    "service with another port": (
        "AWS::ECS::Service",
        "EsService",
        lambda one: one["LoadBalancers"][0].update(ContainerPort=81),
        "container port 81, not 80",
    ),
    "tasks let another port in": (
        "AWS::EC2::SecurityGroup",
        "EsSecurityGroup",
        lambda one: one["SecurityGroupIngress"][0].update(FromPort=81, ToPort=81),
        "the security groups of DatafiEdgeServers/Es do not let TCP 80 in from"
        " DatafiFront/Ingress/LoadBalancer",
    ),
    "load balancer lets nothing out": (
        "AWS::EC2::SecurityGroup",
        "IngressSecurityGroup",
        lambda one: one["SecurityGroupEgress"][0].update(CidrIp="255.255.255.255/32"),
        "do not let TCP 80 out to DatafiEdgeServers/Es",
    ),
    "private zone": (
        "AWS::Route53::HostedZone",
        "HostedZone",
        lambda one: one.update(VPCs=[{"VPCId": "vpc-1"}]),
        "is in a private zone that internet does not see",
    ),
    "container that takes UDP": (
        "AWS::ECS::TaskDefinition",
        "EsTask",
        lambda one: one["ContainerDefinitions"][0]["PortMappings"][0].update(Protocol="udp"),
        "port 80 of the container es takes UDP",
    ),
    "no route to the internet": (
        "AWS::EC2::Route",
        "PublicSubnet",
        lambda one: one.update(DestinationCidrBlock="10.9.0.0/16"),
        "have no route to the internet",
    ),
    "function that others may call": (
        "AWS::Lambda::Permission",
        "EsUpdatesFunctionInvoke",
        lambda one: one.update(Principal="s3.amazonaws.com"),
        "DatafiEdgeServers/EsUpdates/Function does not permit load balancers to call it",
    ),
}


@pytest.mark.parametrize("link", BREAKS)
def test_why_a_row_is_missing_is_told(changed: Changed, link: str) -> None:
    """Whatever is broken, the difference says what it is."""
    kind, start, change, reason = BREAKS[link]
    changed.change(kind, start, change)
    with pytest.raises(AssertionError, match="Missing, ") as told:
        assert_reachable(changed.folder, TABLES / "multi_stack.md")
    assert reason in str(told.value)
    with pytest.raises(AssertionError, match="The app has problems:"):
        assert_no_problems(changed.folder)


def test_more_than_the_table_is_noticed(changed: Changed) -> None:
    """A container that is opened to the whole network is in the table, as reached without names."""
    rule = {"CidrIp": "0.0.0.0/0", "IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535}
    changed.change(
        "AWS::EC2::SecurityGroup", "EsSec", lambda one: one.update(SecurityGroupIngress=[rule])
    )
    with pytest.raises(AssertionError, match="Unexpected, 2:") as told:
        assert_reachable(changed.folder, TABLES / "multi_stack.md")
    assert "Missing" not in str(told.value)
    assert str(told.value).count("| VPC DatafiNetwork/Network/Vpc |") == 2
