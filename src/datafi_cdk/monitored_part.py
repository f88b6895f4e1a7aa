"""What is shown of each part of a deployment, and which of it rings an alarm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from constructs import IDependable

from .alarm_rules import AlarmRule

MINUTE = Duration.minutes(1)
FIVE_MINUTES = Duration.minutes(5)
QUARTER = Duration.minutes(15)
DAY = Duration.days(1)


@dataclass(frozen=True, kw_only=True)
class WatchedAlarm:
    """An alarm on a metric.

    Attributes:
        name: Its name, once in its part.
        rule: When it rings.
        says: What is the matter then, for its description.
        after: What is deployed before it, so that it does not ring at the first deployment.
    """

    name: str
    rule: AlarmRule
    says: str
    after: IDependable | None = None


@dataclass(frozen=True)
class Line:
    """A metric in a graph, with its alarm if it has one."""

    metric: cloudwatch.IMetric
    alarm: WatchedAlarm | None = None


@dataclass(frozen=True)
class Graph:
    """Metrics that are shown together."""

    title: str
    lines: Sequence[Line]


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of a deployment.

    Attributes:
        id: What its alarms' ids begin with.
        name: What the names of its alarms begin with.
        title: Its title on the dashboard.
        graphs: What is shown of it.
    """

    id: str
    name: str
    title: str
    graphs: Sequence[Graph]


def percent(
    errors: cloudwatch.IMetric, requests: cloudwatch.IMetric, label: str
) -> cloudwatch.MathExpression:
    """The part of requests that fail. Without errors there is no data, as their count is missing.

    Args:
        errors: How many fail.
        requests: How many there are.
        label: What it is called, once in its graph.
    """
    failed, made = (f"{name}_{label.lower()}" for name in ("errors", "requests"))
    return cloudwatch.MathExpression(
        expression=f"100 * {failed} / {made}",
        using_metrics={failed: errors, made: requests},
        label=label,
        period=FIVE_MINUTES,
    )


def turned_away(function: lambda_.IFunction) -> cloudwatch.Metric:
    """How many invocations of a function are turned away; sum."""
    return function.metric_throttles(period=FIVE_MINUTES, label="turned away")
