"""Sends HTTP requests through the emulated application load balancers."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass

_REQUEST_SECONDS = 60.0


@dataclass(frozen=True)
class LoadBalancerResponse:
    """What a load balancer answered.

    Args:
        status: The HTTP status code.
        headers: The response's headers, names in lower case.
        body: The response's body, decoded as UTF-8.

    Example:
        >>> LoadBalancerResponse(200, {"content-type": "text/plain"}, "fine").status
        200
    """

    status: int
    headers: Mapping[str, str]
    body: str


def send_request(
    endpoint_port: int,
    load_balancer_name: str,
    method: str,
    host: str,
    path: str,
    headers: Mapping[str, str] | None,
    body: str | None,
) -> LoadBalancerResponse:
    """Send one request through a load balancer; redirects are answers, not followed.

    ministack serves its load balancers under a path of their own, takes the listener's port from
    the `Host` header, and hides its prefix from rules and targets. The arguments are those of
    `EmbeddedAws.load_balancer_request`, plus the port that ministack listens on.
    """
    connection = http.client.HTTPConnection("127.0.0.1", endpoint_port, timeout=_REQUEST_SECONDS)
    try:
        connection.request(
            method,
            f"/_alb/{load_balancer_name}/{path.removeprefix('/')}",
            body=None if body is None else body.encode(),
            headers={**(headers or {}), "Host": host},
        )
        response = connection.getresponse()
        return LoadBalancerResponse(
            status=response.status,
            headers={name.lower(): value for name, value in response.getheaders()},
            body=response.read().decode(errors="replace"),
        )
    finally:
        connection.close()
