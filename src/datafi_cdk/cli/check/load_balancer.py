"""Checks of a load balancer that is there already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...config_sections import ExistingLoadBalancerConfig
from ...validation import load_balancer_arn_of
from .context import Context
from .finding import Finding, failed, guarded, passed, warned

_NO_LISTENER = ("ListenerNotFound", "ListenerNotFoundException")
_NO_LOAD_BALANCER = ("LoadBalancerNotFound", "LoadBalancerNotFoundException")
_SHOWN_PRIORITIES = 5


def check_load_balancer(context: Context) -> Iterator[Finding]:
    """An existing load balancer and its listeners are as the deployment needs them."""
    existing = context.config.load_balancer.existing
    if existing is None:
        return
    yield from guarded("load balancer", _attributes(context, existing))
    for key, arn, port in (
        ("https_listener_arn", existing.https_listener_arn, 443),
        ("grpc_listener_arn", existing.grpc_listener_arn, 50051),
    ):
        if arn:
            findings = _listener(context, existing, f"load_balancer.existing.{key}", arn, port)
            yield from guarded(f"listener {port}", findings)


def _attributes(context: Context, existing: ExistingLoadBalancerConfig) -> Iterator[Finding]:
    arn = load_balancer_arn_of(existing.https_listener_arn)
    found = context.ask_all(
        "elbv2",
        "DescribeLoadBalancers",
        "LoadBalancers",
        missing=_NO_LOAD_BALANCER,
        LoadBalancerArns=[arn],
    )
    if not found:
        text = f"{arn} does not exist"
        yield failed("load balancer", text, "correct the ARNs in load_balancer.existing")
        return
    faults = list(_faults(context, existing, found[0]))
    yield from faults
    if not any(fault.status == "fail" for fault in faults):
        yield passed("load balancer", f"{found[0]['LoadBalancerName']}, {found[0]['Scheme']}")
    attributes = context.ask("elbv2", "DescribeLoadBalancerAttributes", LoadBalancerArn=arn)
    values = {each["Key"]: each["Value"] for each in attributes["Attributes"]}
    if values.get("routing.http2.enabled") == "false":
        text = "HTTP/2 is off, without which there is no gRPC"
        yield failed("load balancer", text, "set its attribute routing.http2.enabled to true")


def _faults(
    context: Context, existing: ExistingLoadBalancerConfig, found: Mapping[str, Any]
) -> Iterator[Finding]:
    config = context.config
    subject = "load balancer"
    state = found.get("State", {}).get("Code", "active")
    if state == "failed":
        yield failed(subject, "is in the state failed", "name another")
    internal = found["Scheme"] == "internal"
    if config.private and not internal:
        text = "faces the internet, and private is true"
        yield failed(subject, text, "name an internal one, or set private: false")
    elif internal and not config.private:
        text = "is internal: its names lead to private addresses"
        yield warned(subject, text, "set private: true, if that is meant")
    if config.vpc and found["VpcId"] != config.vpc.vpc_id:
        text = f"is in {found['VpcId']}, and the servers are in {config.vpc.vpc_id}"
        yield failed(subject, text, "name the VPC of the load balancer in vpc")
    groups = found.get("SecurityGroups", [])
    others = [each for each in existing.security_group_ids if each not in groups]
    if others:
        text = f"has {', '.join(groups) or 'no security group'}, and not {', '.join(others)}"
        yield failed(subject, text, "correct load_balancer.existing.security_group_ids")
    if config.load_balancer.dual_stack and found.get("IpAddressType") == "ipv4":
        text = "has no IPv6 addresses, and dual_stack is true"
        yield failed(subject, text, "make it dualstack, or set dual_stack: false")
    for key, name in (
        ("dns_name", "DNSName"),
        ("canonical_hosted_zone_id", "CanonicalHostedZoneId"),
    ):
        given = getattr(existing, key)
        if given and given.lower().rstrip(".") != str(found[name]).lower():
            text = f"its {key} is {found[name]}, the file says {given}"
            yield failed(subject, text, f"correct load_balancer.existing.{key}")


def _listener(
    context: Context, existing: ExistingLoadBalancerConfig, key: str, arn: str, port: int
) -> Iterator[Finding]:
    subject = f"listener {port}"
    found = context.ask_all(
        "elbv2", "DescribeListeners", "Listeners", missing=_NO_LISTENER, ListenerArns=[arn]
    )
    if not found:
        yield failed(subject, f"{arn} does not exist", f"correct {key}")
        return
    listener = found[0]
    if (listener["Port"], listener["Protocol"]) != (port, "HTTPS"):
        text = f"{key} takes {listener['Protocol']} on {listener['Port']}, not HTTPS on {port}"
        yield failed(subject, text, f"name the listener that takes HTTPS on {port}")
        return
    yield passed(subject, "takes HTTPS")
    rules = context.ask_all("elbv2", "DescribeRules", "Rules", ListenerArn=arn)
    lowest, highest = existing.lowest_priority, existing.highest_priority
    taken = sorted(
        int(rule["Priority"])
        for rule in rules
        if str(rule["Priority"]).isdecimal() and not is_own(rule, context.deployed)
    )
    taken = [priority for priority in taken if lowest <= priority <= highest]
    if taken:
        shown = ", ".join(map(str, taken[:_SHOWN_PRIORITIES]))
        more = ", …" if len(taken) > _SHOWN_PRIORITIES else ""
        text = f"other rules have priorities in {lowest} to {highest}: {shown}{more}"
        remedy = "set lowest_priority and highest_priority to a range that is free"
        yield warned(f"rules of {port}", text, remedy)
    else:
        yield passed(f"rules of {port}", f"no other rule has a priority in {lowest} to {highest}")


def is_own(rule: Mapping[str, Any], deployed: frozenset[str]) -> bool:
    """Whether a rule leads to a target group that this deployment has made.

    Args:
        rule: The rule, as AWS describes it.
        deployed: The ARNs of what this deployment has made.
    """
    groups = set()
    for action in rule.get("Actions", []):
        groups.add(action.get("TargetGroupArn"))
        forward = action.get("ForwardConfig", {})
        groups |= {each.get("TargetGroupArn") for each in forward.get("TargetGroups", [])}
    return not groups.isdisjoint(deployed)
