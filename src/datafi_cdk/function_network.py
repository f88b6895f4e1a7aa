"""How a function of the library is in a VPC."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from .managed_policy_role import explain_wildcards
from .subnets import connectivity
from .synthesis import select_subnets

_HTTPS = ec2.Port.tcp(443)
_LOOK = ("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets")
_CONNECT = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:UnassignPrivateIpAddresses",
)
_REASON = (
    "Lambda makes and removes the function's network interfaces with its role; their ids are not"
    " known before, and looking at interfaces and subnets knows no resource."
)


def https_only(scope: Construct, vpc: ec2.IVpc) -> ec2.SecurityGroup:
    """A security group that lets a function call AWS and lets nobody in.

    Args:
        scope: Where `SecurityGroup` is made.
        vpc: The VPC.
    """
    group = ec2.SecurityGroup(
        scope,
        "SecurityGroup",
        vpc=vpc,
        description="Calls of a Datafi function to AWS",
        allow_all_outbound=False,
    )
    group.add_egress_rule(ec2.Peer.any_ipv4(), _HTTPS, "APIs of AWS")
    return group


def grant_network(scope: Construct, role: iam.IRole) -> None:
    """What Lambda needs to connect a function to a VPC, as in AWSLambdaVPCAccessExecutionRole.

    Lambda demands that network interfaces are not narrowed to single ones. Source:
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html

    Args:
        scope: Whose account and region it is.
        role: The function's role.
    """
    everything = Stack.of(scope).format_arn(service="ec2", resource="*", resource_name="*")
    for actions, resource in ((_LOOK, "*"), (_CONNECT, everything)):
        iam.Grant.add_to_principal(grantee=role, actions=list(actions), resource_arns=[resource])
        explain_wildcards(role, actions, [resource], _REASON)


def keep_way_out(
    function: lambda_.Function, vpc: ec2.IVpc, selection: ec2.SubnetSelection | None
) -> None:
    """Have a function made after its way out of the VPC, and removed before it.

    Args:
        function: The function.
        vpc: The VPC.
        selection: Its subnets there.
    """
    subnets: Sequence[ec2.ISubnet] = select_subnets(vpc, selection or ec2.SubnetSelection())
    function.node.add_dependency(*connectivity(vpc, subnets))
