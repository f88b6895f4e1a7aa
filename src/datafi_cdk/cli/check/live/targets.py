"""What of a deployment can be reached from outside, as its configuration says."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ....config import DatafiEdgeConfig
from ....config_services import CoordinatorConfig, ServiceConfig
from ....validation import RESERVED_NAMES
from ...secrets.uses import servers

HTTP_PORT, HTTPS_PORT, GRPC_PORT = 80, 443, 50051

_EDGE_HEALTH = ("/AWS.ALB/healthcheck", "12")
_COORDINATOR_HEALTH = ("/coordinator.Coordinator/Ping", "0")
_RANGE = re.compile(r"([0-9]+)(?:-([0-9]+))?")


@dataclass(frozen=True)
class GrpcCall:
    """A gRPC call that a healthy server answers.

    Args:
        method: Its path.
        codes: The codes with which a healthy server answers.
    """

    method: str
    codes: frozenset[int]


@dataclass(frozen=True)
class Target:
    """A server as it is seen from outside.

    Args:
        host: Its name.
        grpc_ports: The ports that take gRPC for it.
        call: The gRPC call that is made; `None` if it takes no gRPC.
    """

    host: str
    grpc_ports: tuple[int, ...]
    call: GrpcCall | None


def targets(config: DatafiEdgeConfig) -> list[Target]:
    """All servers, the coordinator last.

    Args:
        config: The configuration.
    """
    ports = grpc_ports(config)
    return [
        Target(host_of(config, server.name), ports if call else (), call)
        for _, server in servers(config)
        for call in [_call(server) if isinstance(server, ServiceConfig) else None]
    ]


def host_of(config: DatafiEdgeConfig, name: str) -> str:
    """The host name of a server."""
    return f"{name}.{config.dns.root_domain}"


def grpc_ports(config: DatafiEdgeConfig) -> tuple[int, ...]:
    """The ports on which the load balancer takes gRPC."""
    existing = config.load_balancer.existing
    has_own = existing is None or existing.grpc_listener_arn
    over_https = config.load_balancer.grpc_over_https
    return (*((GRPC_PORT,) if has_own else ()), *((HTTPS_PORT,) if over_https else ()))


def update_urls(config: DatafiEdgeConfig) -> list[tuple[str, str]]:
    """Host and path of each update API; none if they are not behind the load balancer."""
    if config.update_api.caller_role_arns:
        return []
    return [
        (host_of(config, RESERVED_NAMES[0]), f"/{server.name}")
        for _, server in servers(config)
        if isinstance(server, ServiceConfig)
    ]


def _call(service: ServiceConfig) -> GrpcCall:
    """The call of the load balancer's own health check."""
    is_coordinator = isinstance(service, CoordinatorConfig)
    method, codes = _COORDINATOR_HEALTH if is_coordinator else _EDGE_HEALTH
    check = service.grpc_health_check
    if check:
        method, codes = check.path or method, check.codes or codes
    return GrpcCall(method, frozenset(_numbers(codes)))


def _numbers(codes: str) -> list[int]:
    """The codes of `0,12` or `0-5`."""
    numbers: list[int] = []
    for first, last in _RANGE.findall(codes):
        numbers += range(int(first), int(last or first) + 1)
    return numbers
