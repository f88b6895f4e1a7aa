"""What `find_problems` reports, and what exists already."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from assemblies import ELB, edge, forward, ref, resource, rule, vpc, write_assembly
from datafi_cdk.topology import (
    AssemblyError,
    Reach,
    Topology,
    find_problems,
    reachability,
    read_topology,
)
from datafi_cdk.topology.network import covers
from datafi_cdk.topology.patterns import pattern_covers


def read(folder: Path, resources: dict[str, Any]) -> tuple[Topology, tuple[Reach, ...]]:
    """What is made of resources, and the ways in."""
    topology = read_topology(write_assembly(folder, {"App": {"Resources": resources}}))
    return topology, reachability(topology)


def problems(folder: Path, resources: dict[str, Any]) -> list[str]:
    """The problems as text."""
    return [str(one) for one in find_problems(*read(folder, resources))]


def test_an_edge_in_an_existing_network_has_no_problem(tmp_path: Path) -> None:
    """All that no template tells is assumed, and said."""
    topology, reaches = read(tmp_path, edge())
    [reach] = [one for one in reaches if one.target]
    assert (reach.source, reach.name, reach.port) == ("10.1.0.0/16", "es.example.com", 80)
    assert reach.open
    assert find_problems(topology, reaches) == ()


def test_a_rule_that_another_shadows_is_reported(tmp_path: Path) -> None:
    """The wider rule that comes first is named; a narrower one does not hide it."""
    resources = edge()
    resources["First"] = rule(5, "Group", host=["*.example.com"], path=["/es/*"])
    assert problems(tmp_path, resources) == []
    resources["First"] = rule(5, "Group", host=["*.EXAMPLE.com"])
    assert problems(tmp_path, resources) == [
        "Rule: es.example.com at port 80 reaches nothing: rule 5 (First) takes all its requests"
        " before"
    ]


def test_a_port_that_no_rule_leads_to_is_reported(tmp_path: Path) -> None:
    """A second port of the container is not reached."""
    resources = edge()
    container = resources["Definition"]["Properties"]["ContainerDefinitions"][0]
    container["PortMappings"].append({"ContainerPort": 50051})
    assert problems(tmp_path, resources) == [
        "Service: nothing leads to port 50051 of the container es"
    ]


def test_a_target_group_that_no_rule_uses_is_reported(tmp_path: Path) -> None:
    """The same group in a default action is used."""
    resources = edge()
    resources["Spare"] = resource(
        f"{ELB}::TargetGroup", TargetType="ip", Targets=[{"Id": "10.1.1.1"}]
    )
    assert problems(tmp_path, resources) == ["Spare: no rule forwards to it"]
    resources["Listener"]["Properties"]["DefaultActions"] = forward("Spare")
    assert problems(tmp_path, resources) == []


def test_a_record_that_points_nowhere_is_reported(tmp_path: Path) -> None:
    """A record at a load balancer that is gone, and at one that does not listen."""
    resources = edge()
    resources["Quiet"] = resource(f"{ELB}::LoadBalancer", Scheme="internal")
    resources["Old"] = resource(
        "AWS::Route53::RecordSet",
        HostedZoneId="Z1",
        Name="old.example.com",
        Type="A",
        AliasTarget={"DNSName": {"Fn::GetAtt": ["Quiet", "DNSName"]}},
    )
    assert problems(tmp_path, resources) == [
        "Old: old.example.com points at Quiet, which listens on no port"
    ]
    del resources["Quiet"]
    assert problems(tmp_path, resources) == ["Old: it refers to Quiet, which App does not make"]


def test_every_record_of_a_name_must_lead_there(tmp_path: Path) -> None:
    """An AAAA record that points elsewhere breaks the way, a record of text does not."""
    resources = edge()
    resources["Text"] = resource(
        "AWS::Route53::RecordSet",
        HostedZoneId="Z1",
        Name="es.example.com",
        Type="TXT",
        ResourceRecords=['"text"'],
    )
    assert problems(tmp_path, resources) == []
    resources["Six"] = resource(
        "AWS::Route53::RecordSet",
        HostedZoneId="Z1",
        Name="es.example.com",
        Type="AAAA",
        AliasTarget={"DNSName": "elsewhere.example.com"},
    )
    assert problems(tmp_path, resources)[0] == (
        "Rule: es.example.com at port 80 is not reached by all: the record es.example.com points at"
        " existing elsewhere.example.com, not at Lb"
    )


def test_rules_with_one_priority_are_reported(tmp_path: Path) -> None:
    """Both are named."""
    resources = edge()
    resources["Other"] = rule(10, "Group", host=["other.example.org"])
    assert [one for one in problems(tmp_path, resources) if "priority" in one] == [
        "Other: another rule of Listener has the priority 10 too",
        "Rule: another rule of Listener has the priority 10 too",
    ]


def test_a_function_needs_the_permission_of_load_balancers(tmp_path: Path) -> None:
    """Without it the way is broken, with it nothing is wrong."""
    resources = edge()
    resources["Function"] = resource("AWS::Lambda::Function", Runtime="python3.14")
    resources["Update"] = resource(
        f"{ELB}::TargetGroup",
        TargetType="lambda",
        Targets=[{"Id": {"Fn::GetAtt": ["Function", "Arn"]}}],
    )
    resources["UpdateRule"] = rule(3, "Update", host=["es.example.com"], path=["/update"])
    [problem] = problems(tmp_path, resources)
    assert problem.endswith("Function does not permit load balancers to call it")
    resources["Permission"] = resource(
        "AWS::Lambda::Permission",
        FunctionName={"Fn::GetAtt": ["Function", "Arn"]},
        Principal="elasticloadbalancing.amazonaws.com",
    )
    assert problems(tmp_path, resources) == []


def test_rules_on_an_existing_listener_are_followed(tmp_path: Path) -> None:
    """The load balancer is named as existing, and what must be so of it is said."""
    resources = edge()
    arn = "arn:aws:elasticloadbalancing:eu-west-1:111111111111:listener/app/company/50dc/f2f7"
    for name in ("Lb", "LbGroup", "Listener", "Record"):
        del resources[name]
    resources["Rule"]["Properties"]["ListenerArn"] = arn
    group = resources["Tasks"]["Properties"]["SecurityGroupIngress"][0]
    group["SourceSecurityGroupId"] = "sg-company"
    topology, reaches = read(tmp_path, resources)
    [reach] = reaches
    balancer = arn.replace("listener", "loadbalancer").removesuffix("/f2f7")
    assert (reach.source, reach.port) == (f"clients of existing {balancer}", None)
    assert f"existing {balancer} has sg-company" in reach.assumed
    assert find_problems(topology, reaches) == ()


def test_tasks_with_public_addresses_are_seen(tmp_path: Path) -> None:
    """A task that is open to the internet is reached without a load balancer."""
    resources = edge() | vpc()
    resources["Route"] = resource(
        "AWS::EC2::Route",
        RouteTableId=ref("Table"),
        DestinationCidrBlock="0.0.0.0/0",
        GatewayId=ref("Igw"),
    )
    network = resources["Service"]["Properties"]["NetworkConfiguration"]["AwsvpcConfiguration"]
    network |= {"Subnets": [ref("Subnet")], "AssignPublicIp": "ENABLED"}
    resources["Tasks"]["Properties"]["SecurityGroupIngress"].append(
        {"CidrIp": "0.0.0.0/0", "IpProtocol": "-1"}
    )
    _, reaches = read(tmp_path, resources)
    assert ("internet", "", 80) in {(one.source, one.name, one.container_port) for one in reaches}


def test_no_representation_holds_what_may_be_secret(tmp_path: Path) -> None:
    """Values of variables and of conditions are in none of the objects' representations."""
    canary = "not-a-real-secret-4711"
    resources = edge()
    container = resources["Definition"]["Properties"]["ContainerDefinitions"][0]
    container["Environment"] = [{"Name": "PLAIN", "Value": canary}]
    resources["Rule"]["Properties"]["Conditions"].append(
        {
            "Field": "http-header",
            "HttpHeaderConfig": {"HttpHeaderName": "x-from-cdn", "Values": [canary]},
        }
    )
    resources["Group"]["Properties"]["HealthCheckPath"] = f"/health?token={canary}"
    topology, reaches = read(tmp_path, resources)
    told = repr((topology, reaches, find_problems(topology, reaches)))
    assert "PLAIN" in told
    assert canary not in told


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each item of nested JSON: what holds it, and its key or position."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        yield value, key
        if isinstance(item, dict | list):
            yield from places(item)


@pytest.mark.parametrize(
    "junk", [None, 1, "x", [], {}, ["a"], ref("Gone"), {"Fn::GetAtt": ["Gone", "Arn"]}, {"a": [1]}]
)
def test_refuses_what_cannot_be_read_in_one_sentence(junk: Any, tmp_path: Path) -> None:
    """Whatever stands at whatever place: it is read, or refused with an error of our own."""
    for place in range(len(list(places(edge())))):
        resources = edge()
        holder, key = list(places(resources))[place]
        holder[key] = junk
        try:
            problems(tmp_path, resources)
        except AssemblyError as refusal:
            assert "\n" not in str(refusal)


@pytest.mark.parametrize(
    ("wide", "narrow", "covered"),
    [
        ("*", "a", True),
        ("*.x.com", "a.x.com", True),
        ("*.x.com", "*.a.x.com", True),
        ("a.x.com", "*.x.com", False),
        ("?.x.com", "*.x.com", False),
        ("?.x.com", "a.x.com", True),
        ("/es/*", "/es/", True),
        ("/es/*", "/es", False),
        ("a+b", "aab", False),
        ("regex ^a", "regex ^a", True),
        ("*", "regex ^a", False),
    ],
)
def test_patterns_cover_others(wide: str, narrow: str, covered: bool) -> None:
    """A pattern covers what matches no more than it does."""
    assert pattern_covers(wide, narrow) is covered


@pytest.mark.parametrize(
    ("outer", "inner", "covered"),
    [
        ("10.0.0.0/8", "10.1.0.0/16", True),
        ("10.1.0.0/16", "10.0.0.0/8", False),
        ("0.0.0.0/0", "10.0.0.0/8", True),
        ("::/0", "10.0.0.0/8", False),
        ("0.0.0.0/0", "${Range}", True),
        ("${Range}", "${Range}", True),
        ("${Range}", "10.0.0.0/8", False),
    ],
)
def test_ranges_of_addresses_hold_others(outer: str, inner: str, covered: bool) -> None:
    """A range that is known at deployment only holds nothing but itself."""
    assert covers(outer, inner) is covered


def test_a_record_outside_of_its_zone_is_reported(tmp_path: Path) -> None:
    """Route 53 would refuse it."""
    resources = edge()
    resources["Zone"] = resource("AWS::Route53::HostedZone", Name="example.com.")
    resources["Record"]["Properties"]["HostedZoneId"] = ref("Zone")
    assert problems(tmp_path, resources) == []
    resources["Zone"]["Properties"]["Name"] = "ample.com"
    assert "Record: es.example.com is not in its zone, ample.com" in problems(tmp_path, resources)


def test_a_listener_without_certificate_is_reported(tmp_path: Path) -> None:
    """Also one that no rule is for."""
    resources = edge()
    resources["Spare"] = resource(
        f"{ELB}::Listener",
        LoadBalancerArn=ref("Lb"),
        Port=80,
        Protocol="HTTPS",
        DefaultActions=[{"Type": "fixed-response"}],
    )
    assert problems(tmp_path, resources) == ["Spare: Spare has no certificate"]
    resources["Spare"]["Properties"]["Certificates"] = [{"CertificateArn": "arn:aws:acm:::c"}]
    assert problems(tmp_path, resources) == []
