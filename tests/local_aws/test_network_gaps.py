"""Addresses, gateways, security group rules and flow logs are really made, changed and deleted."""

from __future__ import annotations

from typing import Any

import pytest
from datafi_cdk.local import EmbeddedAws

from .conftest import Stack

VPC: dict[str, Any] = {
    "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.7.0.0/16"}},
    "Subnet": {
        "Type": "AWS::EC2::Subnet",
        "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.7.1.0/24"},
    },
}
GROUPS: dict[str, Any] = {
    name: {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {"GroupDescription": name, "VpcId": {"Ref": "Vpc"}},
    }
    for name in ("Client", "Server")
}


def address(**properties: Any) -> dict[str, Any]:
    """An elastic IP."""
    return {"Type": "AWS::EC2::EIP", "Properties": {"Domain": "vpc", **properties}}


def rule(direction: str, **properties: Any) -> dict[str, Any]:
    """A security group rule for Redis, from client to server."""
    group, peer = ("Server", "Client") if direction == "Ingress" else ("Client", "Server")
    end = "Source" if direction == "Ingress" else "Destination"
    return {
        "Type": f"AWS::EC2::SecurityGroup{direction}",
        "Properties": {
            "GroupId": {"Fn::GetAtt": [group, "GroupId"]},
            f"{end}SecurityGroupId": {"Fn::GetAtt": [peer, "GroupId"]},
            "IpProtocol": "tcp",
            "FromPort": 6379,
            "ToPort": 6379,
            **properties,
        },
    }


def permissions(aws: EmbeddedAws, group_id: str, key: str) -> list[tuple[int, str, str]]:
    """A group's rules as (port, peer group, description), without the default egress rule."""
    (group,) = aws.client("ec2").describe_security_groups(GroupIds=[group_id])["SecurityGroups"]
    return [
        (permission["FromPort"], pair["GroupId"], pair.get("Description", ""))
        for permission in group[key]
        for pair in permission["UserIdGroupPairs"]
    ]


def test_an_elastic_ip_is_allocated_tagged_and_released(
    embedded_aws: EmbeddedAws, stack: Stack
) -> None:
    """`Ref` is the address, `AllocationId` its allocation; tags follow the template."""
    ec2 = embedded_aws.client("ec2")
    outputs = {"Id": {"Fn::GetAtt": ["Ip", "AllocationId"]}}
    resources = {"Ip": address(Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])}
    assert stack.deploy(resources, outputs) == "CREATE_COMPLETE", stack.failures()
    allocation = stack.outputs()["Id"]
    (made,) = ec2.describe_addresses(AllocationIds=[allocation])["Addresses"]
    assert made["PublicIp"] == stack.physical_id("Ip")

    resources = {"Ip": address(Tags=[{"Key": "b", "Value": "3"}])}
    assert stack.deploy(resources, outputs) == "UPDATE_COMPLETE", stack.failures()
    (made,) = ec2.describe_addresses(AllocationIds=[allocation])["Addresses"]
    assert made["Tags"] == [{"Key": "b", "Value": "3"}]

    assert stack.delete() == "DELETE_COMPLETE"
    left = [found["AllocationId"] for found in ec2.describe_addresses()["Addresses"]]
    assert allocation not in left


def test_a_nat_gateway_stands_in_its_subnet_until_it_is_deleted(
    embedded_aws: EmbeddedAws, stack: Stack
) -> None:
    """`Ref` is the gateway's id; a changed address makes a new gateway and deletes the old one."""
    ec2 = embedded_aws.client("ec2")

    def resources(ip: str) -> dict[str, Any]:
        gateway = {
            "Type": "AWS::EC2::NatGateway",
            "Properties": {
                "SubnetId": {"Ref": "Subnet"},
                "AllocationId": {"Fn::GetAtt": [ip, "AllocationId"]},
                "Tags": [{"Key": "Name", "Value": "way out"}],
            },
        }
        return {**VPC, "One": address(), "Two": address(), "Nat": gateway}

    def gateways() -> dict[str, str]:
        found = ec2.describe_nat_gateways(
            Filters=[{"Name": "subnet-id", "Values": [stack.physical_id("Subnet")]}]
        )
        return {gateway["NatGatewayId"]: gateway["State"] for gateway in found["NatGateways"]}

    assert stack.deploy(resources("One")) == "CREATE_COMPLETE", stack.failures()
    first = stack.physical_id("Nat")
    assert gateways() == {first: "available"}

    assert stack.deploy(resources("Two")) == "UPDATE_COMPLETE", stack.failures()
    second = stack.physical_id("Nat")
    assert gateways() == {first: "deleted", second: "available"}

    assert stack.delete() == "DELETE_COMPLETE"
    (gateway,) = ec2.describe_nat_gateways(NatGatewayIds=[second])["NatGateways"]
    assert gateway["State"] == "deleted"


def test_a_nat_gateway_needs_an_address_that_exists(stack: Stack) -> None:
    """An unknown allocation fails the stack, as on AWS."""
    gateway = {
        "Type": "AWS::EC2::NatGateway",
        "Properties": {"SubnetId": {"Ref": "Subnet"}, "AllocationId": "eipalloc-none"},
    }
    assert stack.deploy({**VPC, "Nat": gateway}) == "ROLLBACK_COMPLETE"
    assert "eipalloc-none" in stack.failures()


@pytest.mark.parametrize(
    ("direction", "group", "peer", "key"),
    [
        ("Ingress", "Server", "Client", "IpPermissions"),
        ("Egress", "Client", "Server", "IpPermissionsEgress"),
    ],
)
def test_a_security_group_rule_is_authorized_changed_and_revoked(
    embedded_aws: EmbeddedAws, stack: Stack, direction: str, group: str, peer: str, key: str
) -> None:
    """The group shows the rule that stands in the template, and no other."""
    base = {**VPC, **GROUPS}
    assert stack.deploy({**base, "Rule": rule(direction, Description="redis")}) == (
        "CREATE_COMPLETE"
    ), stack.failures()
    group_id, peer_id = stack.physical_id(group), stack.physical_id(peer)
    assert permissions(embedded_aws, group_id, key) == [(6379, peer_id, "redis")]
    assert stack.physical_id("Rule").startswith("sgr-")

    assert stack.deploy({**base, "Rule": rule(direction, Description="cache")}) == (
        "UPDATE_COMPLETE"
    ), stack.failures()
    assert permissions(embedded_aws, group_id, key) == [(6379, peer_id, "cache")]

    changed = rule(direction, Description="cache", FromPort=6380, ToPort=6380)
    assert stack.deploy({**base, "Rule": changed}) == "UPDATE_COMPLETE", stack.failures()
    assert permissions(embedded_aws, group_id, key) == [(6380, peer_id, "cache")]

    assert stack.deploy(base) == "UPDATE_COMPLETE", stack.failures()
    assert permissions(embedded_aws, group_id, key) == []


def test_a_rule_for_an_address_range(embedded_aws: EmbeddedAws, stack: Stack) -> None:
    """A rule may name a CIDR block instead of a group."""
    ingress = {
        "Type": "AWS::EC2::SecurityGroupIngress",
        "Properties": {
            "GroupId": {"Ref": "Server"},
            "IpProtocol": "tcp",
            "FromPort": 443,
            "ToPort": 443,
            "CidrIp": "192.0.2.0/24",
        },
    }
    assert stack.deploy({**VPC, **GROUPS, "Rule": ingress}) == "CREATE_COMPLETE", stack.failures()
    (group,) = embedded_aws.client("ec2").describe_security_groups(
        GroupIds=[stack.physical_id("Server")]
    )["SecurityGroups"]
    assert [p["IpRanges"] for p in group["IpPermissions"]] == [[{"CidrIp": "192.0.2.0/24"}]]


def test_the_same_rule_twice_fails(stack: Stack) -> None:
    """AWS refuses a rule that the group has already, so the embedded one does."""
    resources = {**VPC, **GROUPS, "Rule": rule("Ingress"), "Again": rule("Ingress")}
    assert stack.deploy(resources) == "ROLLBACK_COMPLETE"
    assert "already exists" in stack.failures()


def test_a_flow_log_watches_its_vpc(embedded_aws: EmbeddedAws, stack: Stack) -> None:
    """`describe_flow_logs` shows the flow log until it is deleted."""
    flow_log = {
        "Type": "AWS::EC2::FlowLog",
        "Properties": {
            "ResourceId": {"Ref": "Vpc"},
            "ResourceType": "VPC",
            "TrafficType": "REJECT",
            "LogDestinationType": "s3",
            "LogDestination": "arn:aws:s3:::flow-logs",
        },
    }
    outputs = {"Id": {"Fn::GetAtt": ["Log", "Id"]}}
    ec2 = embedded_aws.client("ec2")
    assert stack.deploy({**VPC, "Log": flow_log}, outputs) == "CREATE_COMPLETE", stack.failures()
    flow_log_id = stack.outputs()["Id"]
    (made,) = ec2.describe_flow_logs(FlowLogIds=[flow_log_id])["FlowLogs"]
    assert made["ResourceId"] == stack.physical_id("Vpc")
    assert (made["TrafficType"], made["LogDestination"]) == ("REJECT", "arn:aws:s3:::flow-logs")
    assert stack.delete() == "DELETE_COMPLETE"
    assert ec2.describe_flow_logs(FlowLogIds=[flow_log_id])["FlowLogs"] == []


def test_address_ranges_of_vpc_and_subnet_can_be_asked_for(stack: Stack) -> None:
    """`Fn::GetAtt` gives a VPC's and a subnet's `CidrBlock`, and a subnet's `VpcId`."""
    outputs = {
        "Vpc": {"Fn::GetAtt": ["Vpc", "CidrBlock"]},
        "Subnet": {"Fn::GetAtt": ["Subnet", "CidrBlock"]},
        "SubnetVpc": {"Fn::GetAtt": ["Subnet", "VpcId"]},
    }
    assert stack.deploy(VPC, outputs) == "CREATE_COMPLETE", stack.failures()
    assert stack.outputs() == {
        "Vpc": "10.7.0.0/16",
        "Subnet": "10.7.1.0/24",
        "SubnetVpc": stack.physical_id("Vpc"),
    }


def test_a_property_that_is_not_emulated_fails(stack: Stack) -> None:
    """A property that nothing heeds fails the stack and is named."""
    assert stack.deploy({"Ip": address(InstanceId="i-1")}) == "ROLLBACK_COMPLETE"
    assert "AWS::EC2::EIP: InstanceId not emulated" in stack.failures()
