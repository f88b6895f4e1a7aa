"""Tries every name and port, and tells what came back."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ....config import DatafiEdgeConfig
from ...connect_to import parse_connect_to
from ..certificate import NEAR_EXPIRY_DAYS
from ..finding import Finding, Status, failed, passed, warned
from ..resolver import Resolver
from .dial import SECONDS, Dialer, UnreachableError, days_left
from .grpc_call import GrpcAnswer, call
from .http import Answer, get
from .targets import HTTP_PORT, HTTPS_PORT, GrpcCall, Target, targets, update_urls

UNKNOWN_ADDRESS = "There is no server at this address."
"""What the load balancer answers for a name that no server has, with 404."""

COLD_SECONDS = 30.0
"""How long a server on Lambda may take, whose function may have to be started first."""

_AT_ONCE = 8
_MOVED = 301
_UNAVAILABLE = (502, 503, 504)
_UNHEALTHY = "see why no task is healthy: its log, and the health check of its target group"
_FUNCTION_FAILS = "see the log of its function"
_NO_RULE = "deploy, so that the load balancer gets a rule for this name"


def try_names(
    config: DatafiEdgeConfig,
    connect_to: Sequence[str],
    ca_bundle: Path | None,
    resolver: str | None,
) -> list[Finding]:
    """Try all names of a deployment.

    Args:
        config: The configuration.
        connect_to: Where connections go instead, as curl's option says it.
        ca_bundle: The authorities that are trusted. Default: the system's.
        resolver: Who is asked for names. Default: the system.

    Raises:
        CommandError: An option has another form, or the file holds no certificates.
    """
    dialer = Dialer(
        rules=parse_connect_to(connect_to),
        ca_bundle=ca_bundle,
        resolver=Resolver(resolver) if resolver else None,
        private=config.private,
    )
    dialer.tls  # noqa: B018 - told now if the file holds no certificates
    is_new = config.load_balancer.existing is None
    trials: list[Callable[[], list[Finding]]] = [
        _trial(_server(dialer, target, redirects=is_new)) for target in targets(config)
    ]
    if is_new:
        trials.append(_trial(_unknown_name(dialer, config)))
    trials += [_trial(_update_api(dialer, host, path)) for host, path in update_urls(config)]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = pool.map(lambda trial: trial(), trials)
        return [finding for findings in found for finding in findings]


def _trial(findings: Iterable[Finding]) -> Callable[[], list[Finding]]:
    return lambda: list(findings)


def _server(dialer: Dialer, target: Target, *, redirects: bool) -> Iterator[Finding]:
    host = target.host
    if not dialer.goes_elsewhere(host, HTTPS_PORT):
        try:
            addresses = dialer.addresses(host)
        except UnreachableError as error:
            yield failed(host, error.reason, error.remedy)
            return
        yield passed(host, f"is at {', '.join(addresses)}")
    if redirects:
        yield _told(f"{host}:{HTTP_PORT}", _redirect(dialer, host))
    for port in (HTTPS_PORT, *(port for port in target.grpc_ports if port != HTTPS_PORT)):
        takes_grpc = port in target.grpc_ports
        call = target.call if takes_grpc else None
        yield from _secure_port(dialer, host, port, call, on_lambda=target.call is None)


def _secure_port(
    dialer: Dialer, host: str, port: int, health: GrpcCall | None, *, on_lambda: bool
) -> Iterator[Finding]:
    """Certificate and ALPN of a port, and what answers behind it."""
    subject = f"{host}:{port}"
    try:
        of_tls = list(_tls(dialer, host, port))
    except UnreachableError as error:
        yield failed(subject, error.reason, error.remedy)
        return
    yield from of_tls
    if port == HTTPS_PORT:
        yield _told(subject, _https(dialer, host, on_lambda=on_lambda))
    if health and not any(finding.status is Status.FAIL for finding in of_tls):
        yield _told(subject, _grpc(dialer, host, port, health))


def _told(subject: str, finding: Callable[[str], Finding]) -> Finding:
    """A finding, or why there is nothing to be found."""
    try:
        return finding(subject)
    except UnreachableError as error:
        return failed(subject, error.reason, error.remedy)


def _redirect(dialer: Dialer, host: str) -> Callable[[str], Finding]:
    def look(subject: str) -> Finding:
        answer = get(dialer.connect(host, HTTP_PORT), host)
        wanted = (f"https://{host}/", f"https://{host}:{HTTPS_PORT}/")
        if answer.status == _MOVED and answer.location.startswith(wanted):
            return passed(subject, "redirects to HTTPS for good")
        to = f" to {answer.location}" if answer.location else ""
        text = f"answers {answer.status}{to}, not 301 to {wanted[0]}"
        return failed(subject, text, "see the listener of port 80, and deploy")

    return look


def _https(dialer: Dialer, host: str, *, on_lambda: bool) -> Callable[[str], Finding]:
    seconds, remedy = (COLD_SECONDS, _FUNCTION_FAILS) if on_lambda else (SECONDS, _UNHEALTHY)

    def look(subject: str) -> Finding:
        connection = dialer.connect_tls(host, HTTPS_PORT, http2=False)
        answer = get(connection, host, seconds=seconds)
        if is_fixed(answer):
            return failed(subject, "the load balancer answers that no server is there", _NO_RULE)
        if answer.status in _UNAVAILABLE:
            return failed(subject, f"{answer.status}: no server is healthy behind it", remedy)
        return passed(subject, f"the server answers, {answer.status}")

    return look


def is_fixed(answer: Answer) -> bool:
    """Whether an answer is the load balancer's own, for a name that no server has."""
    return answer.status == 404 and answer.text.strip() == UNKNOWN_ADDRESS


def _tls(dialer: Dialer, host: str, port: int) -> Iterator[Finding]:
    """Certificate and ALPN of a port."""
    subject = f"{host}:{port}"
    with dialer.connect_tls(host, port, http2=True) as connection:
        days, protocol = days_left(connection), connection.selected_alpn_protocol()
    if days < NEAR_EXPIRY_DAYS:
        text = f"the certificate is valid for {days} more days only"
        yield warned(subject, text, "see why it has not been renewed")
    else:
        yield passed(subject, f"the certificate is valid for {days} more days")
    if protocol == "h2":
        yield passed(subject, "speaks HTTP/2 (ALPN h2)")
    else:
        text = f"speaks {protocol or 'no protocol that it names'} in place of HTTP/2 (ALPN)"
        yield failed(subject, text, "turn routing.http2.enabled of the load balancer on")


def _grpc(dialer: Dialer, host: str, port: int, health: GrpcCall) -> Callable[[str], Finding]:
    return lambda subject: _of_call(subject, health, call(dialer, host, port, health.method))


def _of_call(subject: str, health: GrpcCall, answer: GrpcAnswer) -> Finding:
    if answer.http_status == 404:
        return failed(subject, "gRPC: the load balancer answers that no server is there", _NO_RULE)
    if answer.http_status in _UNAVAILABLE:
        text = f"gRPC: {answer.http_status}, no server is healthy behind it"
        return failed(subject, text, _UNHEALTHY)
    if answer.http_status is not None:
        text = f"gRPC: {answer.http_status}, from what speaks no gRPC"
        return failed(subject, text, "see the web ACL and the rules of the load balancer")
    if not answer.connected:
        return failed(subject, f"gRPC: no answer ({answer.name})", _UNHEALTHY)
    if answer.code in health.codes:
        return passed(subject, f"gRPC: {health.method} answers {answer.code}")
    wanted = " or ".join(map(str, sorted(health.codes)))
    text = f"gRPC: {health.method} answers {answer.code} ({answer.name}), not {wanted}"
    return failed(subject, text, _UNHEALTHY)


def _unknown_name(dialer: Dialer, config: DatafiEdgeConfig) -> Iterator[Finding]:
    """A name that no server has, asked at the address of one that is there."""
    known = targets(config)[0].host
    unknown = f"no-server-{secrets.token_hex(4)}.{config.dns.root_domain}"

    def look(subject: str) -> Finding:
        answer = get(dialer.connect_tls(known, HTTPS_PORT, http2=False), unknown)
        if is_fixed(answer):
            return passed(subject, "a name without a server gets the fixed 404")
        text = f"a name without a server gets {answer.status}, not the fixed 404"
        return failed(subject, text, "see the rules of the listener, of which one takes too much")

    yield _told(f"*.{config.dns.root_domain}:{HTTPS_PORT}", look)


def _update_api(dialer: Dialer, host: str, path: str) -> Iterator[Finding]:
    def look(subject: str) -> Finding:
        answer = get(dialer.connect_tls(host, HTTPS_PORT, http2=False), host, path)
        if answer.status == 401:
            return passed(subject, "refuses who has no key, 401")
        if is_fixed(answer):
            return failed(subject, "the load balancer has no update API there", _NO_RULE)
        text = f"answers {answer.status} without a key, not 401"
        return failed(subject, text, "see the log of the update API's function")

    yield _told(f"{host}{path}", look)
