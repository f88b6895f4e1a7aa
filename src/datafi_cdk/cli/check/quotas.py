"""Checks of quotas: whether what the deployment makes is still allowed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ...config_priority_rules import rule_and_group_counts
from ...config_services import ServiceConfig
from ...validation import load_balancer_arn_of
from .context import Context
from .finding import Finding, NotCheckedError, failed, guarded, passed, warned
from .load_balancer import is_own
from .network import most_tasks

_FARGATE = {
    "FARGATE": ("Fargate vCPU, on demand", "fargate", "L-3032A538"),
    "FARGATE_SPOT": ("Fargate vCPU, Spot", "fargate", "L-36FBB829"),
}
"""Quotas of Fargate by capacity provider: what it is called, and its service and code.

Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
"""

_VPCS = ("vpc", "L-F678F1CE")
_ELASTIC_IPS = ("ec2", "L-0263D0A3")
"""Source: https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html"""

_CPU_UNITS = 1024
_USAGE_WINDOW = timedelta(hours=1)


def check_load_balancer_quotas(context: Context) -> Iterator[Finding]:
    """Rules and target groups, of the load balancer and of the region.

    Source of the names: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Limit.html
    """
    found = context.ask_all("elbv2", "DescribeAccountLimits", "Limits")
    limits = {each["Name"]: int(each["Max"]) for each in found}
    rules, groups = rule_and_group_counts(context.config.model_dump(exclude_unset=True))
    existing = context.config.load_balancer.existing
    own = sum(":targetgroup/" in arn for arn in context.deployed)
    on_load_balancer = other_rules = 0
    if existing:
        arn = load_balancer_arn_of(existing.https_listener_arn)
        on_it = context.ask_all(
            "elbv2", "DescribeTargetGroups", "TargetGroups", LoadBalancerArn=arn
        )
        on_load_balancer = sum(each["TargetGroupArn"] not in context.deployed for each in on_it)
        other_rules = _other_rules(context, arn)
    in_region = len(context.ask_all("elbv2", "DescribeTargetGroups", "TargetGroups")) - own
    for subject, name, used, needed in (
        ("rules of the load balancer", "rules-per-application-load-balancer", other_rules, rules),
        (
            "target groups of the load balancer",
            "target-groups-per-application-load-balancer",
            on_load_balancer,
            groups,
        ),
        ("target groups in the region", "target-groups", in_region, groups),
    ):
        yield from guarded(subject, _room(subject, used, needed, limits.get(name)))
    if existing is None:
        balancers = context.ask_all("elbv2", "DescribeLoadBalancers", "LoadBalancers")
        others = [
            each
            for each in balancers
            if each["Type"] == "application" and each["LoadBalancerArn"] not in context.deployed
        ]
        most = limits.get("application-load-balancers")
        subject = "load balancers in the region"
        yield from guarded(subject, _room(subject, len(others), 1, most))


def _other_rules(context: Context, load_balancer_arn: str) -> int:
    listeners = context.ask_all(
        "elbv2", "DescribeListeners", "Listeners", LoadBalancerArn=load_balancer_arn
    )
    rules = [
        rule
        for listener in listeners
        for rule in context.ask_all(
            "elbv2", "DescribeRules", "Rules", ListenerArn=listener["ListenerArn"]
        )
    ]
    return sum(not rule.get("IsDefault") and not is_own(rule, context.deployed) for rule in rules)


def check_network_quotas(context: Context) -> Iterator[Finding]:
    """A VPC, and the addresses of its NAT gateways, if a new network is made."""
    config = context.config
    if config.vpc or context.deployed_vpcs:
        return
    yield from guarded("VPCs in the region", _vpcs(context))
    nat_gateways = config.new_vpc.nat_gateways
    if nat_gateways is None:
        nat_gateways = 0 if config.private else 1
    if nat_gateways:
        yield from guarded("elastic IPs in the region", _elastic_ips(context, nat_gateways))


def _vpcs(context: Context) -> Iterator[Finding]:
    most = int(_quota(context, *_VPCS)["Value"])
    used = len(context.ask_all("ec2", "DescribeVpcs", "Vpcs"))
    yield from _room("VPCs in the region", used, 1, most)


def _elastic_ips(context: Context, needed: int) -> Iterator[Finding]:
    most = int(_quota(context, *_ELASTIC_IPS)["Value"])
    used = len(context.ask_all("ec2", "DescribeAddresses", "Addresses"))
    yield from _room("elastic IPs in the region", used, needed, most)


def check_fargate_quotas(context: Context) -> Iterator[Finding]:
    """The vCPU of all tasks during a rolling deployment."""
    needed = fargate_units(context.services)
    for provider, (subject, service, code) in _FARGATE.items():
        units = needed[provider]
        if units:
            yield from guarded(subject, _fargate(context, subject, service, code, units))


def fargate_units(services: list[ServiceConfig]) -> dict[str, int]:
    """The CPU units of all tasks at their highest, during a rolling deployment.

    Where a service is divided between both capacity providers, all of its tasks count for each
    that may get them.

    Args:
        services: The sections of the services.

    Returns:
        The units by capacity provider.
    """
    units = dict.fromkeys(_FARGATE, 0)
    for service in services:
        parts = service.capacity_provider_strategies
        used = {part.capacity_provider for part in parts if part.weight or part.base}
        for provider in used or {"FARGATE"}:
            units[provider] += most_tasks(service)[1] * service.cpu
    return units


def _fargate(
    context: Context, subject: str, service: str, code: str, units: int
) -> Iterator[Finding]:
    quota = _quota(context, service, code)
    most, needed = float(quota["Value"]), units / _CPU_UNITS
    used = _usage(context, quota.get("UsageMetric"))
    text = f"{needed:g} needed at most, {used:g} in use, {most:g} allowed"
    remedy = "let AWS raise the quota (Service Quotas), or run fewer tasks"
    if needed > most:
        yield failed(subject, text, remedy)
    elif used + needed <= most:
        yield passed(subject, text)
    elif context.deployed:
        yield warned(subject, f"{text}; part of what is in use may be this deployment's", remedy)
    else:
        yield failed(subject, text, remedy)


def _quota(context: Context, service: str, code: str) -> Mapping[str, Any]:
    """A quota as it is for the account, or else as it is by default.

    Source: https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html
    """
    found = context.ask(
        "service-quotas",
        "GetServiceQuota",
        missing=("NoSuchResourceException",),
        ServiceCode=service,
        QuotaCode=code,
    ) or context.ask(
        "service-quotas", "GetAWSDefaultServiceQuota", ServiceCode=service, QuotaCode=code
    )
    quota: Mapping[str, Any] = found["Quota"]
    return quota


def _usage(context: Context, metric: Mapping[str, Any] | None) -> float:
    """The latest use that CloudWatch has, 0 if it has none: then nothing has run."""
    if metric is None:
        raise NotCheckedError("AWS tells no usage", "look it up in Service Quotas")
    now = datetime.now(UTC)
    statistic = metric.get("MetricStatisticRecommendation", "Maximum")
    found = context.ask(
        "cloudwatch",
        "GetMetricStatistics",
        Namespace=metric["MetricNamespace"],
        MetricName=metric["MetricName"],
        Dimensions=[
            {"Name": name, "Value": value} for name, value in metric["MetricDimensions"].items()
        ],
        StartTime=now - _USAGE_WINDOW,
        EndTime=now,
        Period=300,
        Statistics=[statistic],
    )
    points = sorted(found["Datapoints"], key=lambda point: point["Timestamp"])
    return float(points[-1][statistic]) if points else 0.0


def _room(subject: str, used: int, needed: int, most: int | None) -> Iterator[Finding]:
    if most is None:
        raise NotCheckedError("AWS tells no quota", "look it up in Service Quotas")
    text = f"{needed} needed, {used} others, {most} allowed"
    if used + needed > most:
        yield failed(subject, text, "let AWS raise the quota (Service Quotas), or free some")
    else:
        yield passed(subject, text)
