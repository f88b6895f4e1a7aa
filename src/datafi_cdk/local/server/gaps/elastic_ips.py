"""Gap: `AWS::EC2::EIP`. Allocates a real address, which `describe_addresses` shows."""

from __future__ import annotations

from .api import already_gone, client, retag
from .registry import Created, Properties, ResourceType


def _allocation_id(public_ip: str) -> str | None:
    for address in client("ec2").describe_addresses()["Addresses"]:
        if address["PublicIp"] == public_ip:
            return str(address["AllocationId"])
    return None


def _create(_logical_id: str, properties: Properties, _stack_name: str) -> Created:
    address = client("ec2").allocate_address(Domain=properties.get("Domain", "vpc"))
    retag(address["AllocationId"], {}, properties)
    return address["PublicIp"], _attributes(address["AllocationId"], address["PublicIp"])


def _update(public_ip: str, old: Properties, new: Properties) -> Created:
    allocation_id = _allocation_id(public_ip)
    if allocation_id is None:
        raise ValueError(f"address {public_ip} does not exist any more")
    retag(allocation_id, old, new)
    return public_ip, _attributes(allocation_id, public_ip)


def _delete(public_ip: str, _properties: Properties) -> None:
    allocation_id = _allocation_id(public_ip)
    if allocation_id is not None:
        with already_gone("InvalidAllocationID.NotFound"):
            client("ec2").release_address(AllocationId=allocation_id)


def _attributes(allocation_id: str, public_ip: str) -> dict[str, str]:
    return {"AllocationId": allocation_id, "PublicIp": public_ip}


ELASTIC_IP = ResourceType(
    "AWS::EC2::EIP", _create, _update, _delete, replacing=("Domain",), updatable=("Tags",)
)
