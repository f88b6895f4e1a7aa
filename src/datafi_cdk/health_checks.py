"""How a load balancer asks a server for its health: gaps filled, and what cannot work."""

from __future__ import annotations

from aws_cdk import Duration, Token
from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from .errors import Fault
from .synthesis import concrete, seconds_faults
from .validation import (
    health_check_code_faults,
    health_check_path_faults,
    in_full,
    located,
    number_faults,
    type_faults,
)

_FIELDS = (
    "enabled",
    "healthy_grpc_codes",
    "healthy_http_codes",
    "healthy_threshold_count",
    "interval",
    "path",
    "port",
    "protocol",
    "timeout",
    "unhealthy_threshold_count",
)
_TRAFFIC_PORT = "traffic-port"
_PROTOCOLS = (elbv2.Protocol.HTTP, elbv2.Protocol.HTTPS)
_DEFAULT_INTERVAL = Duration.seconds(30)
_DEFAULT_TIMEOUT = Duration.seconds(5)
_CODES = ("healthy_http_codes", "healthy_grpc_codes")


def filled(given: elbv2.HealthCheck | None, default: elbv2.HealthCheck) -> elbv2.HealthCheck:
    """A health check whose gaps are filled from another one.

    Args:
        given: What the caller says of it, or `None`.
        default: What stands for all that the caller leaves out.
    """
    if given is None:
        return default
    values = {}
    for name in _FIELDS:
        value = getattr(given, name)
        values[name] = getattr(default, name) if value is None else value
    return elbv2.HealthCheck(**values)


def own_port(check: elbv2.HealthCheck | None) -> float | None:
    """The port that a health check asks in place of the one that takes the traffic, or `None`."""
    if check is None or check.port in (None, _TRAFFIC_PORT):
        return None
    return int(check.port) if concrete(check.port) else Token.as_number(check.port)


def health_check_faults(
    argument: str, check: elbv2.HealthCheck | None, *, is_grpc: bool
) -> list[Fault]:
    """What an application load balancer does not take of a health check.

    Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html

    Args:
        argument: Whose health check it is.
        check: The health check, or `None`.
        is_grpc: Whether it asks a gRPC port.
    """
    if check is None:
        return []
    faults = type_faults(argument, check, elbv2.HealthCheck, "an elbv2.HealthCheck")
    return faults or located(
        f"{argument}.",
        [*_kind_faults(check), *_code_faults(check, is_grpc), *_number_faults(check)],
    )


def _kind_faults(check: elbv2.HealthCheck) -> list[Fault]:
    faults = health_check_path_faults(concrete(check.path))
    if check.enabled is False:
        allowed = "left out or True, as the health of Fargate tasks is always asked for"
        faults.append(Fault("enabled", allowed, "False", "leave it out"))
    if check.protocol not in (None, *_PROTOCOLS):
        faults.append(Fault("protocol", "HTTP or HTTPS", check.protocol.name, "choose one of them"))
    port = concrete(check.port)
    if port not in (None, _TRAFFIC_PORT):
        number = int(port) if port.isdecimal() and port.isascii() else 0
        if not 1 <= number <= 65535:
            allowed = f"{_TRAFFIC_PORT!r} or a number from '1' to '65535'"
            faults.append(Fault("port", allowed, in_full(port), "write it as '8080'"))
    return faults


def _code_faults(check: elbv2.HealthCheck, is_grpc: bool) -> list[Fault]:
    mine, other = reversed(_CODES) if is_grpc else _CODES
    faults = health_check_code_faults(mine, concrete(getattr(check, mine)), is_grpc=is_grpc)
    if getattr(check, other) is not None:
        allowed = f"left out where {'gRPC' if is_grpc else 'HTTP'} is asked"
        faults.append(Fault(other, allowed, "codes", f"write {mine}"))
    return faults


def _number_faults(check: elbv2.HealthCheck) -> list[Fault]:
    faults = [
        *seconds_faults("interval", check.interval, 5, 300),
        *seconds_faults("timeout", check.timeout, 2, 120),
    ]
    for name in ("healthy_threshold_count", "unhealthy_threshold_count"):
        faults += number_faults(name, concrete(getattr(check, name)), 2, 10)
    interval = check.interval or _DEFAULT_INTERVAL
    timeout = check.timeout or _DEFAULT_TIMEOUT
    if faults:
        return faults
    unknown = [
        name
        for name, value in (("interval", interval), ("timeout", timeout))
        if value.is_unresolved()
    ]
    if unknown and check.interval is not None and check.timeout is not None:
        allowed = (
            "known at synthesis where both interval and timeout are given, as CDK compares them"
        )
        return [Fault(unknown[0], allowed, "a token", "write a number, or leave one of them out")]
    if unknown or timeout.to_seconds() < interval.to_seconds():
        return []
    allowed = f"less than the interval ({interval.to_seconds():g} s)"
    given = f"{timeout.to_seconds():g} s"
    return [Fault("timeout", allowed, given, "shorten it, or lengthen the interval")]
