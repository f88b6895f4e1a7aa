"""Resources as an app makes them, for tests of the estimate."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from datafi_cdk.cli.cost.estimate import Estimate, estimate
from datafi_cdk.cli.cost.items import Assumptions, Made
from datafi_cdk.cli.cost.prices import read_prices
from datafi_cdk.topology import Reference, ResourceId, Text

STACK = "Stack"
TABLE = read_prices()
QUIET = Assumptions(*[Decimal(amount) for amount in (730, 0, 0, 0, 0, 0, 0)])
"""Nothing is used, all runs 730 hours."""


def made(logical_id: str, resource_type: str, **properties: Any) -> Made:
    """One resource."""
    return Made(ResourceId(STACK, logical_id), resource_type, properties, f"{STACK}/{logical_id}")


def reference(logical_id: str, attribute: str = "") -> Reference:
    """A reference to it."""
    return Reference(ResourceId(STACK, logical_id), attribute)


def server(
    name: str = "es",
    *,
    cpu: int = 1024,
    memory: int = 2048,
    tasks: int = 1,
    task: dict[str, Any] | None = None,
    **service: Any,
) -> list[Made]:
    """A server on Fargate: log group, task definition, service."""
    options = {"awslogs-group": reference(f"{name}Logs")}
    definition: dict[str, Any] = {
        "Cpu": str(cpu),
        "Memory": str(memory),
        "ContainerDefinitions": [{"LogConfiguration": {"Options": options}}],
        **(task or {}),
    }
    network = {"Subnets": ["a", "b"], "AssignPublicIp": "DISABLED"}
    properties: dict[str, Any] = {
        "TaskDefinition": reference(f"{name}Task"),
        "Cluster": reference("Cluster"),
        "LaunchType": "FARGATE",
        "DesiredCount": tasks,
        "LoadBalancers": [{"ContainerName": name}],
        "NetworkConfiguration": {"AwsvpcConfiguration": network},
        **service,
    }
    return [
        made(f"{name}Logs", "AWS::Logs::LogGroup", RetentionInDays=30),
        made(f"{name}Task", "AWS::ECS::TaskDefinition", **definition),
        made(f"{name}Service", "AWS::ECS::Service", **properties),
    ]


def scaling(name: str = "es", *, low: int, high: int) -> Made:
    """Between how many tasks a server moves."""
    parts = ("service/", reference("Cluster"), "/", reference(f"{name}Service", "Name"))
    return made(
        f"{name}Scaling",
        "AWS::ApplicationAutoScaling::ScalableTarget",
        MinCapacity=low,
        MaxCapacity=high,
        ResourceId=Text(parts),
    )


def nat_gateway(number: int) -> list[Made]:
    """A NAT gateway with its subnet and address."""
    return [
        made(f"Subnet{number}", "AWS::EC2::Subnet", VpcId=reference("Vpc")),
        made(f"Eip{number}", "AWS::EC2::EIP"),
        made(
            f"Nat{number}",
            "AWS::EC2::NatGateway",
            SubnetId=reference(f"Subnet{number}"),
            AllocationId=reference(f"Eip{number}", "AllocationId"),
        ),
    ]


def load_balancer(scheme: str = "internet-facing", zones: int = 2) -> Made:
    """A load balancer."""
    return made(
        "Balancer",
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        Scheme=scheme,
        Type="application",
        Subnets=["subnet"] * zones,
    )


def interface_endpoint(name: str, zones: int = 2) -> Made:
    """An endpoint that is paid for by the hour."""
    return made(
        name,
        "AWS::EC2::VPCEndpoint",
        VpcEndpointType="Interface",
        VpcId=reference("Vpc"),
        SubnetIds=["subnet"] * zones,
    )


def costs(
    resources: list[Made], assumptions: Assumptions = QUIET, region: str = "us-east-1"
) -> Estimate:
    """The estimate of some resources."""
    return estimate(resources, TABLE, region, assumptions)


def usd(found: Estimate, part: str) -> Decimal:
    """What a part costs; it must be the same at both ends."""
    lines = [line.usd for line in found.lines if line.item.part == part]
    assert all(amount.low == amount.high for amount in lines)
    return sum((amount.low for amount in lines), Decimal(0))
