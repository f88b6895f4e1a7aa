"""What a load balancer can be made of or taken by: the faults of the arguments of an ingress."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import cast

from aws_cdk import Duration, Stack, Token
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct, IConstruct

from . import validation
from .errors import Fault
from .log_buckets import log_bucket_faults, server_access_logs_bucket_faults
from .synthesis import concrete, range_of, select_subnets
from .validation import HIGHEST_PRIORITY, MOST_PEERS, interface_faults, kind_of, type_faults

Allowed = tuple[Sequence[str] | None, Sequence[str] | None, Sequence[ec2.ISecurityGroup] | None]
"""Address ranges, prefix lists and security groups that may connect."""

_ZONES = 2
_PORTS = 3
# But for that of a listener which CDK has not looked up yet.
_ARN = re.compile(
    r"arn:[a-z-]+:[a-z0-9-]+:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12}):"
    r"(?!listener/application/)"
)
_PREFIX_LIST = re.compile(r"pl-[0-9a-f]+")
_WEB_ACL_ARN = re.compile(r"arn:aws[a-z-]*:wafv2:[a-z0-9-]+:[0-9]{12}:regional/webacl/.+")


def idle_timeout_faults(idle_timeout: Duration) -> list[Fault]:
    """A whole number of seconds that a load balancer takes."""
    faults = type_faults("idle_timeout", idle_timeout, Duration, "a Duration")
    if faults or idle_timeout.is_unresolved():
        return faults
    seconds, fraction = divmod(int(idle_timeout.to_milliseconds()), 1000)
    if fraction:
        given = f"{seconds}.{fraction:03} seconds"
        return [Fault("idle_timeout", "a whole number of seconds", given, "round it")]
    return validation.idle_timeout_faults("idle_timeout in seconds", seconds)


def vpc_faults(
    vpc: ec2.IVpc, vpc_subnets: ec2.SubnetSelection | None, *, internal: bool
) -> list[Fault]:
    """A VPC with subnets of the right kind in two zones."""
    faults = interface_faults("vpc", vpc, "vpc_id", "a VPC (IVpc)")
    if vpc_subnets is not None:
        faults += type_faults(
            "vpc_subnets", vpc_subnets, ec2.SubnetSelection, "an ec2.SubnetSelection"
        )
        return faults or _selection_faults(vpc, vpc_subnets)
    if faults:
        return faults
    kind = "private" if internal else "public"
    subnets = (vpc.private_subnets or vpc.isolated_subnets) if internal else vpc.public_subnets
    zones = set(map(_zone_of, subnets))
    if len(zones) >= _ZONES:
        return []
    allowed = f"one with {kind} subnets in two availability zones"
    given = f"one with {kind} subnets in {len(zones)}"
    return [Fault("vpc", allowed, given, f"hand in the VPC with its {kind} subnets")]


def _selection_faults(vpc: ec2.IVpc, vpc_subnets: ec2.SubnetSelection) -> list[Fault]:
    """Subnets that are there, in two zones."""
    try:
        zones = set(map(_zone_of, select_subnets(vpc, vpc_subnets)))
    except RuntimeError as error:
        remedy = "hand in the VPC with such subnets, or choose others"
        return [Fault("vpc_subnets", f"subnets of {vpc.node.path}", f"others ({error})", remedy)]
    if len(zones) >= _ZONES:
        return []
    allowed = "subnets in two availability zones"
    return [Fault("vpc_subnets", allowed, f"subnets in {len(zones)}", "choose one more")]


def _zone_of(subnet: ec2.ISubnet) -> str:
    """The zone of a subnet; one that is imported by its id only is taken for a zone of its own."""
    try:
        return subnet.availability_zone
    except RuntimeError:
        return subnet.subnet_id


def allowed_faults(
    vpc: ec2.IVpc, allowed: Allowed, *, internal: bool, dual_stack: bool
) -> list[Fault]:
    """Who may connect, in so few rules that a security group takes them.

    The quota of rules is enforced for IPv4 and IPv6 apart. Source: https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
    """
    cidrs, prefix_lists, security_groups = allowed
    faults = []
    for argument, values in zip(
        ("allowed_cidrs", "allowed_prefix_lists", "allowed_security_groups"), allowed, strict=True
    ):
        if values is None:
            continue
        if isinstance(values, str) or not isinstance(values, Sequence):
            faults.append(Fault(argument, "a list", kind_of(values), "write it in brackets"))
        elif isinstance(values, list) and Token.is_unresolved(values):
            allowed_list = "a list whose length is known at synthesis"
            remedy = "write the list, whose entries may be known at deployment only"
            faults.append(Fault(argument, allowed_list, "an unresolved list", remedy))
    if faults:
        return faults
    for cidr in cidrs or ():
        faults += validation.required_faults(allowed_cidrs=cidr)
        faults += validation.cidr_faults("allowed_cidrs", concrete(cidr))
    for prefix_list in prefix_lists or ():
        faults += validation.required_faults(allowed_prefix_lists=prefix_list)
        faults += validation.form_faults(
            "allowed_prefix_lists",
            concrete(prefix_list),
            _PREFIX_LIST,
            "ids of managed prefix lists",
            "copy each from the VPC console, where it starts with pl-",
        )
    for group in security_groups or ():
        faults += interface_faults(
            "allowed_security_groups", group, "security_group_id", "security groups"
        )
    if faults:
        return faults
    count = _peers_of_a_family(allowed)
    if count > MOST_PEERS:
        allowed_count = (
            f"at most {MOST_PEERS} ranges of a family, prefix lists and security groups together, "
            f"each with a rule for {_PORTS} ports"
        )
        remedy = "join ranges, or put them into one prefix list"
        faults.append(Fault("allowed_cidrs", allowed_count, str(count), remedy))
    if internal and all(values is None for values in allowed):
        for family, is_known, remedy in (
            ("IPv4", _has_range(vpc), "hand in the VPC with vpc_cidr_block"),
            ("IPv6", not dual_stack or ipv6_block_of(vpc), "leave out dual_stack"),
        ):
            if not is_known:
                allowed_if = f"given where the {family} range of the VPC is not known"
                remedy = f"say in allowed_cidrs who may connect, or {remedy}"
                faults.append(Fault("allowed_cidrs", allowed_if, "nothing", remedy))
    return faults


def _peers_of_a_family(allowed: Allowed) -> int:
    """How many peers count for IPv4 or for IPv6, whichever are more."""
    cidrs, *others = allowed
    ranges = set(cidrs or ())
    of_ipv6 = sum(":" in cidr for cidr in ranges)
    of_ipv4 = len(ranges) - of_ipv6
    return max(of_ipv4, of_ipv6) + sum(len(values or ()) for values in others)


def _has_range(vpc: ec2.IVpc) -> bool:
    """Whether the IPv4 range of a VPC is known."""
    try:
        return bool(range_of(vpc))
    except RuntimeError:
        return False


def ipv6_block_of(vpc: ec2.IVpc) -> IConstruct | None:
    """What gives a VPC of the app its IPv6 range, or `None`: that of an imported one is not known.

    The VPC has its range once this is there.
    """
    return vpc.node.try_find_child("ipv6cidr") if isinstance(vpc, ec2.Vpc) else None


def place_faults(ingress: Construct, **resources: str | IConstruct | None) -> list[Fault]:
    """Resources of another account or region than the load balancer's, each by its ARN or itself.

    A certificate is of one region. Source:
    https://docs.aws.amazon.com/acm/latest/userguide/acm-regions.html
    """
    faults = []
    for argument, resource in resources.items():
        for part, there, here in zip(
            ("account", "region"), _place_of(resource), _place_of(ingress), strict=True
        ):
            if there is not None and here is not None and there != here:
                allowed = f"in the {part} of the ingress ({here})"
                remedy = f"hand in one of that {part}"
                faults.append(Fault(argument, allowed, f"one in {there}", remedy))
    return faults


def _place_of(resource: str | IConstruct | None) -> tuple[str | None, str | None]:
    """Account and region of a resource, as far as they are known: of an ARN, or of its stack."""
    arn = getattr(resource, "certificate_arn", getattr(resource, "listener_arn", resource))
    known = _ARN.match(arn) if isinstance(arn, str) and concrete(arn) is not None else None
    if known:
        return known["account"], known["region"]
    if resource is None or not hasattr(resource, "node"):
        return None, None
    stack = Stack.of(cast(IConstruct, resource))
    return concrete(stack.account), concrete(stack.region)


def web_acl_faults(web_acl_arn: str | None, *, is_made: bool) -> list[Fault]:
    """The one web ACL that a load balancer can have."""
    if web_acl_arn is not None and is_made is True:
        allowed = "left out with web_acl=True, as a load balancer has one web ACL"
        return [Fault("web_acl_arn", allowed, "both", "leave one of the two out")]
    return validation.form_faults(
        "web_acl_arn",
        concrete(web_acl_arn),
        _WEB_ACL_ARN,
        "the ARN of a regional web ACL of AWS WAF (v2)",
        "copy it from the WAF console of the load balancer's region",
    )


def max_rules_faults(max_rules: int) -> list[Fault]:
    """How many rules a load balancer takes."""
    faults = validation.required_faults(max_rules=max_rules)
    return faults + validation.number_faults("max_rules", concrete(max_rules), 1, HIGHEST_PRIORITY)


def key_faults(encryption_key: kms.IKey | None) -> list[Fault]:
    """A key, if there is one."""
    if encryption_key is None:
        return []
    return interface_faults("encryption_key", encryption_key, "key_arn", "a key (IKey)")


def bucket_faults(
    access_logs_bucket: s3.IBucket | None, server_access_logs_bucket: s3.IBucket | None
) -> list[Fault]:
    """Buckets to which a load balancer and S3 can write logs."""
    return [
        *log_bucket_faults(
            "access_logs_bucket",
            access_logs_bucket,
            writer="a load balancer",
            remedy="say access_logs=True for a new one",
        ),
        *server_access_logs_bucket_faults(server_access_logs_bucket),
    ]
