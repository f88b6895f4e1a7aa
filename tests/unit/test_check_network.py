"""What the check of the network makes of routes and subnets that the embedded AWS does not have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from check_answers import Answers, config_of
from datafi_cdk.cli.check.finding import NotCheckedError
from datafi_cdk.cli.check.network import check_network
from datafi_cdk.cli.check.subnets import Kind, read_subnets

VPC = "vpc-0123456789abcdef0"
AWS = {"account": "111111111111", "region": "us-east-1"}
ZONES = ["us-east-1a", "us-east-1b"]
LOAD_BALANCER = "load balancer's subnets"


def route(**target: str) -> dict[str, str]:
    """A default route."""
    return {"DestinationCidrBlock": "0.0.0.0/0", **target}


INTERNET, NAT = route(GatewayId="igw-1"), route(NatGatewayId="nat-1")


def answers(subnets: Mapping[str, tuple[str, Mapping[str, str]]], **further: Any) -> dict[str, Any]:
    """Answers of AWS for subnets, of which each has a zone and a route table with one route."""
    return {
        "DescribeVpcs": [{"CidrBlock": "10.0.0.0/16"}],
        "DescribeRouteTables": [
            {
                "RouteTableId": f"rtb-{name}",
                "Associations": [{"SubnetId": name}],
                "Routes": [default],
            }
            for name, (_, default) in subnets.items()
        ],
        "DescribeSubnets": [
            {"SubnetId": name, "AvailabilityZone": zone, "AvailableIpAddressCount": 100}
            for name, (zone, _) in subnets.items()
        ],
        "GetResources": [],
        **further,
    }


def found(told: Mapping[str, Any], *servers: Mapping[str, Any], **vpc: Any) -> dict[str, str]:
    """What fails or passes of a VPC, by what was looked at."""
    config = config_of(*servers, vpc={"vpc_id": VPC, **vpc}, aws=AWS)
    return {
        each.subject: f"{each.status}: {each.text}" for each in check_network(Answers(config, told))
    }


PUBLIC = {"subnet-00000000": (ZONES[0], INTERNET), "subnet-00000001": (ZONES[1], INTERNET)}
PRIVATE = {"subnet-00000002": (ZONES[0], NAT), "subnet-00000003": (ZONES[1], NAT)}


def test_chooses_from_the_subnets_that_are_named_only() -> None:
    """A VPC that is not looked up may have others, which no task and no load balancer gets."""
    others = {
        "subnet-00000004": (ZONES[0], route(GatewayId="local")),
        "subnet-00000005": (ZONES[1], INTERNET),
    }
    named = {
        "availability_zones": ZONES,
        "public_subnet_ids": ["subnet-00000000", "subnet-00000001"],
        "private_subnet_ids": ["subnet-00000002", "subnet-00000003"],
    }
    rows = found(answers({**PUBLIC, **PRIVATE, **others}), **named)
    assert rows[LOAD_BALANCER] == "pass: 2 in 2 zones"
    assert rows["edge_servers.long_running[0]"] == "pass: its tasks have a way out of 2 subnets"
    assert rows["tasks' addresses"] == "pass: 200 free in 2 subnets, 2 needed at most"


def test_tells_of_two_subnets_in_one_zone() -> None:
    """A load balancer takes one in each zone, and the cdk gives it all."""
    third = {"subnet-00000006": (ZONES[1], INTERNET)}
    assert found(answers({**PUBLIC, **PRIVATE, **third}))[LOAD_BALANCER] == (
        "fail: subnet-00000001, subnet-00000006: several in one zone, of which a load balancer"
        " takes one"
    )


@pytest.mark.parametrize(
    ("default", "by_routes", "kind"),
    [
        (INTERNET, Kind.PUBLIC, Kind.PUBLIC),
        (NAT, Kind.PRIVATE, Kind.PRIVATE),
        (route(TransitGatewayId="tgw-1"), Kind.PRIVATE, Kind.PRIVATE),
        (route(NetworkInterfaceId="eni-1"), Kind.PRIVATE, Kind.ISOLATED),
        (route(GatewayId="vgw-1"), Kind.PRIVATE, Kind.ISOLATED),
        (route(GatewayId="vpce-1"), Kind.INSPECTED, Kind.ISOLATED),
        ({"DestinationIpv6CidrBlock": "::/0", "GatewayId": "igw-1"}, Kind.ISOLATED, Kind.PUBLIC),
    ],
)
def test_takes_subnets_for_what_the_cdk_does(
    default: Mapping[str, str], by_routes: Kind, kind: Kind
) -> None:
    """Which subnets are chosen follows from the cdk, and whether tasks get out from the routes."""
    told = answers({"subnet-00000000": (ZONES[0], default)})
    (subnet,) = read_subnets(Answers(config_of(), told), VPC).values()
    assert (subnet.by_routes, subnet.kind) == (by_routes, kind)


def test_takes_subnets_that_give_public_addresses_for_public() -> None:
    """So does the cdk, whatever their routes are."""
    told = answers({"subnet-00000000": (ZONES[0], NAT)})
    told["DescribeSubnets"][0]["MapPublicIpOnLaunch"] = True
    (subnet,) = read_subnets(Answers(config_of(), told), VPC).values()
    assert (subnet.by_routes, subnet.kind) == (Kind.PRIVATE, Kind.PUBLIC)


def test_does_not_judge_subnets_whose_route_table_is_hidden() -> None:
    """In a VPC that is shared, the owner may be the only one who sees it."""
    told = answers(PUBLIC, DescribeRouteTables=[])
    with pytest.raises(NotCheckedError, match="the route table of subnet-00000000 is not shown"):
        read_subnets(Answers(config_of(), told), VPC)


def test_takes_public_subnets_behind_a_firewall() -> None:
    """Their default route leads to its endpoint, and on from there."""
    firewall = route(GatewayId="vpce-1")
    public = {"subnet-00000000": (ZONES[0], firewall), "subnet-00000001": (ZONES[1], firewall)}
    rows = found(
        answers({**public, **PRIVATE}),
        availability_zones=ZONES,
        public_subnet_ids=list(public),
        private_subnet_ids=list(PRIVATE),
    )
    assert not [text for text in rows.values() if not text.startswith("pass")]


@pytest.mark.parametrize(
    ("tables", "is_reached"),
    [
        ([["rtb-subnet-00000002"], ["rtb-subnet-00000003"]], True),
        ([["rtb-subnet-00000002"]], False),
        ([], False),
    ],
)
def test_adds_up_the_gateway_endpoints_of_s3(tables: list[list[str]], is_reached: bool) -> None:
    """Each may be in some of the route tables."""
    inside = {name: (zone, route(GatewayId="local")) for name, (zone, _) in PRIVATE.items()}
    for default in inside.values():
        default[1]["State"] = "blackhole"
    named = [
        {"ServiceName": f"com.amazonaws.us-east-1.{name}", "VpcEndpointType": "Interface"}
        for name in ("ecr.api", "ecr.dkr", "logs", "secretsmanager")
    ]
    to_s3 = [
        {
            "ServiceName": "com.amazonaws.us-east-1.s3",
            "VpcEndpointType": "Gateway",
            "RouteTableIds": each,
        }
        for each in tables
    ]
    told = answers({**PUBLIC, **inside}, DescribeVpcEndpoints=[*named, *to_s3])
    repository = "arn:aws:ecr:us-east-1:111111111111:repository/es"
    row = found(told, {"name": "es", "ecr_repository_arn": repository})[
        "edge_servers.long_running[0]"
    ]
    assert row.startswith("pass") == is_reached
    assert ("no VPC endpoint for s3" in row) != is_reached


@pytest.mark.parametrize(("resource", "status"), [("loadbalancer/app/own/a", "warn"), ("", "fail")])
def test_a_load_balancer_that_is_there_has_its_addresses(resource: str, status: str) -> None:
    """A new one takes eight in each subnet, and one that is there only to grow."""
    arn = f"arn:aws:elasticloadbalancing:us-east-1:111111111111:{resource}"
    told = answers({**PUBLIC, **PRIVATE}, GetResources=[{"ResourceARN": arn}])
    told["DescribeSubnets"][0]["AvailableIpAddressCount"] = 7
    assert found(told)[LOAD_BALANCER] == f"{status}: subnet-00000000: fewer than 8 free addresses"
