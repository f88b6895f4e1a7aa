"""Reads the subnets of a VPC, and what their routes make of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .context import Context

_EVERYWHERE = "0.0.0.0/0"
_KIND_TAG = "aws-cdk:subnet-type"


class Kind(StrEnum):
    """Where the default route of a subnet leads."""

    PUBLIC = "public"
    PRIVATE = "private with a way out"
    ISOLATED = "without a way out"


_TAGGED = {"Public": Kind.PUBLIC, "Private": Kind.PRIVATE, "Isolated": Kind.ISOLATED}


@dataclass(frozen=True)
class Subnet:
    """A subnet.

    Args:
        id: Its id.
        zone: Its availability zone.
        free: How many addresses are free.
        by_routes: What its routes make of it.
        kind: What the cdk takes it for: what a tag says, else what the routes make of it.
        route_table: The id of its route table.
    """

    id: str
    zone: str
    free: int
    by_routes: Kind
    kind: Kind
    route_table: str


def read_subnets(context: Context, vpc_id: str) -> dict[str, Subnet]:
    """The subnets of a VPC by their ids.

    Args:
        context: Where they are.
        vpc_id: The VPC.

    Raises:
        NotCheckedError: AWS gives no answer.
    """
    of_vpc = [{"Name": "vpc-id", "Values": [vpc_id]}]
    tables = context.ask_all("ec2", "DescribeRouteTables", "RouteTables", Filters=of_vpc)
    subnets = context.ask_all("ec2", "DescribeSubnets", "Subnets", Filters=of_vpc)
    return {each["SubnetId"]: _subnet(each, tables) for each in subnets}


def _subnet(subnet: Mapping[str, Any], tables: list[Mapping[str, Any]]) -> Subnet:
    table = _table_of(subnet["SubnetId"], tables)
    by_routes = _kind(table)
    tags = {tag["Key"]: tag["Value"] for tag in subnet.get("Tags", [])}
    return Subnet(
        id=subnet["SubnetId"],
        zone=subnet["AvailabilityZone"],
        free=subnet["AvailableIpAddressCount"],
        by_routes=by_routes,
        kind=_TAGGED.get(tags.get(_KIND_TAG, ""), by_routes),
        route_table=str(table.get("RouteTableId", "")),
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
        is_public = str(route.get("GatewayId", "")).startswith("igw-")
        return Kind.PUBLIC if is_public else Kind.PRIVATE
    return Kind.ISOLATED
