"""Who may connect to a load balancer."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import cast

from aws_cdk import Fn
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from . import ingress_faults
from .acknowledgments import acknowledge, skip_check
from .ingress_base import GRPC_PORT, HTTP_PORT, HTTPS_PORT
from .ingress_faults import Allowed
from .synthesis import concrete, range_of

_OPEN = "AwsSolutions::AwsSolutions-EC23"


def let_in(
    load_balancer: elbv2.ApplicationLoadBalancer,
    security_group: ec2.SecurityGroup,
    vpc: ec2.IVpc,
    allowed: Allowed,
    *,
    internal: bool,
    dual_stack: bool,
) -> None:
    """Let clients connect to the ports of a load balancer.

    Args:
        load_balancer: The load balancer.
        security_group: Its security group.
        vpc: Its VPC.
        allowed: Who is named; if nobody is, the VPC may connect if it is internal, else everybody.
        internal: Whether it has private addresses only.
        dual_stack: Whether it has IPv6 addresses, too.
    """
    peers = _peers(vpc, allowed, internal=internal, dual_stack=dual_stack)
    ipv6_block = ingress_faults.ipv6_block_of(vpc)
    if ipv6_block and internal and dual_stack:
        security_group.node.add_dependency(ipv6_block)
    for port in (HTTP_PORT, HTTPS_PORT, GRPC_PORT):
        for peer in peers:
            load_balancer.connections.allow_from(
                peer, ec2.Port.tcp(port), f"Clients to port {port}"
            )
    ranges = [str(getattr(peer, "unique_id", "")) for peer in peers]
    if any(each.endswith("/0") for each in ranges):
        _acknowledge_open(security_group)
    elif any(concrete(each) is None for each in ranges):
        acknowledge(
            security_group,
            _OPEN,
            "The ranges that may connect are known at deployment, where cdk-nag cannot read them.",
        )


def _peers(
    vpc: ec2.IVpc, allowed: Allowed, *, internal: bool, dual_stack: bool
) -> list[ec2.IConnectable]:
    if any(each is not None for each in allowed):
        cidrs, prefix_lists, security_groups = (each or () for each in allowed)
        return [
            *map(_address_range, dict.fromkeys(cast(Sequence[str], cidrs))),
            *map(ec2.Peer.prefix_list, cast(Sequence[str], prefix_lists)),
            *cast(Sequence[ec2.ISecurityGroup], security_groups),
        ]
    if internal:
        ipv6 = [Fn.select(0, cast(ec2.Vpc, vpc).vpc_ipv6_cidr_blocks)] if dual_stack else []
        return [ec2.Peer.ipv4(range_of(vpc)), *map(ec2.Peer.ipv6, ipv6)]
    return [ec2.Peer.any_ipv4(), *([ec2.Peer.any_ipv6()] if dual_stack else [])]


def _address_range(cidr: str) -> ec2.IPeer:
    """A range as CDK takes it: in lower case. One that is not known yet is taken for IPv4."""
    known = concrete(cidr)
    if known is None:
        return ec2.Peer.ipv4(cidr)
    network = ipaddress.ip_network(known)
    return ec2.Peer.ipv6(str(network)) if network.version == 6 else ec2.Peer.ipv4(str(network))


def _acknowledge_open(security_group: ec2.SecurityGroup) -> None:
    """Accept that everybody may connect whom the network lets reach the load balancer."""
    reason = "Clients connect from anywhere that leads here, to the ports of its listeners only."
    acknowledge(security_group, _OPEN, reason)
    skip_check(
        cast(ec2.CfnSecurityGroup, security_group.node.default_child),
        "CKV_AWS_260",
        "Port 80 answers with a redirect to HTTPS and nothing else.",
    )
