"""Gap: `AWS::EC2::NatGateway`. Makes a real one, which `describe_nat_gateways` shows."""

from __future__ import annotations

from .api import already_gone, client, retag
from .registry import Created, Properties, ResourceType

_REPLACING = ("AllocationId", "ConnectivityType", "SubnetId")


def _create(_logical_id: str, properties: Properties, _stack_name: str) -> Created:
    ec2 = client("ec2")
    allocation_id = properties.get("AllocationId")
    is_public = properties.get("ConnectivityType", "public") == "public"
    if is_public and allocation_id is None:
        raise ValueError("a public NAT gateway must have an AllocationId")
    if allocation_id is not None:
        found = ec2.describe_addresses(AllocationIds=[allocation_id])["Addresses"]
        if not found:
            raise ValueError(f"Elastic IP address {allocation_id} not found")
    made = ec2.create_nat_gateway(
        **{name: properties[name] for name in _REPLACING if name in properties}
    )
    gateway_id = made["NatGateway"]["NatGatewayId"]
    retag(gateway_id, {}, properties)
    return gateway_id, {"NatGatewayId": gateway_id}


def _update(gateway_id: str, old: Properties, new: Properties) -> Created:
    retag(gateway_id, old, new)
    return gateway_id, {"NatGatewayId": gateway_id}


def _delete(gateway_id: str, _properties: Properties) -> None:
    with already_gone("NatGatewayNotFound"):
        client("ec2").delete_nat_gateway(NatGatewayId=gateway_id)


NAT_GATEWAY = ResourceType(
    "AWS::EC2::NatGateway", _create, _update, _delete, replacing=_REPLACING, updatable=("Tags",)
)
