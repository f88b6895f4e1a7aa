"""What is shown of a load balancer, an update API and its events, and when they ring an alarm."""

from __future__ import annotations

from aws_cdk import Names
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from . import alarm_rules
from .ingress_base import IngressBase
from .monitored_part import DAY, FIVE_MINUTES, QUARTER, Graph, Line, Part, WatchedAlarm, turned_away
from .places import stack_of
from .service_metrics import load_balancer_metric
from .update_api import UpdateApi


def part_of_ingress(ingress: IngressBase) -> Part:
    """The load balancer and the certificate."""
    errors = WatchedAlarm(
        name="LoadBalancerErrors",
        rule=alarm_rules.LOAD_BALANCER_ERRORS,
        says="The load balancer answers requests with 5xx itself.",
    )
    graphs = [
        Graph(
            "Requests",
            [
                _of_load_balancer(ingress, "RequestCount", "requests"),
                _of_load_balancer(ingress, "NewConnectionCount", "new connections"),
                _of_load_balancer(ingress, "ActiveConnectionCount", "active connections"),
            ],
        ),
        Graph(
            "Errors of the load balancer",
            [
                _of_load_balancer(ingress, "HTTPCode_ELB_5XX_Count", "5xx", errors),
                _of_load_balancer(ingress, "HTTPCode_ELB_4XX_Count", "4xx"),
                _of_load_balancer(ingress, "RejectedConnectionCount", "rejected connections"),
            ],
        ),
    ]
    if ingress.certificate:
        expiry = WatchedAlarm(
            name="CertificateExpiry",
            rule=alarm_rules.CERTIFICATE_EXPIRY,
            says=f"The certificate of {ingress.root_domain} ends soon and was not renewed.",
        )
        days = ingress.certificate.metric_days_to_expiry(period=DAY, label="days left")
        graphs.append(Graph("Certificate", [Line(days, expiry)]))
    return Part(id=Names.unique_id(ingress), name="ingress", title="Load balancer", graphs=graphs)


def part_of_update_api(scope: Construct, api: UpdateApi) -> Part:
    """An update API. What it answers is counted in its log, one line of JSON for each request.

    The log's own metrics say of which service, but not of which deployment. A filter's metric is
    named for its log group, as no other in the account and region is. Source:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html

    Args:
        scope: Where the filters are made.
        api: The update API.
    """
    names = ", ".join(service.name for service in api.services)
    part_id = Names.unique_id(api)
    errors = WatchedAlarm(
        name="Errors",
        rule=alarm_rules.UPDATE_API_ERRORS,
        says=f"The update API of {names} failed to do something.",
    )
    crashes = WatchedAlarm(
        name="Crashes",
        rule=alarm_rules.UPDATE_API_CRASHES,
        says=f"The function of the update API of {names} failed.",
    )
    outcomes = [Line(_count(scope, api, f"{part_id}-Errors", faults(), "errors"), errors)]
    if api.secret:
        refused = WatchedAlarm(
            name="RefusedKeys",
            rule=alarm_rules.REFUSED_KEYS,
            says=f"Requests to the update API of {names} have a wrong key or none.",
        )
        metric = _count(scope, api, f"{part_id}-RefusedKeys", wrong_keys(), "refused keys")
        outcomes.append(Line(metric, refused))
    function = api.function
    return Part(
        id=part_id,
        name=f"updates-{','.join(service.name for service in api.services)}",
        title=f"Update API of {names}",
        graphs=[
            Graph("Answers", outcomes),
            Graph(
                "Function",
                [
                    Line(function.metric_invocations(label="invocations")),
                    Line(function.metric_errors(period=QUARTER, label="failed"), crashes),
                    Line(turned_away(function)),
                ],
            ),
            Graph("Duration (ms)", [Line(function.metric_duration(label="average"))]),
        ],
    )


def part_of_dead_letters(queue: sqs.IQueue) -> Part:
    """The events that the functions of a stack could not deal with or be told."""
    stack = stack_of(queue).node.id
    some = WatchedAlarm(
        name="DeadLetters",
        rule=alarm_rules.DEAD_LETTERS,
        says=f"An event that a function of {stack} could not handle.",
    )
    messages = queue.metric_approximate_number_of_messages_visible(
        statistic=cloudwatch.Stats.MAXIMUM, period=FIVE_MINUTES, label="messages"
    )
    return Part(
        id=Names.unique_id(queue),
        name=stack,
        title=f"Events of {stack}",
        graphs=[Graph("Dead letters", [Line(messages, some)])],
    )


def faults() -> logs.IFilterPattern:
    """The lines of requests that the update API could not answer, and of calls that failed."""
    pattern = logs.FilterPattern
    return pattern.any(
        pattern.number_value("$.status", ">=", 500),
        pattern.exists("$.fault"),
        pattern.exists("$.faults[0]"),
    )


def wrong_keys() -> logs.IFilterPattern:
    """The lines of requests with a wrong key or none."""
    return logs.FilterPattern.number_value("$.status", "=", 401)


def _count(
    scope: Construct, api: UpdateApi, filter_id: str, pattern: logs.IFilterPattern, label: str
) -> cloudwatch.Metric:
    """How many lines of a log match; sum. There is no data while none does."""
    log_group = api.log_group
    metric_filter = logs.MetricFilter(
        scope,
        filter_id,
        log_group=log_group,
        filter_pattern=pattern,
        metric_namespace="Datafi/UpdateApi",
        metric_name=f"{label} in {log_group.log_group_name}",
    )
    return metric_filter.metric(statistic=cloudwatch.Stats.SUM, period=FIVE_MINUTES, label=label)


def _of_load_balancer(
    ingress: IngressBase, name: str, label: str, alarm: WatchedAlarm | None = None
) -> Line:
    return Line(load_balancer_metric(ingress, name, cloudwatch.Stats.SUM, {"label": label}), alarm)
