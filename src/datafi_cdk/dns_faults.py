"""Which names, zones and certificates `EdgeDns` refuses, alone or together."""

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_route53 as route53

from . import validation
from .errors import Fault
from .subnets import has_isolated
from .synthesis import concrete, concrete_text, select_subnets

__all__ = ["cleanup_faults", "dns_faults", "load_balancer_faults"]

_ZONE = "a hosted zone (IHostedZone)"


def dns_faults(
    *,
    root_domain: str,
    hosted_zone: route53.IHostedZone | None,
    private_zone_vpc: ec2.IVpc | None,
    parent_zone: route53.IHostedZone | None,
    delegation_role: iam.IRole | None,
    certificate: acm.ICertificate | None,
    validation_zone: route53.IHostedZone | None,
    enable_hosted_zone: bool,
) -> list[Fault]:
    """Every fault of the arguments of `EdgeDns`, by which they are named."""
    faults = validation.required_faults(root_domain=root_domain)
    faults += validation.root_domain_faults(concrete_text(root_domain))
    if certificate is None:
        faults += validation.certificate_domain_faults(concrete(root_domain))
    for argument, value, member, allowed in (
        ("certificate", certificate, "certificate_arn", "a certificate (ICertificate)"),
        ("private_zone_vpc", private_zone_vpc, "vpc_id", "a VPC (IVpc)"),
        ("delegation_role", delegation_role, "role_arn", "a role (IRole)"),
    ):
        if value is not None:
            faults += validation.interface_faults(argument, value, member, allowed)
    faults += _zone_faults("hosted_zone", hosted_zone, root_domain)
    faults += _parent_zone_faults(parent_zone, root_domain)
    faults += _validation_zone_faults(validation_zone, root_domain)
    return faults + _combination_faults(
        hosted_zone,
        private_zone_vpc,
        parent_zone,
        delegation_role,
        certificate,
        validation_zone,
        enable_hosted_zone,
    )


def _combination_faults(
    hosted_zone: object,
    private_zone_vpc: object,
    parent_zone: object,
    delegation_role: object,
    certificate: object,
    validation_zone: object,
    enable_hosted_zone: bool,
) -> list[Fault]:
    """Arguments that contradict each other, and a new certificate that nothing validates."""
    faults: list[Fault] = []
    if not enable_hosted_zone:
        for argument, value, given in (
            ("hosted_zone", hosted_zone, "a zone"),
            ("private_zone_vpc", private_zone_vpc, "a VPC"),
            ("parent_zone", parent_zone, "a zone"),
        ):
            faults += _left_out(argument, value, "if enable_hosted_zone is False", given)
    elif hosted_zone is not None:
        faults += _left_out("private_zone_vpc", private_zone_vpc, "with a hosted_zone", "a VPC")
        faults += _left_out("parent_zone", parent_zone, "with a hosted_zone", "a zone")
    elif private_zone_vpc is not None:
        faults += _left_out("parent_zone", parent_zone, "with a private zone", "a zone")
    elif certificate is None and validation_zone is not None:
        allowed, remedy = "left out with a new public zone", "leave it out, as that zone serves"
        faults.append(Fault("validation_zone", allowed, "a zone", remedy))
    if parent_zone is None and delegation_role is not None:
        allowed, remedy = "left out without a parent_zone", "hand in the parent_zone as well"
        faults.append(Fault("delegation_role", allowed, "a role", remedy))
    if certificate is not None:
        faults += _left_out("validation_zone", validation_zone, "with a certificate", "a zone")
    elif validation_zone is None:
        faults += _unvalidated_faults(hosted_zone, private_zone_vpc, enable_hosted_zone)
    return faults


def load_balancer_faults(load_balancer: elbv2.IApplicationLoadBalancer) -> list[Fault]:
    """A load balancer at which alias records can point."""
    allowed = "a load balancer (IApplicationLoadBalancer)"
    faults = validation.interface_faults(
        "load_balancer", load_balancer, "load_balancer_arn", allowed
    )
    if faults:
        return faults
    try:
        _ = (
            load_balancer.load_balancer_dns_name,
            load_balancer.load_balancer_canonical_hosted_zone_id,
        )
    except RuntimeError:
        allowed = "one whose DNS name and canonical hosted zone are known"
        remedy = "import it with load_balancer_dns_name and load_balancer_canonical_hosted_zone_id"
        return [Fault("load_balancer", allowed, "one imported without them", remedy)]
    return []


def _left_out(argument: str, value: object, when: str, given: str) -> list[Fault]:
    if value is None:
        return []
    return [Fault(argument, f"left out {when}", given, "leave one of the two out")]


def _unvalidated_faults(
    hosted_zone: object, private_zone_vpc: object, enable_hosted_zone: bool
) -> list[Fault]:
    """No public zone, although ACM validates through one.

    Source: https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
    """
    remedy = "hand in an issued certificate, or a validation_zone to validate a new one through"
    if not enable_hosted_zone:
        allowed = "given if enable_hosted_zone is False"
        return [Fault("certificate", allowed, "nothing", remedy)]
    if hosted_zone is not None and _is_private(hosted_zone):
        allowed = "a public zone, through which ACM validates a new certificate"
        return [Fault("hosted_zone", allowed, "a private one", remedy)]
    if hosted_zone is None and private_zone_vpc is not None:
        allowed = "given if the zone is private, through which ACM cannot validate a new one"
        return [Fault("certificate", allowed, "nothing", remedy)]
    return []


def _zone_faults(argument: str, zone: route53.IHostedZone | None, root_domain: str) -> list[Fault]:
    """A zone that holds the root domain, as far as its name is known."""
    if zone is None:
        return []
    faults = validation.interface_faults(argument, zone, "hosted_zone_id", _ZONE)
    zone_name = None if faults else _zone_name(zone)
    if zone_name is None or _holds(zone_name, root_domain):
        return faults
    allowed = f"the zone of {root_domain} or of a parent of it"
    return [Fault(argument, allowed, f"that of {zone_name}", "hand in the zone that holds it")]


def _parent_zone_faults(zone: route53.IHostedZone | None, root_domain: str) -> list[Fault]:
    faults = _zone_faults("parent_zone", zone, root_domain) + _private_faults("parent_zone", zone)
    if zone is not None and not faults and _zone_name(zone) == concrete(root_domain) is not None:
        allowed = f"the zone of a parent of {root_domain}"
        remedy = "hand in that of the parent, or this one as hosted_zone"
        faults.append(Fault("parent_zone", allowed, f"that of {root_domain} itself", remedy))
    return faults


def _validation_zone_faults(zone: route53.IHostedZone | None, root_domain: str) -> list[Fault]:
    return _zone_faults("validation_zone", zone, root_domain) + _private_faults(
        "validation_zone", zone
    )


def _private_faults(argument: str, zone: route53.IHostedZone | None) -> list[Fault]:
    if zone is None or not _is_private(zone):
        return []
    return [Fault(argument, "a public zone", "a private one", "hand in the public zone")]


def _holds(zone_name: str, root_domain: str) -> bool:
    return concrete(root_domain) is None or f".{root_domain}".endswith(f".{zone_name}")


def _zone_name(zone: route53.IHostedZone) -> str | None:
    """The zone's name, in lower case and without a dot at its end.

    `None` if it is known at deployment only, or not at all: a zone that is imported by its id only
    raises when asked for its name.
    """
    try:
        zone_name = concrete(zone.zone_name)
    except RuntimeError:
        return None
    return zone_name.rstrip(".").lower() if zone_name else None


def _is_private(zone: object) -> bool:
    """Whether a zone is known to be private, which that of a look-up never is.

    `from_private_hosted_zone_id` gives a jsii proxy.
    """
    if isinstance(zone, route53.HostedZone):
        made = zone.node.default_child
        return isinstance(made, route53.CfnHostedZone) and bool(Stack.of(zone).resolve(made.vpcs))
    proxy = route53.IPrivateHostedZone.__jsii_proxy_class__()  # type: ignore[attr-defined]
    return any(isinstance(part, proxy) for part in getattr(zone, "_delegates", ()))


def cleanup_faults(vpc: ec2.IVpc | None, selection: ec2.SubnetSelection | None) -> list[Fault]:
    """Subnets from which the function that clears a zone does not reach Route 53.

    Args:
        vpc: The VPC in which it runs, if any.
        selection: Its subnets there, which the VPC has.
    """
    if vpc is None:
        return []
    subnets = select_subnets(vpc, selection or ec2.SubnetSelection())
    if not has_isolated(vpc, subnets):
        return []
    allowed = "with a way out, by which a zone is cleared in Route 53 before it is deleted"
    remedy = "choose private subnets with a NAT gateway, or leave vpc out"
    return [Fault("vpc_subnets", allowed, "isolated ones", remedy)]
