"""What is shown of a server, and when it rings an alarm."""

from __future__ import annotations

from typing import cast

from aws_cdk import Names
from aws_cdk import aws_ecs as ecs

from . import alarm_rules
from .datafi_service import DatafiService
from .failed_deployments import FailedDeployments
from .monitored_part import (
    FIVE_MINUTES,
    MINUTE,
    Graph,
    Line,
    Part,
    WatchedAlarm,
    percent,
    turned_away,
)
from .serverless_edge_server import ServerlessEdgeServer
from .service_metrics import MetricOptions

_PORTS = (("HTTP", False), ("gRPC", True))
_SLOWEST_TENTH = "p90"


def part_of_service(service: DatafiService, failed: FailedDeployments) -> Part:
    """An edge server or a coordinator on Fargate."""
    name = service.name
    scaling = service.auto_scaling
    cpu = WatchedAlarm(
        name="Cpu",
        rule=alarm_rules.high_use("cpu", scaling.cpu_percent if scaling else None),
        says=f"{name} uses most of its CPU.",
    )
    memory = WatchedAlarm(
        name="Memory",
        rule=alarm_rules.high_use("memory", scaling.memory_percent if scaling else None),
        says=f"{name} uses most of its memory.",
    )
    rollout = WatchedAlarm(
        name="FailedDeployment",
        rule=alarm_rules.FAILED_DEPLOYMENT,
        says=f"A deployment of {name} failed; with a circuit breaker it was rolled back.",
    )
    failures = failed.of(service, FIVE_MINUTES).with_(label="failed deployments")
    return Part(
        id=Names.unique_id(service),
        name=name,
        title=f"{type(service).__name__} {name}",
        graphs=[
            _targets(service),
            Graph(
                "Requests",
                [
                    Line(service.metric_request_count(grpc=grpc, label=port))
                    for port, grpc in _PORTS
                ],
            ),
            Graph("Requests that fail (%)", [_errors(service, *each) for each in _PORTS]),
            Graph("Slowest tenth (s)", [_slowness(service, *each) for each in _PORTS]),
            Graph(
                "Use (%)",
                [
                    Line(service.metric_cpu_utilization(period=MINUTE, label="CPU"), cpu),
                    Line(service.metric_memory_utilization(period=MINUTE, label="memory"), memory),
                ],
            ),
            Graph(
                "Tasks",
                [
                    Line(service.metric_running_task_count(label="running")),
                    Line(failures, rollout),
                ],
            ),
        ],
    )


def _targets(service: DatafiService) -> Graph:
    lines = []
    for port, grpc in _PORTS:
        unhealthy = WatchedAlarm(
            name=f"Unhealthy{port.title()}Targets",
            rule=alarm_rules.UNHEALTHY_TARGETS,
            says=f"Tasks of {service.name} fail the health check of their {port} port.",
        )
        options: MetricOptions = {"period": MINUTE, "label": f"unhealthy, {port}"}
        lines.append(Line(service.metric_unhealthy_host_count(grpc=grpc, **options), unhealthy))
    healthy = WatchedAlarm(
        name="NoHealthyTargets",
        rule=alarm_rules.NO_HEALTHY_TARGETS,
        says=f"No task of {service.name} answers.",
        after=service.service,
    )
    metric = service.metric_healthy_host_count(period=MINUTE, label="healthy")
    return Graph("Targets", [Line(metric, healthy if _has_tasks(service) else None), *lines])


def _has_tasks(service: DatafiService) -> bool:
    """Whether it is meant to have some at all times, as far as that is known."""
    resource = cast(ecs.CfnService, service.service.node.default_child)
    scaling = service.auto_scaling
    return resource.desired_count != 0 and (scaling is None or scaling.min != 0)


def _errors(service: DatafiService, port: str, grpc: bool) -> Line:
    alarm = WatchedAlarm(
        name=f"{port.title()}Errors",
        rule=alarm_rules.SERVER_ERRORS,
        says=f"{service.name} answers {port} requests with 5xx.",
    )
    errors = service.metric_http_5xx(grpc=grpc)
    return Line(percent(errors, service.metric_request_count(grpc=grpc), port), alarm)


def _slowness(service: DatafiService, port: str, grpc: bool) -> Line:
    alarm = WatchedAlarm(
        name=f"Slow{port.title()}Answers",
        rule=alarm_rules.slow_answers(service.timeout_seconds),
        says=f"{service.name} takes long to answer {port} requests.",
    )
    options: MetricOptions = {"statistic": _SLOWEST_TENTH, "period": FIVE_MINUTES, "label": port}
    return Line(service.metric_target_response_time(grpc=grpc, **options), alarm)


def part_of_serverless(server: ServerlessEdgeServer) -> Part:
    """An edge server on Lambda, of which CPU and memory are not measured."""
    name, function = server.name, server.function
    requests = server.metric_request_count(label="requests")
    errors = WatchedAlarm(
        name="Errors", rule=alarm_rules.SERVER_ERRORS, says=f"{name} answers requests with 5xx."
    )
    crashes = WatchedAlarm(
        name="FunctionErrors",
        rule=alarm_rules.FUNCTION_ERRORS,
        says=f"The function of {name} crashes or runs out of time.",
    )
    throttles = WatchedAlarm(
        name="FunctionThrottles",
        rule=alarm_rules.FUNCTION_THROTTLES,
        says=f"{name} gets more requests at once than its function takes.",
    )
    slow = WatchedAlarm(
        name="SlowAnswers",
        rule=alarm_rules.slow_answers(server.timeout_seconds),
        says=f"{name} takes long to answer requests.",
    )
    slowness = server.metric_target_response_time(
        statistic=_SLOWEST_TENTH, period=FIVE_MINUTES, label="answers"
    )
    return Part(
        id=Names.unique_id(server),
        name=name,
        title=f"{type(server).__name__} {name}",
        graphs=[
            Graph("Requests", [Line(requests)]),
            Graph(
                "Requests that fail (%)",
                [
                    Line(percent(server.metric_http_5xx(), requests, "5xx"), errors),
                    Line(
                        percent(function.metric_errors(), function.metric_invocations(), "crash"),
                        crashes,
                    ),
                ],
            ),
            Graph("Slowest tenth (s)", [Line(slowness, slow)]),
            Graph("Turned away", [Line(turned_away(function), throttles)]),
        ],
    )
