"""Gap: `Fn::GetAtt` of `AWS::EC2::VPC` and `AWS::EC2::Subnet` for their address ranges.

The CDK asks a VPC for its `CidrBlock` in the security group of every interface endpoint.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .api import client
from .registry import Created, Handler, Properties

VPC = "AWS::EC2::VPC"
SUBNET = "AWS::EC2::Subnet"


def _vpc_attributes(vpc_id: str) -> dict[str, Any]:
    (vpc,) = client("ec2").describe_vpcs(VpcIds=[vpc_id])["Vpcs"]
    return {"CidrBlock": vpc["CidrBlock"]}


def _subnet_attributes(subnet_id: str) -> dict[str, Any]:
    (subnet,) = client("ec2").describe_subnets(SubnetIds=[subnet_id])["Subnets"]
    return {"CidrBlock": subnet["CidrBlock"], "VpcId": subnet["VpcId"]}


def _with_attributes(attributes: Callable[[str], dict[str, Any]]) -> Callable[[Handler], Handler]:
    def wrap(handler: Handler) -> Handler:
        def create(logical_id: str, properties: Properties, stack_name: str) -> Created:
            physical_id, known = handler["create"](logical_id, properties, stack_name)
            return physical_id, {**known, **attributes(physical_id)}

        def update(physical_id: str, old: Properties, new: Properties, *rest: str) -> Created:
            physical_id, known = handler["update"](physical_id, old, new, *rest)
            return physical_id, {**known, **attributes(physical_id)}

        return {"create": create, "update": update}

    return wrap


wrap_vpc = _with_attributes(_vpc_attributes)
wrap_subnet = _with_attributes(_subnet_attributes)
