"""Cloud assemblies that were written by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SCHEMA = "55.0.0"
ELB = "AWS::ElasticLoadBalancingV2"


def write_assembly(
    folder: Path,
    templates: Mapping[str, Mapping[str, Any]],
    *,
    environment: str = "aws://unknown-account/unknown-region",
    schema: str = SCHEMA,
) -> Path:
    """A folder with one stack for each template."""
    artifacts = {}
    for name, template in templates.items():
        (folder / f"{name}.template.json").write_text(json.dumps(template))
        artifacts[name] = {
            "type": "aws:cloudformation:stack",
            "environment": environment,
            "properties": {"templateFile": f"{name}.template.json"},
        }
    manifest = {"version": schema, "artifacts": artifacts}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    """One resource."""
    return {"Type": kind, "Properties": properties}


def ref(name: str) -> dict[str, str]:
    """A `Ref`."""
    return {"Ref": name}


def forward(group: str) -> list[dict[str, Any]]:
    """The actions of a rule that forwards to a target group."""
    return [{"Type": "forward", "TargetGroupArn": ref(group)}]


def rule(priority: int, group: str, **values: list[str]) -> dict[str, Any]:
    """A rule of the listener: `host=`, `path=`."""
    fields = {"host": ("host-header", "HostHeader"), "path": ("path-pattern", "PathPattern")}
    return resource(
        f"{ELB}::ListenerRule",
        ListenerArn=ref("Listener"),
        Priority=priority,
        Actions=forward(group),
        Conditions=[
            {"Field": fields[name][0], f"{fields[name][1]}Config": {"Values": them}}
            for name, them in values.items()
        ],
    )


def edge() -> dict[str, Any]:
    """The resources of one service behind an internal load balancer of an existing network."""
    return {
        "Lb": resource(
            f"{ELB}::LoadBalancer",
            Scheme="internal",
            Subnets=["subnet-1", "subnet-2"],
            SecurityGroups=[ref("LbGroup")],
        ),
        "LbGroup": resource(
            "AWS::EC2::SecurityGroup",
            VpcId="vpc-1",
            SecurityGroupIngress=[
                {"CidrIp": "10.1.0.0/16", "IpProtocol": "tcp", "FromPort": 80, "ToPort": 80}
            ],
        ),
        "Listener": resource(
            f"{ELB}::Listener",
            LoadBalancerArn=ref("Lb"),
            Port=80,
            Protocol="HTTP",
            DefaultActions=[
                {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
            ],
        ),
        "Rule": rule(10, "Group", host=["es.example.com"]),
        "Group": resource(
            f"{ELB}::TargetGroup", TargetType="ip", Port=80, Protocol="HTTP", VpcId="vpc-1"
        ),
        "Record": resource(
            "AWS::Route53::RecordSet",
            HostedZoneId="Z1",
            Name="es.example.com.",
            Type="A",
            AliasTarget={"DNSName": {"Fn::GetAtt": ["Lb", "DNSName"]}, "HostedZoneId": "Z2"},
        ),
        "Tasks": resource(
            "AWS::EC2::SecurityGroup",
            VpcId="vpc-1",
            SecurityGroupIngress=[
                {
                    "SourceSecurityGroupId": {"Fn::GetAtt": ["LbGroup", "GroupId"]},
                    "IpProtocol": "tcp",
                    "FromPort": "80",
                    "ToPort": "80",
                }
            ],
        ),
        "Definition": resource(
            "AWS::ECS::TaskDefinition",
            Cpu="256",
            Memory="512",
            ContainerDefinitions=[
                {"Name": "es", "Image": "datafi/es", "PortMappings": [{"ContainerPort": 80}]}
            ],
        ),
        "Service": resource(
            "AWS::ECS::Service",
            TaskDefinition=ref("Definition"),
            LaunchType="FARGATE",
            DesiredCount=1,
            LoadBalancers=[
                {"ContainerName": "es", "ContainerPort": 80, "TargetGroupArn": ref("Group")}
            ],
            NetworkConfiguration={
                "AwsvpcConfiguration": {
                    "Subnets": ["subnet-3"],
                    "SecurityGroups": [{"Fn::GetAtt": ["Tasks", "GroupId"]}],
                }
            },
        ),
    }


def vpc() -> dict[str, Any]:
    """A network with one subnet and its routing table, as yet without routes."""
    return {
        "Vpc": resource("AWS::EC2::VPC", CidrBlock="10.0.0.0/16"),
        "Igw": resource("AWS::EC2::InternetGateway"),
        "Attached": resource(
            "AWS::EC2::VPCGatewayAttachment", VpcId=ref("Vpc"), InternetGatewayId=ref("Igw")
        ),
        "Subnet": resource("AWS::EC2::Subnet", VpcId=ref("Vpc"), CidrBlock="10.0.1.0/24"),
        "Table": resource("AWS::EC2::RouteTable", VpcId=ref("Vpc")),
        "Association": resource(
            "AWS::EC2::SubnetRouteTableAssociation",
            RouteTableId=ref("Table"),
            SubnetId=ref("Subnet"),
        ),
    }
