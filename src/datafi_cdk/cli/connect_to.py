"""Where a connection to a host and a port really goes: curl's `--connect-to`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import CommandError

_HOST = r"(\[[^\]]*\]|[^:\[\]]*)"
_FORM = re.compile(rf"{_HOST}:([0-9]*):{_HOST}:([0-9]*)")
_HIGHEST_PORT = 65535


@dataclass(frozen=True)
class ConnectTo:
    """One `--connect-to`.

    Args:
        host: The host for which it holds, in lower case; empty for any.
        port: The port for which it holds; `None` for any.
        to_host: The host that is connected to instead; empty for the same.
        to_port: The port that is connected to instead; `None` for the same.

    Example:
        >>> ConnectTo("es.example.com", 443, "127.0.0.1", 8443)
        ConnectTo(host='es.example.com', port=443, to_host='127.0.0.1', to_port=8443)
    """

    host: str
    port: int | None
    to_host: str
    to_port: int | None


def parse_connect_to(values: Iterable[str]) -> list[ConnectTo]:
    """Read `--connect-to` options.

    Source of their meaning: https://curl.se/docs/manpage.html#--connect-to

    Args:
        values: Each `HOST1:PORT1:HOST2:PORT2`; every part may be empty, an IPv6 address is in
            brackets.

    Raises:
        CommandError: One has another form.

    Example:
        >>> parse_connect_to(["::lb.example.com:"])
        [ConnectTo(host='', port=None, to_host='lb.example.com', to_port=None)]
    """
    return [_parse(value) for value in values]


def connect_target(rules: Iterable[ConnectTo], host: str, port: int) -> tuple[str, int]:
    """Where to connect for a host and a port; the first rule that holds counts.

    Args:
        rules: The rules.
        host: The host.
        port: The port.

    Returns:
        The host, an IPv6 address without brackets, and the port that are connected to.

    Example:
        >>> connect_target(parse_connect_to([":443:127.0.0.1:8443"]), "es.example.com", 443)
        ('127.0.0.1', 8443)
    """
    for rule in rules:
        if rule.host in ("", host.lower()) and rule.port in (None, port):
            return rule.to_host or host, port if rule.to_port is None else rule.to_port
    return host, port


def _parse(value: str) -> ConnectTo:
    match = _FORM.fullmatch(value)
    if match is None:
        raise _refusal(value)
    host, port, to_host, to_port = match.groups()
    return ConnectTo(
        host.strip("[]").lower(), _port(value, port), to_host.strip("[]"), _port(value, to_port)
    )


def _port(value: str, port: str) -> int | None:
    if not port:
        return None
    if not 1 <= int(port) <= _HIGHEST_PORT:
        raise _refusal(value)
    return int(port)


def _refusal(value: str) -> CommandError:
    return CommandError(
        f"--connect-to must be HOST1:PORT1:HOST2:PORT2, got {value};"
        " write it as es.example.com:443:192.0.2.1:443, with empty parts for any or the same"
    )
