"""Security groups of other stacks, as a server's own stack can add rules to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from aws_cdk import Names, Stack
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from .places import stack_of


def in_stack_of(scope: Construct, groups: Sequence[ec2.ISecurityGroup]) -> list[ec2.ISecurityGroup]:
    """Security groups whose rules are made in the server's stack.

    In another stack they would need the load balancer, which may need that stack: a cycle. Each
    group is imported once per stack, so that CDK makes a rule once that two servers need: twice it
    would be one in EC2, and go with the first of them (aws-cdk#4437).

    Args:
        scope: The server.
        groups: The groups.
    """
    stack = stack_of(scope)
    return [
        group if stack_of(group) is stack or not _takes_rules(group) else _imported(stack, group)
        for group in groups
    ]


def _imported(stack: Stack, group: ec2.ISecurityGroup) -> ec2.ISecurityGroup:
    construct_id = f"{Names.unique_id(group)}Imported"
    found = stack.node.try_find_child(construct_id)
    return (
        cast(ec2.ISecurityGroup, found)
        if found
        else ec2.SecurityGroup.from_security_group_id(
            stack,
            construct_id,
            group.security_group_id,
            allow_all_outbound=group.allow_all_outbound,
        )
    )


def _takes_rules(group: ec2.ISecurityGroup) -> bool:
    """Whether CDK adds rules, as it does not to a group imported with `mutable=False`.

    An imported group does not say so; a rule shows it, which is taken away again.
    """
    if isinstance(group, ec2.SecurityGroup):
        return True
    before = {child.node.id for child in group.node.children}
    group.add_ingress_rule(ec2.Peer.ipv4("192.0.2.1/32"), ec2.Port.all_traffic())
    added = [child for child in group.node.children if child.node.id not in before]
    for child in added:
        group.node.try_remove_child(child.node.id)
    return bool(added)
