"""The rules of one load balancer: their priorities, and how many there may be."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast
from weakref import WeakKeyDictionary

from aws_cdk import Names
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from constructs import Construct, IConstruct

from .errors import Fault
from .places import path_of, stack_of
from .synthesis import concrete, is_token_list, refuse
from .validation import (
    HIGHEST_PRIORITY,
    MAX_TARGET_GROUPS,
    form_faults,
    interface_faults,
    kind_of,
    number_faults,
    rule_position,
    type_faults,
)

ALL_PRIORITIES = (1, HIGHEST_PRIORITY)
"""The priorities that a rule of an application load balancer may have."""

_GRPC_CONTENT_TYPES = ("application/grpc", "application/grpc+*")
_VALUES_OF_A_RULE = 5
_WILDCARDS_OF_A_RULE = 5
_EVERY_PATH = {"*", "/*"}
_LENGTH_OF_A_VALUE = 128
_HOSTS = (re.compile(r"[A-Za-z0-9.*?-]+"), "host names, of which * and ? stand for any characters")
_PATHS = (
    re.compile(r"[/*?][A-Za-z0-9_.$/~\"'@:+&*?-]*"),
    "paths, which begin with / or a wildcard",
)
_LISTENER = re.compile(r"(?P<load_balancer>arn:.+:listener/app/[^/]+/[^/]+)/[^/]+")


@dataclass(frozen=True)
class _Rule:
    """A rule of one listener."""

    listener: str
    priority: int
    is_grpc: bool
    hosts: frozenset[str]
    paths: frozenset[str]
    address: str

    def is_at_the_address_of(self, other: _Rule) -> bool:
        """Whether both take the same requests, of which one would get none."""
        return (
            self.listener == other.listener
            and self.is_grpc == other.is_grpc
            and self.hosts == other.hosts
            and self.paths == other.paths
        )

    def hides(self, grpc: _Rule) -> bool:
        """Whether it takes the requests of a gRPC rule before that is asked."""
        first, second = concrete(self.priority), concrete(grpc.priority)
        if first is None or second is None:
            return False
        return (
            grpc.is_grpc
            and not self.is_grpc
            and (not self.paths or not _EVERY_PATH.isdisjoint(self.paths))
            and self.listener == grpc.listener
            and not self.hosts.isdisjoint(grpc.hosts)
            and first < second
        )


@dataclass
class _LoadBalancer:
    """What the app makes on one load balancer, by whichever ingress."""

    rules: list[_Rule] = field(default_factory=list)
    target_groups: set[str] = field(default_factory=set)


_LOAD_BALANCERS: WeakKeyDictionary[IConstruct, dict[str, _LoadBalancer]] = WeakKeyDictionary()


class ListenerRules:
    """Makes the rules of one load balancer, and refuses those that cannot be.

    Args:
        ingress: Whose rules they are.
        https_listener: The listener by which the load balancer is known, that of another ingress
            maybe.
        priority_range: The lowest and the highest priority. gRPC rules have the lower half.
        max_rules: How many rules the app makes on the load balancer. Not counted if it is not known
            yet.
    """

    def __init__(
        self,
        ingress: Construct,
        *,
        https_listener: elbv2.IApplicationListener,
        priority_range: tuple[int, int],
        max_rules: int,
    ) -> None:
        self._ingress = ingress
        self._path = path_of(ingress)
        self._first, self.last = priority_range
        self._count = (self.last - self._first + 1) // 2
        self._max_rules = concrete(max_rules)
        of_app = _LOAD_BALANCERS.setdefault(ingress.node.root, {})
        self._made = of_app.setdefault(load_balancer_identity_of(https_listener), _LoadBalancer())

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
                *number_faults(argument, concrete(priority), self._first, self.last),
            ],
        )
        address = " ".join([*hosts, *paths])
        if concrete(address) is None or is_token_list(hosts) or is_token_list(paths):
            address = f"{path_of(scope)}/{rule_id}"
        rule = _Rule(
            listener=identity_of(listener),
            priority=self._priority(address, is_grpc=is_grpc) if priority is None else priority,
            is_grpc=is_grpc,
            hosts=frozenset(host.lower() for host in hosts),
            paths=frozenset(paths),
            address=address,
        )
        groups = {*self._made.target_groups, *([path_of(target_group)] if target_group else ())}
        refuse(
            scope,
            [
                *self._priority_faults(argument, port, rule, listener),
                *self._order_faults(rule),
                *self._quota_faults(rules=len(self._made.rules) + 1, groups=len(groups)),
            ],
        )
        self._made.rules.append(rule)
        self._made.target_groups = groups
        if target_group:
            action = elbv2.ListenerAction.forward([target_group])
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
            priority=rule.priority,
            conditions=conditions,
            action=action,
        )

    def _priority(self, address: str, *, is_grpc: bool) -> int:
        """A priority that depends on nothing but the address, so that no rule moves another."""
        position = self._first + rule_position(address, self._count)
        return position if is_grpc else position + self._count

    def _priority_faults(
        self, argument: str, port: int, rule: _Rule, listener: elbv2.IApplicationListener
    ) -> list[Fault]:
        """Another rule of the listener with the same address, or with the same priority."""
        allowed = f"the only one of its kind on port {port} of {self._path}"
        shown = "a token" if concrete(rule.priority) is None else rule.priority
        for other in self._made.rules:
            if rule.is_at_the_address_of(other):
                given = f"{shown} for {rule.address!r}, which {other.address!r} has"
                return [Fault(argument, allowed, given, "remove one of the two")]
        taken = {
            other.priority: other.address
            for other in self._made.rules
            if other.listener == rule.listener
        }
        taken |= _rules_of_others(listener)
        if rule.priority not in taken:
            return []
        given = f"{shown} for {rule.address!r}, which {taken[rule.priority]!r} has"
        free = self._free_priority(rule)
        example = f" (free: {free})" if free else ""
        remedy = f"set one of the two by hand{example}, or choose another name"
        return [Fault(argument, allowed, given, remedy)]

    def _free_priority(self, rule: _Rule) -> int | None:
        """A priority in the range of the protocol that no rule has so far, or `None`."""
        lowest = self._first if rule.is_grpc else self._first + self._count
        start = self._priority(rule.address, is_grpc=rule.is_grpc) - lowest
        taken = {other.priority for other in self._made.rules}
        turned = (lowest + (start + step) % self._count for step in range(self._count))
        return next((priority for priority in turned if priority not in taken), None)

    def _order_faults(self, rule: _Rule) -> list[Fault]:
        for other in self._made.rules:
            grpc, http = (rule, other) if rule.is_grpc else (other, rule)
            if http.hides(grpc):
                allowed = (
                    f"less than that of the HTTP rule of {http.address!r} ({http.priority}), "
                    "which would hide it"
                )
                remedy = "choose both priorities by hand"
                return [Fault("grpc_rule_priority", allowed, str(grpc.priority), remedy)]
        return []

    def _quota_faults(self, *, rules: int, groups: int) -> list[Fault]:
        further = "give further servers an ingress of their own"
        faults = []
        for kind, count, most, remedy in (
            (
                "rules",
                rules,
                self._max_rules,
                f"{further}, or let AWS raise the quota and say so in max_rules",
            ),
            ("target groups", groups, MAX_TARGET_GROUPS, further),
        ):
            if most is not None and count > most:
                allowed = f"on a load balancer of at most {most} {kind}"
                given = f"number {count} on {self._path}"
                faults.append(Fault("ingress", allowed, given, remedy))
        return faults


def identity_of(listener: elbv2.IApplicationListener) -> str:
    """What tells a listener from others, wherever and however often it is imported.

    One that CDK has not looked up yet has an ARN that stands for none.
    """
    if isinstance(listener, elbv2.ApplicationListener):
        return path_of(listener)
    arn = listener.listener_arn
    if concrete(arn) is None:
        stack = stack_of(listener)
        return f"{path_of(stack)}: {json.dumps(stack.resolve(arn))}"
    return arn if is_known(arn) else path_of(listener)


def is_known(listener_arn: str) -> bool:
    """Whether an ARN is that of a listener, and names its load balancer."""
    return _LISTENER.fullmatch(listener_arn) is not None


def load_balancer_identity_of(listener: elbv2.IApplicationListener) -> str:
    """What tells a load balancer from others, as far as its listener is known."""
    if isinstance(listener, elbv2.ApplicationListener):
        return str(path_of(listener.load_balancer))
    listener_id = identity_of(listener)
    known = _LISTENER.fullmatch(listener_id)
    return known["load_balancer"] if known else listener_id


def _rules_of_others(listener: elbv2.IApplicationListener) -> dict[int, str]:
    """The priorities of the rules that the app has added to its own listener, with their paths."""
    if not isinstance(listener, elbv2.ApplicationListener):
        return {}
    rules = [
        child.node.default_child
        for child in listener.node.children
        if isinstance(child, elbv2.ApplicationListenerRule)
    ]
    return {
        int(rule.priority): path_of(rule)
        for rule in rules
        if isinstance(rule, elbv2.CfnListenerRule) and concrete(rule.priority) is not None
    }


def _in_stack_of(
    scope: Construct, ingress: Construct, listener: elbv2.IApplicationListener, port: int
) -> elbv2.IApplicationListener:
    """The listener, imported once more if it is an imported one of another stack.

    For such a listener CDK makes the rules of a server's security group in the listener's stack,
    which then needs that of the server, and for one that the app made in that of the server.
    """
    stack = stack_of(scope)
    if isinstance(listener, elbv2.ApplicationListener) or stack_of(listener) is stack:
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
    faults = _values_faults("hosts", hosts, _HOSTS, "es.datafi-edge.example.com")
    if not isinstance(paths, Sequence) or isinstance(paths, str) or paths:
        faults += _values_faults("paths", paths, _PATHS, "/status")
    if faults:
        return faults
    wildcards = sum(value.count("*") + value.count("?") for value in [*hosts, *paths])
    if wildcards + by_content_type > _WILDCARDS_OF_A_RULE:
        most = _WILDCARDS_OF_A_RULE - by_content_type
        allowed = f"with at most {most} wildcards (* and ?) in a rule"
        return [Fault("hosts and paths", allowed, str(wildcards), "make several rules of them")]
    most = _VALUES_OF_A_RULE - (len(_GRPC_CONTENT_TYPES) if by_content_type else 0)
    count = len(hosts) + len(paths)
    if count <= most:
        return []
    kinds = "hosts and paths" if paths else "hosts"
    beside = " beside the content types of gRPC" if by_content_type else ""
    allowed = f"at most {most}{beside}, as a rule takes {_VALUES_OF_A_RULE} values"
    return [Fault(kinds, allowed, str(count), "make several rules of them")]


def _values_faults(
    argument: str, values: Sequence[str], form: tuple[re.Pattern[str], str], example: str
) -> list[Fault]:
    allowed = f"a list of strings of 1 to {_LENGTH_OF_A_VALUE} characters"
    remedy = f"write it as [{example!r}]"
    if isinstance(values, str) or not isinstance(values, Sequence) or not values:
        given = kind_of(values) if values else "nothing"
        return [Fault(argument, allowed, given, remedy)]
    faults = []
    for value in values:
        if not isinstance(value, str):
            faults.append(Fault(argument, allowed, kind_of(value), remedy))
        elif is_token_list(values) or concrete(value) is None:
            continue
        elif not 1 <= len(value) <= _LENGTH_OF_A_VALUE:
            faults.append(Fault(argument, allowed, f"{value!r} ({len(value)})", remedy))
        else:
            faults += form_faults(argument, value, *form, remedy)
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
