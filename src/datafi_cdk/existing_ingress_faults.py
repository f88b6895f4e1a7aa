"""What an existing load balancer can be taken by: the faults of the arguments that say it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from aws_cdk import Token
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from . import ingress_faults, validation
from .edge_dns import EdgeDns
from .errors import Fault
from .listener_rules import identity_of, is_known, load_balancer_identity_of
from .synthesis import concrete, concrete_text
from .validation import HIGHEST_PRIORITY, interface_faults, kind_of, type_faults

_SECURITY_GROUP_ID = re.compile(r"sg-[0-9a-zA-Z-]+")
_ARN = r"arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:[0-9]{12}:"
_LISTENER_ARN = re.compile(rf"{_ARN}listener/app/[^/]+/[^/]+/[^/]+")
_LOAD_BALANCER_ARN = re.compile(rf"{_ARN}loadbalancer/app/[^/]+/[^/]+")


def listeners_faults(
    https_listener: elbv2.IApplicationListener,
    grpc_listener: elbv2.IApplicationListener | None,
    load_balancer: elbv2.IApplicationLoadBalancer | None,
) -> list[Fault]:
    """Two listeners of an application load balancer, and the load balancer."""
    allowed = "a listener of an application load balancer (IApplicationListener)"
    faults = interface_faults("https_listener", https_listener, "register_connectable", allowed)
    if grpc_listener is not None:
        faults += interface_faults("grpc_listener", grpc_listener, "register_connectable", allowed)
    if not faults:
        faults += _pair_faults(https_listener, grpc_listener)
    if load_balancer is not None:
        allowed = "a load balancer (IApplicationLoadBalancer)"
        faults += interface_faults("load_balancer", load_balancer, "load_balancer_arn", allowed)
    return faults


def _pair_faults(
    https_listener: elbv2.IApplicationListener, grpc_listener: elbv2.IApplicationListener | None
) -> list[Fault]:
    """Listeners that speak TLS, as gRPC demands, and are two of one load balancer."""
    faults = []
    for argument, listener in (
        ("https_listener", https_listener),
        ("grpc_listener", grpc_listener),
    ):
        made = listener.node.default_child if listener else None
        protocol = made.protocol if isinstance(made, elbv2.CfnListener) else None
        if protocol not in (None, "HTTPS"):
            remedy = "hand in a listener with a certificate"
            faults.append(Fault(argument, "one that takes HTTPS", f"one for {protocol}", remedy))
    if grpc_listener is None:
        return faults
    if identity_of(grpc_listener) == identity_of(https_listener):
        return faults + _same_listener_faults("grpc_listener", https_listener.node.path)
    known = [
        load_balancer_identity_of(listener)
        for listener in (https_listener, grpc_listener)
        if isinstance(listener, elbv2.ApplicationListener) or is_known(listener.listener_arn)
    ]
    if len(set(known)) > 1:
        faults.append(_other_load_balancer_fault("grpc_listener", known[1]))
    return faults


def _other_load_balancer_fault(argument: str, given: str) -> Fault:
    allowed = "of the load balancer of the HTTPS listener"
    return Fault(argument, allowed, f"one of {given}", "name those of one load balancer")


def attributes_faults(
    *,
    https_listener_arn: str,
    grpc_listener_arn: str | None,
    security_group_ids: Sequence[str],
    load_balancer_arn: str | None,
    load_balancer_dns_name: str | None,
    load_balancer_canonical_hosted_zone_id: str | None,
) -> list[Fault]:
    """ARNs of listeners and load balancer, ids of security groups, and where its names lead."""
    faults = validation.required_faults(https_listener_arn=https_listener_arn)
    for argument, arn, form, allowed, part in (
        (
            "https_listener_arn",
            https_listener_arn,
            _LISTENER_ARN,
            "a listener of ",
            "listener/app/",
        ),
        ("grpc_listener_arn", grpc_listener_arn, _LISTENER_ARN, "a listener of ", "listener/app/"),
        ("load_balancer_arn", load_balancer_arn, _LOAD_BALANCER_ARN, "", "loadbalancer/app/"),
    ):
        faults += validation.form_faults(
            argument,
            concrete(arn),
            form,
            f"the ARN of {allowed}an application load balancer",
            f"copy it from the EC2 console, where it holds {part}",
        )
    if not faults and https_listener_arn == grpc_listener_arn:
        faults += _same_listener_faults("grpc_listener_arn", https_listener_arn)
    if not faults and https_listener_arn != grpc_listener_arn:
        https, grpc = concrete(https_listener_arn), concrete(grpc_listener_arn)
        load_balancer = https and validation.load_balancer_arn_of(https)
        for argument, arn in (
            ("grpc_listener_arn", grpc and validation.load_balancer_arn_of(grpc)),
            ("load_balancer_arn", concrete(load_balancer_arn)),
        ):
            if load_balancer and arn and arn != load_balancer:
                faults.append(_other_load_balancer_fault(argument, arn))
    faults += _security_group_id_faults(security_group_ids)
    alias = {
        "load_balancer_arn": load_balancer_arn,
        "load_balancer_dns_name": load_balancer_dns_name,
        "load_balancer_canonical_hosted_zone_id": load_balancer_canonical_hosted_zone_id,
    }
    given = [argument for argument, value in alias.items() if value is not None]
    for argument in given:
        faults += type_faults(argument, alias[argument], str, "a string")
    if len(given) not in (0, len(alias)):
        allowed = "given together or not at all"
        missing = [argument for argument in alias if argument not in given]
        remedy = f"hand in {' and '.join(missing)} as well"
        faults.append(Fault(", ".join(alias), allowed, f"{' and '.join(given)} only", remedy))
    return faults


def taking_faults(
    *,
    root_domain: str | None,
    dns: EdgeDns | None,
    load_balancer_argument: str,
    has_load_balancer: bool,
    vpc: ec2.IVpc | None,
    dual_stack: bool,
    grpc_listener_argument: str,
    has_grpc_listener: bool,
    grpc_over_https: bool,
    priority_range: tuple[int, int],
    max_rules: int,
) -> list[Fault]:
    """What is said of an existing load balancer, however it is handed in."""
    faults = _names_faults(root_domain, dns)
    if isinstance(dns, EdgeDns) and dns.hosted_zone and not has_load_balancer:
        allowed = "given if dns makes records, which lead to it"
        remedy = "hand in the load balancer with its DNS name and its canonical hosted zone"
        faults.append(Fault(load_balancer_argument, allowed, "nothing", remedy))
    if vpc is not None:
        faults += interface_faults("vpc", vpc, "vpc_id", "a VPC (IVpc)")
    faults += validation.switch_faults(dual_stack=dual_stack, grpc_over_https=grpc_over_https)
    if grpc_over_https is False and not has_grpc_listener:
        allowed = "given if grpc_over_https is False"
        remedy = "hand in the listener of port 50051, or let port 443 take gRPC"
        faults.append(Fault(grpc_listener_argument, allowed, "nothing", remedy))
    return [
        *faults,
        *_priority_range_faults(priority_range),
        *ingress_faults.max_rules_faults(max_rules),
    ]


def load_balancer_of(listener: object) -> elbv2.IApplicationLoadBalancer | None:
    """The load balancer of a listener, which an imported listener does not know."""
    return getattr(listener, "load_balancer", None)


def _same_listener_faults(argument: str, shown: str) -> list[Fault]:
    allowed = "the listener of port 50051"
    remedy = "leave it out if port 443 alone takes gRPC"
    return [Fault(argument, allowed, f"that of HTTPS ({shown})", remedy)]


def _names_faults(root_domain: str | None, dns: EdgeDns | None) -> list[Fault]:
    if dns is None:
        if root_domain is None:
            return [Fault("root_domain", "given if dns is not", "nothing", "hand in one of them")]
        return validation.root_domain_faults(concrete_text(root_domain))
    faults = type_faults("dns", dns, EdgeDns, "an EdgeDns")
    if root_domain is not None:
        allowed = "left out if dns is given"
        faults.append(Fault("root_domain", allowed, "both", "leave one of them out"))
    return faults


def _priority_range_faults(priority_range: object) -> list[Fault]:
    """The lowest and the highest priority, with room for a gRPC and an HTTP rule."""
    match priority_range:
        case (bool(), _) | (_, bool()):
            pass
        case (int(first), int(last)) if 1 <= first < last <= HIGHEST_PRIORITY:
            return []
    allowed = f"two numbers, the lowest and the highest, between 1 and {HIGHEST_PRIORITY}"
    given = str(priority_range) if isinstance(priority_range, tuple) else kind_of(priority_range)
    return [Fault("priority_range", allowed, given, "write it as (1000, 1999)")]


def _security_group_id_faults(ids: Sequence[str]) -> list[Fault]:
    """The ids of a load balancer's security groups, at least one."""
    allowed = "a list of at least one id of a security group"
    remedy = "copy them from the load balancer, where each starts with sg-"
    if isinstance(ids, str) or not isinstance(ids, Sequence) or not ids:
        given = "an empty list" if ids == [] else kind_of(ids)
        return [Fault("security_group_ids", allowed, given, remedy)]
    if Token.is_unresolved(list(ids)):
        return []
    return [
        fault
        for group in ids
        for fault in [
            *validation.required_faults(security_group_ids=group),
            *validation.form_faults(
                "security_group_ids", concrete(group), _SECURITY_GROUP_ID, allowed, remedy
            ),
        ]
    ]
