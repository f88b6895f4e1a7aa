"""Subnets that tasks and functions run in."""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakKeyDictionary

from aws_cdk import aws_ec2 as ec2
from constructs import IDependable

from .errors import Fault
from .synthesis import select_subnets

_IDS: WeakKeyDictionary[ec2.IVpc, dict[str, set[str]]] = WeakKeyDictionary()
"""The ids of a VPC's subnets by their kind."""


def subnet_faults(vpc: ec2.IVpc, selection: ec2.SubnetSelection) -> list[Fault]:
    """A selection of subnets that the VPC does not have."""
    try:
        found = select_subnets(vpc, selection)
        given, remedy = "none", "choose at least one of the VPC's"
    except RuntimeError as error:
        found = []
        given, remedy = f"others ({error})", "hand in the VPC with such subnets, or choose others"
    return [] if found else [Fault("vpc_subnets", f"subnets of {vpc.node.path}", given, remedy)]


def function_subnet_faults(vpc: ec2.IVpc, selection: ec2.SubnetSelection | None) -> list[Fault]:
    """Subnets in which a function cannot work.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc-internet.html
    """
    selection = selection or ec2.SubnetSelection()
    faults = subnet_faults(vpc, selection)
    if not faults and has_public(vpc, select_subnets(vpc, selection)):
        allowed = "private, as a function in a public subnet has no way out"
        remedy = "choose private subnets, or leave vpc out"
        faults.append(Fault("vpc_subnets", allowed, "public ones", remedy))
    return faults


def has_public(vpc: ec2.IVpc, subnets: Sequence[ec2.ISubnet]) -> bool:
    """Whether there is a public subnet of the VPC among some."""
    return _any_of(vpc, "public", subnets)


def has_isolated(vpc: ec2.IVpc, subnets: Sequence[ec2.ISubnet]) -> bool:
    """Whether there is an isolated subnet of the VPC among some."""
    return _any_of(vpc, "isolated", subnets)


def _any_of(vpc: ec2.IVpc, kind: str, subnets: Sequence[ec2.ISubnet]) -> bool:
    known = _IDS.setdefault(vpc, {})
    if kind not in known:
        # What a VPC has before it is looked up stands for several kinds, private ones among them.
        private = {subnet.subnet_id for subnet in vpc.private_subnets}
        of_kind = vpc.public_subnets if kind == "public" else vpc.isolated_subnets
        known[kind] = {subnet.subnet_id for subnet in of_kind} - private
    return bool(known[kind]) and not known[kind].isdisjoint(each.subnet_id for each in subnets)


def connectivity(vpc: ec2.IVpc, subnets: Sequence[ec2.ISubnet]) -> list[IDependable]:
    """What must be there before something in subnets can work: routes out, and VPC endpoints."""
    return [
        *(subnet.internet_connectivity_established for subnet in subnets),
        *(
            child
            for child in vpc.node.children
            if isinstance(child, ec2.InterfaceVpcEndpoint | ec2.GatewayVpcEndpoint)
        ),
    ]
