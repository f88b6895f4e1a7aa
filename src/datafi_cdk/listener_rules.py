"""The rules of one load balancer: their priorities, and how many there may be."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import cast

from aws_cdk import Names, Stack, Token
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from constructs import Construct

from .errors import Fault
from .synthesis import concrete, refuse
from .validation import HIGHEST_PRIORITY, interface_faults, kind_of, number_faults, type_faults

MAX_TARGET_GROUPS = 100
"""Target groups that one application load balancer takes. The quota cannot be raised.

Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
"""

DEFAULT_MAX_RULES = 100
"""Rules that one application load balancer takes, unless AWS has raised the quota.

Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
"""

ALL_PRIORITIES = (1, HIGHEST_PRIORITY)
"""The priorities that a rule of an application load balancer may have."""

_GRPC_CONTENT_TYPES = ("application/grpc", "application/grpc+*")
_VALUES_OF_A_RULE = 5
_LENGTH_OF_A_VALUE = 128


class ListenerRules:
    """Makes the rules of one load balancer, and refuses those that cannot be.

    Args:
        ingress: Whose rules they are.
        priority_range: The lowest and the highest priority. gRPC rules have the lower half.
        max_rules: How many rules the load balancer takes. Not counted if it is not known yet.
    """

    def __init__(
        self, ingress: Construct, *, priority_range: tuple[int, int], max_rules: int
    ) -> None:
        self._ingress = ingress
        self._path = ingress.node.path
        self._first, self._last = priority_range
        self._count = (self._last - self._first + 1) // 2
        self._max_rules = concrete(max_rules)
        self._addresses: dict[tuple[int, int], str] = {}
        self._of_host: dict[tuple[int, str, bool], int] = {}
        self._target_groups: set[str] = set()

    def add(
        self,
        scope: Construct,
        rule_id: str,
        *,
        listener: elbv2.IApplicationListener,
        port: int,
        hosts: Sequence[str],
        paths: Sequence[str] = (),
        is_grpc: bool = False,
        by_content_type: bool = False,
        target_group: elbv2.IApplicationTargetGroup | None = None,
        action: elbv2.ListenerAction | None = None,
        priority: int | None = None,
    ) -> elbv2.ApplicationListenerRule:
        """Make one rule, in `scope`, which leads to `target_group` or else does `action`.

        Raises:
            InvalidInputError: Hosts, paths or the target are not what a rule takes; the priority is
                out of bounds, or another rule has it; a rule of the same host would hide this one;
                or the load balancer takes no more.
        """
        argument = f"{'grpc' if is_grpc else 'http'}_rule_priority"
        refuse(
            scope,
            [
                *_condition_faults(hosts, paths, by_content_type=by_content_type),
                *_target_faults(target_group, action),
                *number_faults(argument, concrete(priority), self._first, self._last),
            ],
        )
        address = " ".join([*hosts, *paths])
        if any(Token.is_unresolved(each) for each in (address, list(hosts), list(paths))):
            address = f"{scope.node.path}/{rule_id}"
        if priority is None:
            priority = self._priority(address, is_grpc=is_grpc)
        refuse(scope, self._priority_faults(argument, port, priority, address, is_grpc=is_grpc))
        self._addresses[port, priority] = address
        if target_group:
            self._target_groups.add(target_group.node.path)
            action = elbv2.ListenerAction.forward([target_group])
        refuse(
            scope,
            [*self._order_faults(port, address, priority, is_grpc=is_grpc), *self._quota_faults()],
        )
        conditions = [elbv2.ListenerCondition.host_headers(list(hosts))]
        if paths:
            conditions.append(elbv2.ListenerCondition.path_patterns(list(paths)))
        if by_content_type:
            conditions.append(
                elbv2.ListenerCondition.http_header("content-type", list(_GRPC_CONTENT_TYPES))
            )
        return elbv2.ApplicationListenerRule(
            scope,
            rule_id,
            listener=_in_stack_of(scope, self._ingress, listener, port),
            priority=priority,
            conditions=conditions,
            action=action,
        )

    def _priority(self, address: str, *, is_grpc: bool) -> int:
        """A priority that depends on nothing but the address, so that no rule moves another."""
        digest = hashlib.sha256(address.encode()).digest()
        position = self._first + int.from_bytes(digest[:8], "big") % self._count
        return position if is_grpc else position + self._count

    def _priority_faults(
        self, argument: str, port: int, priority: int, address: str, *, is_grpc: bool
    ) -> list[Fault]:
        owner = self._addresses.get((port, priority))
        if owner is None:
            return []
        allowed = f"the only one of its kind on port {port} of {self._path}"
        given = f"{priority} for {address!r}, which {owner!r} has"
        if owner == address:
            return [Fault(argument, allowed, given, "remove one of the two")]
        free = self._free_priority(address, is_grpc=is_grpc)
        example = f" (free: {free})" if free else ""
        remedy = f"set one of the two by hand{example}, or choose another name"
        return [Fault(argument, allowed, given, remedy)]

    def _free_priority(self, address: str, *, is_grpc: bool) -> int | None:
        """A priority in the range of the protocol that no rule has so far, or `None`."""
        lowest = self._first if is_grpc else self._first + self._count
        start = self._priority(address, is_grpc=is_grpc) - lowest
        taken = {priority for _, priority in self._addresses}
        turned = (lowest + (start + step) % self._count for step in range(self._count))
        return next((priority for priority in turned if priority not in taken), None)

    def _order_faults(
        self, port: int, address: str, priority: int, *, is_grpc: bool
    ) -> list[Fault]:
        self._of_host[port, address, is_grpc] = priority
        grpc, http = (self._of_host.get((port, address, kind)) for kind in (True, False))
        grpc, http = concrete(grpc), concrete(http)
        if grpc is None or http is None or grpc < http:
            return []
        allowed = f"less than that of the HTTP rule of {address!r} ({http}), which would hide it"
        return [Fault("grpc_rule_priority", allowed, str(grpc), "choose both priorities by hand")]

    def _quota_faults(self) -> list[Fault]:
        further = "give further servers an ingress of their own"
        faults = []
        for kind, count, most, remedy in (
            (
                "rules",
                len(self._addresses),
                self._max_rules,
                f"{further}, or let AWS raise the quota and say so in max_rules",
            ),
            ("target groups", len(self._target_groups), MAX_TARGET_GROUPS, further),
        ):
            if most is not None and count > most:
                allowed = f"on a load balancer of at most {most} {kind}"
                given = f"number {count} on {self._path}"
                faults.append(Fault("ingress", allowed, given, remedy))
        return faults


def _in_stack_of(
    scope: Construct, ingress: Construct, listener: elbv2.IApplicationListener, port: int
) -> elbv2.IApplicationListener:
    """The listener, imported once more if it is an imported one of another stack.

    For such a listener CDK makes the rules of a server's security group in the listener's stack,
    which then needs that of the server, and for one that the app made in that of the server.
    """
    stack = Stack.of(scope)
    if isinstance(listener, elbv2.ApplicationListener) or Stack.of(listener) is stack:
        return listener
    holder_id = f"{Names.unique_id(ingress)}Listeners"
    holder = cast(Construct | None, stack.node.try_find_child(holder_id))
    if holder is None:
        holder = Construct(stack, holder_id)
        known = listener.connections.security_groups[0]
        ec2.SecurityGroup.from_security_group_id(
            holder,
            "SecurityGroup",
            known.security_group_id,
            allow_all_outbound=known.allow_all_outbound,
        )
    found = holder.node.try_find_child(str(port))
    if found is None:
        found = elbv2.ApplicationListener.from_application_listener_attributes(
            holder,
            str(port),
            listener_arn=listener.listener_arn,
            security_group=cast(ec2.ISecurityGroup, holder.node.find_child("SecurityGroup")),
            default_port=port,
        )
    return cast(elbv2.IApplicationListener, found)


def _condition_faults(
    hosts: Sequence[str], paths: Sequence[str], *, by_content_type: bool
) -> list[Fault]:
    """Host names and paths, in so few values that one rule takes them.

    Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
    """
    faults = _values_faults("hosts", hosts, "es.datafi-edge.example.com")
    if not isinstance(paths, Sequence) or isinstance(paths, str) or paths:
        faults += _values_faults("paths", paths, "/status")
    if faults:
        return faults
    most = _VALUES_OF_A_RULE - (len(_GRPC_CONTENT_TYPES) if by_content_type else 0)
    count = len(hosts) + len(paths)
    if count <= most:
        return []
    kinds = "hosts and paths" if paths else "hosts"
    beside = " beside the content types of gRPC" if by_content_type else ""
    allowed = f"at most {most}{beside}, as a rule takes {_VALUES_OF_A_RULE} values"
    return [Fault(kinds, allowed, str(count), "make several rules of them")]


def _values_faults(argument: str, values: Sequence[str], example: str) -> list[Fault]:
    allowed = f"a list of strings of 1 to {_LENGTH_OF_A_VALUE} characters"
    remedy = f"write it as [{example!r}]"
    if isinstance(values, str) or not isinstance(values, Sequence) or not values:
        given = kind_of(values) if values else "nothing"
        return [Fault(argument, allowed, given, remedy)]
    faults = []
    for value in values:
        if not isinstance(value, str):
            faults.append(Fault(argument, allowed, kind_of(value), remedy))
        elif concrete(value) is not None and not 1 <= len(value) <= _LENGTH_OF_A_VALUE:
            faults.append(Fault(argument, allowed, f"{value!r} ({len(value)})", remedy))
    return faults


def _target_faults(
    target_group: elbv2.IApplicationTargetGroup | None, action: elbv2.ListenerAction | None
) -> list[Fault]:
    if (target_group is None) == (action is None):
        given = "neither" if action is None else "both"
        allowed = "given if action is not, and left out if it is"
        return [Fault("target_group", allowed, given, "hand in one of the two")]
    if action is not None:
        return type_faults("action", action, elbv2.ListenerAction, "an elbv2.ListenerAction")
    allowed = "a target group (IApplicationTargetGroup)"
    return interface_faults("target_group", target_group, "register_connectable", allowed)
