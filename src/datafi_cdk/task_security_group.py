"""The security group of a server's tasks, with few resources."""

from __future__ import annotations

import re
from collections.abc import Collection

from aws_cdk import Token
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

_TAKEN_BY_PEER = re.compile("sg-[a-z0-9]{8,17}")


class TaskSecurityGroup(ec2.SecurityGroup):
    """A security group that holds the rules of its load balancer itself.

    CDK makes a resource of each rule between two security groups, as two that name each other could
    not be made otherwise. A load balancer's names no server's.

    Args:
        scope: Where it is made.
        construct_id: Its id in `scope`.
        vpc: Its VPC.
        description: What it is for.
        clients: The ids of the load balancer's security groups.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        vpc: ec2.IVpc,
        description: str,
        clients: Collection[str],
    ) -> None:
        super().__init__(scope, construct_id, vpc=vpc, description=description)
        self._clients = clients

    def add_ingress_rule(
        self,
        peer: ec2.IPeer,
        connection: ec2.Port,
        description: str | None = None,
        remote_rule: bool | None = None,
    ) -> None:
        """Let a peer connect; that of a client is written into the group."""
        group_id: str = getattr(peer, "security_group_id", "")
        is_taken = Token.is_unresolved(group_id) or _TAKEN_BY_PEER.fullmatch(group_id)
        if group_id in self._clients and is_taken:
            peer, remote_rule = ec2.Peer.security_group_id(group_id), None
        super().add_ingress_rule(peer, connection, description, remote_rule)
