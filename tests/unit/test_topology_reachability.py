"""The ways in that the templates of the examples open: tables that were written by hand."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from datafi_cdk.topology import (
    Problem,
    Reach,
    Topology,
    find_problems,
    reachability,
    reachability_from,
    read_topology,
)

Row = tuple[str, str, int | None, str, int | None]
"""Source, name, port, target, port of its container."""

Proof = tuple[set[Row], tuple[Problem, ...]]

Change = Callable[[dict[str, Any]], object]
"""What is done to the properties of a resource."""

INTERNET = "internet"
DOMAIN = "edge.example.com"


def server(source: str, name: str, target: str, http: int = 80) -> set[Row]:
    """The three ways to a server: HTTP, gRPC at its own port, and gRPC at that of HTTPS."""
    host = f"{name}.{DOMAIN}"
    return {
        (source, host, 443, target, http),
        (source, host, 443, target, 50051),
        (source, host, 50051, target, 50051),
    }


def updates(*targets: str) -> set[Row]:
    """The ways to the functions behind both names of the update API."""
    return {
        (INTERNET, f"{name}.{DOMAIN}", 443, target, None)
        for name in ("update", "df-update")
        for target in targets
    }


EXPECTED: dict[str, set[Row]] = {
    "quickstart": server(INTERNET, "es", "DatafiEdge/EdgeServer-es")
    | updates("DatafiEdge/UpdateApi-es/Function", "DatafiEdge/UpdateRouter/Function"),
    "compose": server(INTERNET, "es", "DataPlatform/Es")
    | server(INTERNET, "co", "DataPlatform/Coordinator", http=8001)
    | updates(
        "DataPlatform/EsUpdates/Function",
        "DataPlatform/CoordinatorUpdates/Function",
        "DataPlatform/UpdateRouter/Function",
    ),
    "multi_stack": server(INTERNET, "es", "DatafiEdgeServers/Es")
    | server(INTERNET, "co", "DatafiCoordinator/Coordinator", http=8001)
    | updates("DatafiEdgeServers/EsUpdates/Function", "DatafiEdgeServers/UpdateRouter/Function"),
    "autoscaling": server(INTERNET, "es", "DatafiAutoscaling/Es"),
    "private": server("VPC DatafiPrivate/Network/Vpc", "es", "DatafiPrivate/Es"),
    "serverless": {(INTERNET, f"es.{DOMAIN}", 443, "DatafiServerless/Es/Function", None)},
    "existing_load_balancer": {
        (INTERNET, f"es.{DOMAIN}", 443, "DatafiEdgeServers/Es", 80),
        (INTERNET, f"es.{DOMAIN}", 443, "DatafiEdgeServers/Es", 50051),
    },
    "many_servers": {
        row
        for team in ("finance", "research", "sales")
        for number in range(1, 11)
        for row in server(INTERNET, f"{team}-{number}", f"Datafi-{team}/{team}-{number}")
    },
}


def rows(topology: Topology, reaches: tuple[Reach, ...]) -> set[Row]:
    """What is open and ends at a target."""
    return {
        (one.source, one.name, one.port, topology.label(one.target), one.container_port)
        for one in reaches
        if one.open and one.target
    }


def test_every_example_has_a_table() -> None:
    """A new example needs a table above."""
    examples = Path(__file__).parents[2] / "examples"
    assert {path.parent.name for path in examples.glob("*/app.py")} == set(EXPECTED)


@pytest.mark.parametrize("example", EXPECTED)
def test_all_of_the_table_is_reached_and_nothing_else(
    example: str, synthesized: Callable[[str], Path]
) -> None:
    """The templates open exactly the ways in the table, and have no fault."""
    topology = read_topology(synthesized(example))
    reaches = reachability(topology)
    assert rows(topology, reaches) == EXPECTED[example]
    assert find_problems(topology, reaches) == ()


def test_port_80_only_redirects(synthesized: Callable[[str], Path]) -> None:
    """Unencrypted requests are sent to HTTPS, other names get a fixed answer."""
    reaches = reachability(read_topology(synthesized("quickstart")))
    assert {(one.port, one.protocol, one.action) for one in reaches if not one.target} == {
        (80, "HTTP", "redirect 301 to HTTPS port 443"),
        (443, "HTTPS", "fixed-response 404"),
        (50051, "HTTPS", "fixed-response 404"),
    }


def test_what_exists_already_is_assumed_and_said(synthesized: Callable[[str], Path]) -> None:
    """Nothing is assumed where the templates make all, and the certificate where it exists."""
    assert not any(one.assumed for one in reachability(read_topology(synthesized("quickstart"))))
    reaches = reachability(read_topology(synthesized("private")))
    assert {assumption.split(" arn:")[0] for one in reaches for assumption in one.assumed} == {
        "the existing certificate"
    }


def test_servers_reach_each_other_by_their_names(synthesized: Callable[[str], Path]) -> None:
    """From the edge server the coordinator is reached as from the internet, and itself."""
    topology = read_topology(synthesized("multi_stack"))
    [edge] = [one for one in topology.services if one.name == "es"]
    assert rows(topology, reachability_from(topology, edge)) == {
        ("DatafiEdgeServers/Es", *row[1:]) for row in EXPECTED["multi_stack"]
    }


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

    def proof_after(self, file: Path, name: str, change: Change) -> Proof:
        """What the proof says after a change of a resource's properties."""
        before = file.read_text()
        template = json.loads(before)
        if change is DELETE:
            del template["Resources"][name]
        else:
            change(template["Resources"][name]["Properties"])
        file.write_text(json.dumps(template))
        topology = read_topology(self.folder)
        file.write_text(before)
        reaches = reachability(topology)
        return rows(topology, reaches), find_problems(topology, reaches)


def DELETE(_properties: dict[str, Any]) -> None:
    """Stands for the deletion of the resource."""


@pytest.fixture
def changed(synthesized: Callable[[str], Path], tmp_path: Path) -> Changed:
    """The example with four stacks."""
    return Changed(synthesized("multi_stack"), tmp_path)


ELB = "AWS::ElasticLoadBalancingV2"
LINKS = (
    f"{ELB}::LoadBalancer",
    f"{ELB}::Listener",
    f"{ELB}::ListenerRule",
    f"{ELB}::TargetGroup",
    "AWS::Lambda::Function",
    "AWS::ECS::Service",
    "AWS::ECS::TaskDefinition",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::Route",
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::EC2::InternetGateway",
    "AWS::Route53::RecordSet",
    "AWS::Route53::HostedZone",
    "AWS::CertificateManager::Certificate",
)
BESIDE_THE_WAY = ("ApexRecord", "ZoneCleanup", "CustomResource", "Custom", "RedirectListener")


def test_proof_notices_each_resource_that_is_gone(changed: Changed) -> None:
    """Without any one of the resources between a client and a container, the proof is another."""
    tried = 0
    for file, name, resource in changed.resources(*LINKS, "AWS::Lambda::Permission"):
        beside = any(part in name for part in BESIDE_THE_WAY) or "PrivateSubnet" in name
        called_by_events = resource["Properties"].get("Principal") == "events.amazonaws.com"
        if not (beside or called_by_events):
            table, problems = changed.proof_after(file, name, DELETE)
            assert table != EXPECTED["multi_stack"], name
            assert problems or "Rule" in name, name
            tried += 1
    assert tried > 30


BREAKS: dict[str, tuple[str, str, Change]] = {
    "internal load balancer": (
        f"{ELB}::LoadBalancer",
        "Load",
        lambda one: one.update(Scheme="internal"),
    ),
    "unknown security group": (
        f"{ELB}::LoadBalancer",
        "Load",
        lambda one: one.update(SecurityGroups=[{"Ref": "Gone"}]),
    ),
    "listener at another port": (
        f"{ELB}::Listener",
        "GrpcListener",
        lambda one: one.update(Port=50052),
    ),
    "listener without certificate": (
        f"{ELB}::Listener",
        "HttpsListener",
        lambda one: one.update(Certificates=[]),
    ),
    "rule for another name": (
        f"{ELB}::ListenerRule",
        "EsHttpRule",
        lambda one: one["Conditions"][0]["HostHeaderConfig"].update(
            Values=["x.edge.example.com", "y.org"]
        ),
    ),
    "rule after a wider one": (
        f"{ELB}::ListenerRule",
        "EsGrpcOverHttpsRule",
        lambda one: one.update(Priority=49130),
    ),
    "rule before a narrower one": (
        f"{ELB}::ListenerRule",
        "EsHttpRule",
        lambda one: one.update(Priority=1),
    ),
    "rule without target": (
        f"{ELB}::ListenerRule",
        "EsGrpcRule",
        lambda one: one.update(Actions=[{"Type": "fixed-response"}]),
    ),
    "target group for instances": (
        f"{ELB}::TargetGroup",
        "EsHttpTargetGroup",
        lambda one: one.update(TargetType="instance"),
    ),
    "target group without function": (
        f"{ELB}::TargetGroup",
        "EsUpdatesTargetGroup",
        lambda one: one.update(Targets=[]),
    ),
    "service that does not register": (
        "AWS::ECS::Service",
        "EsService",
        lambda one: one["LoadBalancers"].pop(),
    ),
    "service with another port": (
        "AWS::ECS::Service",
        "EsService",
        lambda one: one["LoadBalancers"][0].update(ContainerPort=81),
    ),
    "container without port": (
        "AWS::ECS::TaskDefinition",
        "EsTask",
        lambda one: one["ContainerDefinitions"][0]["PortMappings"].pop(),
    ),
    "tasks let another port in": (
        "AWS::EC2::SecurityGroupIngress",
        "EsSecurityGroup",
        lambda one: one.update(FromPort=81, ToPort=81),
    ),
    "tasks let another protocol in": (
        "AWS::EC2::SecurityGroupIngress",
        "EsSecurityGroup",
        lambda one: one.update(IpProtocol="udp"),
    ),
    "load balancer lets one port less in": (
        "AWS::EC2::SecurityGroup",
        "IngressSecurityGroup",
        lambda one: one["SecurityGroupIngress"].pop(),
    ),
    "load balancer lets nothing out": (
        "AWS::EC2::SecurityGroup",
        "IngressSecurityGroup",
        lambda one: one["SecurityGroupEgress"][0].update(CidrIp="255.255.255.255/32"),
    ),
    "record of another name": (
        "AWS::Route53::RecordSet",
        "WildcardRecord",
        lambda one: one.update(Name="*.edge.example.org."),
    ),
    "private zone": (
        "AWS::Route53::HostedZone",
        "HostedZone",
        lambda one: one.update(VPCs=[{"VPCId": "vpc-1"}]),
    ),
    "certificate for fewer names": (
        "AWS::CertificateManager::Certificate",
        "Certificate",
        lambda one: one.pop("SubjectAlternativeNames"),
    ),
    "function that others may call": (
        "AWS::Lambda::Permission",
        "EsUpdatesFunctionInvoke",
        lambda one: one.update(Principal="s3.amazonaws.com"),
    ),
    "no route to the internet": (
        "AWS::EC2::Route",
        "PublicSubnet",
        lambda one: one.update(DestinationCidrBlock="10.9.0.0/16"),
    ),
}

NO_FAULTS = ("internal load balancer", "rule without target")
"""What can be meant so: it makes another table, and no problem."""


@pytest.mark.parametrize("link", BREAKS)
def test_proof_notices_each_link_that_is_broken(changed: Changed, link: str) -> None:
    """A link that leads elsewhere makes another table, and a problem that says where."""
    kind, start, change = BREAKS[link]
    found = [(file, name) for file, name, _ in changed.resources(kind) if start in name]
    assert found
    table, problems = changed.proof_after(*found[0], change)
    assert table != EXPECTED["multi_stack"]
    assert bool(problems) == (link not in NO_FAULTS)


def test_more_than_the_table_is_noticed(changed: Changed) -> None:
    """A container that is opened to the whole network is in the table, as reached without names."""
    [(file, name, _)] = [
        one for one in changed.resources("AWS::EC2::SecurityGroup") if one[1].startswith("EsSec")
    ]
    template = json.loads(file.read_text())
    template["Resources"][name]["Properties"]["SecurityGroupIngress"] = [
        {"CidrIp": "0.0.0.0/0", "IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535}
    ]
    file.write_text(json.dumps(template))
    topology = read_topology(changed.folder)
    assert rows(topology, reachability(topology)) - EXPECTED["multi_stack"] == {
        ("VPC DatafiNetwork/Network/Vpc", "", 80, "DatafiEdgeServers/Es", 80),
        ("VPC DatafiNetwork/Network/Vpc", "", 50051, "DatafiEdgeServers/Es", 50051),
    }
