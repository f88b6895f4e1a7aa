"""Makes one gRPC call over TLS."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .dial import SECONDS, Dialer

_HTTP_STATUS = re.compile(r"http2? (?:header )?(?:with )?status: ?([0-9]{3})", re.IGNORECASE)
_UNAVAILABLE, _DEADLINE = 14, 4


@dataclass(frozen=True)
class GrpcAnswer:
    """An answer.

    Args:
        code: The gRPC code.
        name: Its name.
        http_status: The status, if what answered speaks HTTP but no gRPC: the load balancer.
        connected: Whether there was a connection.
    """

    code: int
    name: str
    http_status: int | None
    connected: bool


def call(dialer: Dialer, host: str, port: int, method: str) -> GrpcAnswer:
    """Call a method with an empty message; once more if the connection breaks.

    Args:
        dialer: Where connections go.
        host: The name.
        port: The port.
        method: The path of the method.

    Raises:
        UnreachableError: The name has no address, or no connection is taken.
    """
    answer = _called(dialer, host, port, method)
    return answer if answer.connected else _called(dialer, host, port, method)


def _called(dialer: Dialer, host: str, port: int, method: str) -> GrpcAnswer:
    import grpc  # type: ignore[import-untyped]

    with dialer.connect(host, port) as probe:
        address, to_port = probe.getpeername()[:2]
    credentials = grpc.ssl_channel_credentials(_roots(dialer.ca_bundle))
    options = [
        ("grpc.ssl_target_name_override", host),
        ("grpc.default_authority", host if port == 443 else f"{host}:{port}"),
        ("grpc.enable_http_proxy", 0),
        ("grpc.enable_retries", 0),
    ]
    kind = f"ipv6:[{address}]" if ":" in address else f"ipv4:{address}"
    with grpc.secure_channel(f"{kind}:{to_port}", credentials, options) as channel:
        ask = channel.unary_unary(method, _bytes, _bytes)
        try:
            ask(b"", timeout=SECONDS)
        except grpc.RpcError as error:
            return _answer(error)
    return GrpcAnswer(0, "OK", None, connected=True)


def _bytes(message: bytes) -> bytes:
    return message


def _answer(error: Any) -> GrpcAnswer:
    code, name = error.code().value[0], error.code().name
    match = _HTTP_STATUS.search(error.details() or "")
    status = int(match[1]) if match else None
    connected = status is not None or code not in (_UNAVAILABLE, _DEADLINE)
    return GrpcAnswer(code, name, status, connected)


def _roots(ca_bundle: Path | None) -> bytes | None:
    """The authorities as grpc wants them; those of the system if none are named."""
    import ssl

    if ca_bundle:
        return ca_bundle.read_bytes()
    file = ssl.get_default_verify_paths().cafile
    return Path(file).read_bytes() if file else None
