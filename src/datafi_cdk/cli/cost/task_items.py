"""The items of Fargate tasks, and of the logs and metrics that come with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from .items import ONE, Assumptions, Item, Made, NotEstimated, Range, counted, of_type, sections
from .services import Service, alike

TASKS = "Fargate tasks"
LOGS = "Logs"
METRICS = "Metrics and alarms"

CLUSTER = "AWS::ECS::Cluster"

CLUSTER_METRICS = 12
SERVICE_METRICS = 15
FAMILY_METRICS = 10
"""How many metrics Container Insights makes of a cluster, a service and a task definition.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-ECS.html,
without the one for EC2 instances, and with the two of ephemeral storage that tasks on Fargate have:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-storage.html
"""


def task_items(
    services: Sequence[Service], assumptions: Assumptions, most_off: Decimal
) -> Iterator[Item]:
    """The tasks by size.

    Args:
        services: All services.
        assumptions: How they are used.
        most_off: The share of the price that Spot saves at best.
    """
    for group in alike(services):
        service, count = group[0], len(group)
        for spot in (False, True):
            tasks = (service.spot if spot else service.tasks - service.spot).times(count)
            if tasks.high:
                yield from _sized(service, _title(group, spot), tasks, assumptions, spot, most_off)


def _sized(
    service: Service,
    title: str,
    tasks: Range,
    assumptions: Assumptions,
    spot: bool,
    most_off: Decimal,
) -> Iterator[Item]:
    architecture = "arm" if service.arm else "x86"
    for name, amount, price_id, least in (
        ("vCPU", service.vcpu, f"fargate.{architecture}.vcpu", ONE - most_off),
        ("memory", service.memory_gb, f"fargate.{architecture}.memory", ONE - most_off),
        ("storage above 20 GB", service.storage_gb, "fargate.storage", ONE),
    ):
        if amount:
            quantity = tasks.times(amount * assumptions.hours)
            yield Item(TASKS, f"{title}: {name}", quantity, price_id, least=least if spot else ONE)


def _title(group: Sequence[Service], spot: bool) -> str:
    service = group[0]
    size = f"{plain(service.vcpu)} vCPU, {plain(service.memory_gb)} GB"
    size += ", ARM" if service.arm else ""
    size += ", Spot" if spot else ""
    tasks = service.spot if spot else service.tasks - service.spot
    low, high = plain(tasks.low), plain(tasks.high)
    each = f"{low} to {high} tasks" if low != high else f"{low} task" + "s" * (low != "1")
    if len(group) == 1:
        return f"{service.name}, {each} ({size})"
    return f"{len(group)} servers, {each} each ({size})"


def log_items(months: Sequence[Decimal], assumptions: Assumptions) -> Iterator[Item]:
    """What servers write to their logs, and keep of it.

    Args:
        months: For each server, how many months it keeps them.
        assumptions: How they are used.
    """
    if not months:
        return
    written = assumptions.log_gb * len(months)
    kept = assumptions.log_gb * sum(months, Decimal(0))
    what = f"of {counted(len(months), 'server')}"
    yield Item(LOGS, f"written, {what}", Range.exactly(written), "logs.ingestion", usage=True)
    yield Item(LOGS, f"kept, {what}", Range.exactly(kept), "logs.storage", usage=True)


def metric_items(made: list[Made], services: Sequence[Service]) -> Iterator[Item | NotEstimated]:
    """Container Insights, alarms, those by which scaling policies work, and dashboards.

    A policy that tracks a target makes two alarms:
    https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking.html
    """
    for cluster in of_type(made, CLUSTER):
        insights = [
            setting.get("Value")
            for setting in sections(cluster.properties.get("ClusterSettings"))
            if setting.get("Name") == "containerInsights"
        ]
        if "enhanced" in insights:
            yield NotEstimated(
                f"Container Insights of {cluster.path}", "the table has no price of enhanced ones"
            )
        elif "enabled" in insights:
            inside = sum(service.cluster == cluster.id for service in services)
            count = CLUSTER_METRICS + (SERVICE_METRICS + FAMILY_METRICS) * inside
            what = f"Container Insights, {counted(inside, 'server')}"
            yield Item(METRICS, what, Range.exactly(count), "metrics.metric")
    alarms = sum(map(_alarm_metrics, of_type(made, "AWS::CloudWatch::Alarm")))
    if alarms:
        yield Item(METRICS, "alarms", Range.exactly(alarms), "metrics.alarm")
    dashboards = len(of_type(made, "AWS::CloudWatch::Dashboard"))
    if dashboards:
        yield Item(METRICS, "dashboards", Range.exactly(dashboards), "metrics.dashboard")
    tracking = sum(
        "TargetTrackingScalingPolicyConfiguration" in policy.properties
        for policy in of_type(made, "AWS::ApplicationAutoScaling::ScalingPolicy")
    )
    if tracking:
        what = f"alarms of {tracking} scaling polic{'y' if tracking == 1 else 'ies'}"
        yield Item(METRICS, what, Range.exactly(2 * tracking), "metrics.alarm")


def _alarm_metrics(alarm: Made) -> int:
    """How many metrics an alarm is paid for: all that go into its expression, or one.

    https://aws.amazon.com/cloudwatch/pricing/
    """
    return max(sum("MetricStat" in each for each in sections(alarm.properties.get("Metrics"))), 1)


def plain(number: Decimal) -> str:
    """A number without zeros at its end and without an exponent."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
