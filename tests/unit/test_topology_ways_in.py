"""Ways in that are easily overlooked: whatever gets through must be told of."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from assemblies import edge, forward, ref, resource, vpc, write_assembly
from datafi_cdk.topology import (
    Reach,
    Topology,
    find_problems,
    reachability,
    reachability_from,
    read_topology,
)


def read(folder: Path, resources: dict[str, Any]) -> tuple[Topology, tuple[Reach, ...]]:
    """What is made of resources, and the ways in."""
    topology = read_topology(write_assembly(folder, {"App": {"Resources": resources}}))
    return topology, reachability(topology)


def to_tasks(folder: Path, resources: dict[str, Any]) -> Reach:
    """The way through the load balancer to the tasks."""
    [reach] = [one for one in read(folder, resources)[1] if one.target and one.listener]
    return reach


def zone(name: str, *vpcs: str) -> dict[str, Any]:
    """A zone, a private one if networks see it."""
    seen = {"VPCs": [{"VPCId": vpc, "VPCRegion": "eu-west-1"} for vpc in vpcs]} if vpcs else {}
    return resource("AWS::Route53::HostedZone", Name=name, **seen)


def record(zone: str, name: str, kind: str, *values: Any) -> dict[str, Any]:
    """A record with values."""
    return resource(
        "AWS::Route53::RecordSet",
        HostedZoneId=ref(zone),
        Name=name,
        Type=kind,
        TTL="60",
        ResourceRecords=list(values),
    )


def public_edge() -> dict[str, Any]:
    """The edge behind a load balancer of the internet, with a public zone."""
    resources = edge()
    resources["Lb"]["Properties"]["Scheme"] = "internet-facing"
    [rule] = resources["LbGroup"]["Properties"]["SecurityGroupIngress"]
    rule["CidrIp"] = "0.0.0.0/0"
    resources["Zone"] = zone("example.com.")
    resources["Record"]["Properties"]["HostedZoneId"] = ref("Zone")
    return resources


def route(**properties: Any) -> dict[str, Any]:
    """A route of that table."""
    return resource("AWS::EC2::Route", RouteTableId=ref("Table"), **properties)


def test_a_private_zone_does_not_hide_a_public_record(tmp_path: Path) -> None:
    """With both, the internet is answered by the public zone and reaches the tasks."""
    resources = public_edge()
    resources["Inside"] = zone("example.com.", "vpc-1")
    resources["InsideRecord"] = record("Inside", "es.example.com", "A", "10.0.0.9")
    assert to_tasks(tmp_path, resources).open
    del resources["Record"]
    assert not to_tasks(tmp_path, resources).open


def test_a_private_zone_answers_its_network_alone(tmp_path: Path) -> None:
    """What a private zone has no record of is not looked up in the public one."""
    resources = edge()
    resources |= {"Zone": zone("example.com"), "Inside": zone("example.com", "vpc-1")}
    resources["Record"]["Properties"]["HostedZoneId"] = ref("Zone")
    assert to_tasks(tmp_path, resources).broken == ("no record answers for es.example.com",)
    resources["Record"]["Properties"]["HostedZoneId"] = ref("Inside")
    assert to_tasks(tmp_path, resources).open


def test_a_name_that_exists_is_not_answered_by_a_wildcard(tmp_path: Path) -> None:
    """A record of text is enough to keep the wildcard away."""
    resources = public_edge()
    resources["Record"]["Properties"]["Name"] = "*.example.com"
    assert to_tasks(tmp_path, resources).open
    resources["Text"] = record("Zone", "es.example.com", "TXT", '"text"')
    assert to_tasks(tmp_path, resources).broken == ("no record answers for es.example.com",)


def test_aliases_of_names_are_followed(tmp_path: Path) -> None:
    """A CNAME that leads to the name of another record, and one that leads to itself."""
    resources = public_edge()
    resources["Record"]["Properties"]["Name"] = "edge.example.com"
    resources["Alias"] = record("Zone", "es.example.com", "CNAME", "Edge.example.com.")
    assert to_tasks(tmp_path, resources).open
    resources["Alias"] = record("Zone", "es.example.com", "CNAME", "es.example.com")
    assert not to_tasks(tmp_path, resources).open


def test_a_rule_for_many_names_is_reached_by_one_of_them(tmp_path: Path) -> None:
    """The record of one name that fits the pattern is enough."""
    resources = public_edge()
    [condition] = resources["Rule"]["Properties"]["Conditions"]
    condition["HostHeaderConfig"]["Values"] = ["*.example.com"]
    assert to_tasks(tmp_path, resources).open
    condition["HostHeaderConfig"]["Values"] = ["*.example.org"]
    reach = to_tasks(tmp_path, resources)
    assert reach.assumed[-1].startswith("a record outside of the templates leads")


def test_a_missing_record_keeps_nobody_out(tmp_path: Path) -> None:
    """The name can be sent to the load balancer's address; a missing group rule closes the way."""
    resources = public_edge()
    del resources["Record"]
    reach = to_tasks(tmp_path, resources)
    assert (reach.open, reach.closed) == (False, False)
    assert [one.kind for one in find_problems(*read(tmp_path, resources))] == ["broken way"]
    resources["Tasks"]["Properties"]["SecurityGroupIngress"] = []
    reach = to_tasks(tmp_path, resources)
    assert (reach.open, reach.closed) == (False, True)


def test_one_subnet_with_a_route_is_enough_to_get_in(tmp_path: Path) -> None:
    """The way is not whole, and not closed; other routes in the public subnet do not matter."""
    resources = public_edge() | vpc()
    resources["Out"] = route(DestinationCidrBlock="0.0.0.0/0", GatewayId=ref("Igw"))
    resources["Tgw"] = route(DestinationCidrBlock="10.9.0.0/16", TransitGatewayId="tgw-1")
    resources["Lb"]["Properties"]["Subnets"] = [ref("Subnet")]
    assert to_tasks(tmp_path, resources).open
    resources["Dark"] = resource("AWS::EC2::Subnet", VpcId=ref("Vpc"), CidrBlock="10.0.2.0/24")
    resources["Lb"]["Properties"]["Subnets"].append(ref("Dark"))
    reach = to_tasks(tmp_path, resources)
    assert reach.broken == ("the subnets of Lb have no route to the internet (none)",)
    assert not reach.closed
    resources["Lb"]["Properties"]["Subnets"] = [ref("Subnet")]
    resources["Out"]["Properties"]["DestinationCidrBlock"] = "0.0.0.0/1"
    assert not to_tasks(tmp_path, resources).closed


@pytest.mark.parametrize(
    ("properties", "way"),
    [
        ({"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1"}, "NAT gateway"),
        (
            {"DestinationCidrBlock": "0.0.0.0/1", "GatewayId": ref("Igw")},
            "internet gateway to 0.0.0.0/1",
        ),
        ({"DestinationIpv6CidrBlock": "::/0", "GatewayId": ref("Igw")}, "internet gateway"),
        ({"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}, "internet gateway"),
        (
            {"DestinationCidrBlock": "10.8.0.0/16", "GatewayId": ref("Vpn")},
            "VPN gateway to 10.8.0.0/16",
        ),
        (
            {"DestinationCidrBlock": "10.9.0.0/16", "VpcPeeringConnectionId": "pcx-1"},
            "VPC peering to 10.9.0.0/16",
        ),
        (
            {"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1"},
            "egress-only gateway",
        ),
    ],
)
def test_every_kind_of_route_is_a_way_out(
    properties: dict[str, Any], way: str, tmp_path: Path
) -> None:
    """Also of IPv6, to parts of the internet, and to other networks."""
    resources = edge() | vpc() | {"Route": route(**properties)}
    resources["Vpn"] = resource("AWS::EC2::VPNGateway", Type="ipsec.1")
    topology, _ = read(tmp_path, resources)
    assert topology.network.way_out(["App.Subnet"]) == way


def test_a_routing_table_that_exists_is_not_known(tmp_path: Path) -> None:
    """Nor is the main one of a network that exists."""
    resources = edge() | vpc()
    resources["Association"]["Properties"]["RouteTableId"] = "rtb-1"
    assert read(tmp_path, resources)[0].network.way_out(["App.Subnet"]) == "existing"
    del resources["Association"]
    assert read(tmp_path, resources)[0].network.way_out(["App.Subnet"]) == "none"
    resources["Subnet"]["Properties"]["VpcId"] = "vpc-1"
    assert read(tmp_path, resources)[0].network.way_out(["App.Subnet"]) == "existing"


def direct(folder: Path, resources: dict[str, Any]) -> list[tuple[str, bool]]:
    """Who reaches the tasks without a load balancer, and whether something is assumed."""
    reaches = read(folder, resources)[1]
    return [(one.source, bool(one.assumed)) for one in reaches if one.target and not one.listener]


def test_public_tasks_in_existing_subnets_are_reached_from_the_internet(tmp_path: Path) -> None:
    """That the subnets have a route is assumed."""
    resources = edge()
    service = resources["Service"]["Properties"]["NetworkConfiguration"]["AwsvpcConfiguration"]
    service["AssignPublicIp"] = "ENABLED"
    rules = resources["Tasks"]["Properties"]["SecurityGroupIngress"]
    rules.append({"CidrIp": "0.0.0.0/0", "IpProtocol": "-1"})
    assert direct(tmp_path, resources) == [("internet", True)]


def test_addresses_of_ipv6_are_public(tmp_path: Path) -> None:
    """A task needs no other public address for them."""
    resources = edge() | vpc()
    resources["Route"] = route(DestinationIpv6CidrBlock="::/0", GatewayId=ref("Igw"))
    service = resources["Service"]["Properties"]["NetworkConfiguration"]["AwsvpcConfiguration"]
    service["Subnets"] = [ref("Subnet")]
    rules = resources["Tasks"]["Properties"]["SecurityGroupIngress"]
    rules.append({"CidrIpv6": "::/0", "IpProtocol": "-1"})
    assert direct(tmp_path, resources) == [("VPC Vpc", False)]
    resources["Subnet"]["Properties"]["Ipv6CidrBlock"] = "2001:db8::/64"
    assert direct(tmp_path, resources) == [("internet", False)]


def test_a_range_that_is_wider_than_the_network_is_not_called_the_network(tmp_path: Path) -> None:
    """Other networks are in it too."""
    resources = edge() | vpc()
    service = resources["Service"]["Properties"]["NetworkConfiguration"]["AwsvpcConfiguration"]
    service["Subnets"] = [ref("Subnet")]
    rules = resources["Tasks"]["Properties"]["SecurityGroupIngress"]
    rules.append({"CidrIp": "10.0.0.0/8", "IpProtocol": "tcp", "FromPort": 80, "ToPort": 80})
    assert direct(tmp_path, resources) == [("10.0.0.0/8", False)]
    rules[-1]["CidrIp"] = "10.0.0.0/16"
    assert direct(tmp_path, resources) == [("VPC Vpc", False)]


def test_records_in_groups_are_records(tmp_path: Path) -> None:
    """A group gives its records their zone."""
    resources = public_edge()
    one = resources.pop("Record")["Properties"]
    resources["Records"] = resource(
        "AWS::Route53::RecordSetGroup", HostedZoneId=one.pop("HostedZoneId"), RecordSets=[one]
    )
    assert to_tasks(tmp_path, resources).open


def test_health_checks_must_get_through_too(tmp_path: Path) -> None:
    """A port of their own is not let in by the rule for requests."""
    resources = edge()
    resources["Group"]["Properties"]["HealthCheckPort"] = "traffic-port"
    assert to_tasks(tmp_path, resources).open
    resources["Group"]["Properties"]["HealthCheckPort"] = "8080"
    assert to_tasks(tmp_path, resources).broken == (
        "health checks fail: the security groups of Service do not let TCP 8080 in from Lb",
    )


def test_services_reach_each_other_by_their_addresses(tmp_path: Path) -> None:
    """By the range of their subnets, and only as far as the security groups on both ends say."""
    resources = edge() | vpc()
    service = resources["Service"]["Properties"]["NetworkConfiguration"]["AwsvpcConfiguration"]
    service["Subnets"] = [ref("Subnet")]
    rules = resources["Tasks"]["Properties"]["SecurityGroupIngress"]
    rules.append({"CidrIp": "10.0.0.0/16", "IpProtocol": "tcp", "FromPort": 80, "ToPort": 80})
    resources["Other"] = copy.deepcopy(resources["Service"])
    resources["Other"]["Properties"]["LoadBalancers"] = []

    def reached() -> list[str]:
        topology = read(tmp_path, resources)[0]
        [other] = [one for one in topology.services if one.id == "App.Other"]
        ways = reachability_from(topology, other)
        return [one.target for one in ways if one.action == "direct"]

    assert reached() == ["App.Service"]
    resources["Tasks"]["Properties"]["SecurityGroupEgress"] = [
        {"CidrIp": "10.9.0.0/16", "IpProtocol": "-1"}
    ]
    assert reached() == []


def test_prefix_lists_come_from_outside(tmp_path: Path) -> None:
    """Those who are on one need not be in the network, and do not see its private zones."""
    resources = public_edge()
    rules = resources["LbGroup"]["Properties"]["SecurityGroupIngress"]
    rules[:] = [{"SourcePrefixListId": "pl-1", "IpProtocol": "tcp", "FromPort": 80, "ToPort": 80}]
    resources["Inside"] = zone("example.com.", "vpc-1")
    reach = to_tasks(tmp_path, resources)
    assert (reach.source, reach.open) == ("prefix list existing pl-1", True)
    rules = resources["Tasks"]["Properties"]["SecurityGroupIngress"]
    rules[:] = [{"SourcePrefixListId": "pl-2", "IpProtocol": "-1"}]
    assert "prefix list pl-2 has Lb" in to_tasks(tmp_path, resources).assumed


def test_rules_for_udp_let_udp_through(tmp_path: Path) -> None:
    """And those for TCP do not."""
    resources = edge()
    resources["Listener"]["Properties"] |= {"Protocol": "UDP", "DefaultActions": forward("Group")}
    resources["Group"]["Properties"]["Protocol"] = "UDP"
    del resources["Rule"]
    found = [reach for reach in read(tmp_path, resources)[1] if reach.listener]
    assert [(reach.source, reach.open) for reach in found] == [("nobody", False)]
    for group in ("LbGroup", "Tasks"):
        resources[group]["Properties"]["SecurityGroupIngress"][0]["IpProtocol"] = "udp"
    assert to_tasks(tmp_path, resources).open


def test_an_existing_group_with_a_rule_of_ours_lets_others_in_too(tmp_path: Path) -> None:
    """Its own rules are not known, whoever adds to them."""
    resources = public_edge()
    resources["Lb"]["Properties"]["SecurityGroups"] = ["sg-1"]
    resources["Tasks"]["Properties"]["SecurityGroupIngress"][0]["SourceSecurityGroupId"] = "sg-1"
    resources["Ingress"] = resource(
        "AWS::EC2::SecurityGroupIngress",
        GroupId="sg-1",
        IpProtocol="tcp",
        FromPort=80,
        ToPort=80,
        CidrIp="203.0.113.0/24",
    )
    found = {one.source for one in read(tmp_path, resources)[1] if one.open and one.target}
    assert found == {"203.0.113.0/24", "clients of existing sg-1"}


def test_what_shares_the_group_of_a_load_balancer_reaches_what_it_does(tmp_path: Path) -> None:
    """Without going through it."""
    resources = edge()
    assert direct(tmp_path, resources) == []
    resources["Function"] = resource(
        "AWS::Lambda::Function",
        VpcConfig={"SecurityGroupIds": [ref("LbGroup")], "SubnetIds": ["subnet-1"]},
    )
    assert direct(tmp_path, resources) == [("security group LbGroup", False)]


def test_addresses_that_no_template_tells_may_be_in_a_range(tmp_path: Path) -> None:
    """It is assumed of existing subnets, and known of those that are cut out of a network."""
    resources = edge() | vpc()
    peer = {"CidrIp": "10.0.0.0/16", "IpProtocol": "tcp", "FromPort": 80, "ToPort": 80}
    resources["Tasks"]["Properties"]["SecurityGroupIngress"] = [peer]
    reach = to_tasks(tmp_path, resources)
    assert reach.open
    assert "Lb has its addresses in 10.0.0.0/16" in reach.assumed
    resources["Lb"]["Properties"]["Subnets"] = [ref("Subnet")]
    blocks = {"Fn::Cidr": [{"Fn::GetAtt": ["Vpc", "CidrBlock"]}, 4, 8]}
    resources["Subnet"]["Properties"]["CidrBlock"] = {"Fn::Select": [0, blocks]}
    assert not any("addresses in" in told for told in to_tasks(tmp_path, resources).assumed)
    peer["CidrIp"] = "10.9.0.0/16"
    assert not to_tasks(tmp_path, resources).open


def test_a_network_without_known_addresses_is_named(tmp_path: Path) -> None:
    """Those of IPAM are given at the deployment."""
    resources = edge() | {"Vpc": resource("AWS::EC2::VPC", Ipv4IpamPoolId="ipam-pool-1")}
    [peer] = resources["LbGroup"]["Properties"]["SecurityGroupIngress"]
    peer["CidrIp"] = {"Fn::GetAtt": ["Vpc", "CidrBlock"]}
    assert to_tasks(tmp_path, resources).source == "<Vpc.CidrBlock>"


@pytest.mark.parametrize(
    ("properties", "has_address", "open_", "assumed"),
    [
        ({}, False, False, False),
        ({"NatGatewayId": "nat-1"}, False, True, False),
        ({"TransitGatewayId": "tgw-1"}, False, True, True),
        ({"GatewayId": ref("Igw")}, False, False, False),
        ({"GatewayId": ref("Igw")}, True, True, False),
        ({"NatGatewayId": "nat-1", "DestinationCidrBlock": "10.8.0.0/16"}, False, False, False),
    ],
)
def test_services_need_a_way_out_to_public_addresses(
    properties: dict[str, Any], has_address: bool, open_: bool, assumed: bool, tmp_path: Path
) -> None:
    """A load balancer that faces the internet has them also for its own network."""
    resources = public_edge() | vpc()
    if properties:
        resources["Way"] = route(**{"DestinationCidrBlock": "0.0.0.0/0", **properties})
    network = resources["Service"]["Properties"]["NetworkConfiguration"]["AwsvpcConfiguration"]
    network["Subnets"] = [ref("Subnet")]
    resources["Group"]["Properties"]["VpcId"] = ref("Vpc")
    network["AssignPublicIp"] = "ENABLED" if has_address else "DISABLED"
    topology, _ = read(tmp_path, resources)
    [service] = topology.services
    [reach] = [one for one in reachability_from(topology, service) if one.target]
    way = f"the subnets of {service.label} have a way to the internet"
    assert reach.open is open_
    assert any(told.startswith(way) for told in reach.assumed) is assumed
