"""Reads the subnets of a VPC, and what their routes make of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .context import Context
from .finding import NotCheckedError

_EVERYWHERE = "0.0.0.0/0"
_KIND_TAG = "aws-cdk:subnet-type"


class Kind(StrEnum):
    """Where the default route of a subnet leads."""

    PUBLIC = "public"
    INSPECTED = "behind a firewall's endpoint"
    PRIVATE = "private with a way out"
    ISOLATED = "without a way out"


_BY_GATEWAY = {"igw": Kind.PUBLIC, "vpce": Kind.INSPECTED}
_TAGGED = {"Public": Kind.PUBLIC, "Private": Kind.PRIVATE, "Isolated": Kind.ISOLATED}


@dataclass(frozen=True)
class Subnet:
    """A subnet.

    Args:
        id: Its id.
        zone: Its availability zone.
        free: How many addresses are free.
        by_routes: What its routes make of it.
        kind: What the cdk takes it for when it looks the VPC up; `None` if it takes it for nothing.
        route_table: The id of its route table.
    """

    id: str
    zone: str
    free: int
    by_routes: Kind
    kind: Kind | None
    route_table: str


def read_subnets(context: Context, vpc_id: str) -> dict[str, Subnet]:
    """The subnets of a VPC by their ids.

    Args:
        context: Where they are.
        vpc_id: The VPC.

    Raises:
        NotCheckedError: AWS gives no answer, or hides a route table, as it may in a shared VPC.
    """
    of_vpc = [{"Name": "vpc-id", "Values": [vpc_id]}]
    tables = context.ask_all("ec2", "DescribeRouteTables", "RouteTables", Filters=of_vpc)
    subnets = context.ask_all("ec2", "DescribeSubnets", "Subnets", Filters=of_vpc)
    return {each["SubnetId"]: _subnet(each, tables) for each in subnets}


def _subnet(subnet: Mapping[str, Any], tables: list[Mapping[str, Any]]) -> Subnet:
    table = _table_of(subnet["SubnetId"], tables)
    if not table:
        reason = f"the route table of {subnet['SubnetId']} is not shown to this account"
        raise NotCheckedError(reason, "ask the owner of the VPC where its default route leads")
    return Subnet(
        id=subnet["SubnetId"],
        zone=subnet["AvailabilityZone"],
        free=subnet["AvailableIpAddressCount"],
        by_routes=_kind(table),
        kind=_looked_up(subnet, table),
        route_table=str(table["RouteTableId"]),
    )


def _table_of(subnet_id: str, tables: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The route table of a subnet: its own, or the main one of the VPC."""
    main: Mapping[str, Any] = {}
    for table in tables:
        for association in table.get("Associations", []):
            if association.get("SubnetId") == subnet_id:
                return table
            if association.get("Main"):
                main = table
    return main


def _kind(table: Mapping[str, Any]) -> Kind:
    for route in table.get("Routes", []):
        if route.get("DestinationCidrBlock") != _EVERYWHERE or route.get("State") == "blackhole":
            continue
        gateway = str(route.get("GatewayId", "")).partition("-")[0]
        return _BY_GATEWAY.get(gateway, Kind.PRIVATE)
    return Kind.ISOLATED


def _looked_up(subnet: Mapping[str, Any], table: Mapping[str, Any]) -> Kind:
    """What the cdk takes a subnet for when it looks a VPC up, which knows fewer ways out.

    Source: https://github.com/aws/aws-cdk-cli/blob/main/packages/%40aws-cdk/toolkit-lib/lib/context-providers/vpcs.ts
    """
    tags = {tag["Key"]: tag["Value"] for tag in subnet.get("Tags", [])}
    if _KIND_TAG in tags:
        return _TAGGED.get(tags[_KIND_TAG], Kind.ISOLATED)
    routes = table.get("Routes", [])
    if subnet.get("MapPublicIpOnLaunch") or any(
        str(route.get("GatewayId", "")).startswith("igw-") for route in routes
    ):
        return Kind.PUBLIC
    leads_out = any(
        route.get("DestinationCidrBlock") == _EVERYWHERE
        and (route.get("NatGatewayId") or route.get("TransitGatewayId"))
        for route in routes
    )
    return Kind.PRIVATE if leads_out else Kind.ISOLATED
