"""What the value of each variable must be. No word here holds a value."""

from __future__ import annotations

import base64
import binascii
import json
import re
import uuid
from collections.abc import Callable

from .jwt_keys import KeyFormatError, read_jwks, read_private_key

UPDATE_SECRET = "update secret"  # noqa: S105 - a kind of value
REGISTRY_FIELDS = ("username", "password")

_SHORTEST_UPDATE_SECRET = 32
_ADDRESS = re.compile(r"(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):(?P<port>[0-9]{1,5})")
_VISIBLE = re.compile(r"[!-~]+")
BASE64_VARIABLES = {"JWT_KEY", "JWT_JWKS", "KEYVAL"}
"""What is base64, in which line breaks mean nothing."""


def normalized(variable: str, value: str) -> str:
    """A value without what the tools of a shell add: line breaks in base64, white space around it.

    Args:
        variable: The variable of the container, or `UPDATE_SECRET`.
        value: As it was given.
    """
    return "".join(value.split()) if variable in BASE64_VARIABLES else value.strip()


def value_problem(variable: str, value: str) -> str | None:
    """Tell what is wrong with a value.

    Args:
        variable: The variable of the container, a field of registry credentials, or
            `UPDATE_SECRET`.
        value: Its value.

    Returns:
        What it must be, to be read after "must be"; `None` if it is that.
    """
    if not value:
        return "a value, not empty"
    return _CHECKS.get(variable, _anything)(value)


def redis_address_problem(address: str) -> str | None:
    """What is wrong with the address of a Redis, to be read after "must be"."""
    match = _ADDRESS.fullmatch(address)
    if match and 1 <= int(match["port"]) <= 65535:
        return None
    return "host:port, such as redis.example.com:6379"


def _edge_key(value: str) -> str | None:
    if _VISIBLE.fullmatch(value):
        return None
    return "one line without spaces, just as the edge server's image printed it"


def _jwks(value: str) -> str | None:
    try:
        read_jwks(value)
    except KeyFormatError as error:
        return str(error)
    return None


def _private_key(value: str) -> str | None:
    try:
        read_private_key(value)
    except KeyFormatError as error:
        return str(error)
    return None


def _kid(value: str) -> str | None:
    try:
        if str(uuid.UUID(value)) == value.lower():
            return None
    except ValueError:
        pass
    return "a UUID"


def _keyval(value: str) -> str | None:
    try:
        data = json.loads(base64.b64decode(value, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return "base64 of a JSON document"
    if not isinstance(data, dict) or data.get("kind") != "redis":
        return 'base64 of a JSON object with "kind": "redis"'
    if not isinstance(data.get("addr"), str) or redis_address_problem(data["addr"]):
        return "base64 of a JSON object whose addr is host:port"
    if not isinstance(data.get("username"), str) or not data["username"]:
        return "base64 of a JSON object with a username"
    if not isinstance(data.get("password"), str):
        return "base64 of a JSON object with a password"
    if data.get("secure", "true") not in ("true", "false"):
        return 'base64 of a JSON object whose secure, if it is there, is "true" or "false"'
    return None


def _update_secret(value: str) -> str | None:
    if not _VISIBLE.fullmatch(value):
        return "one line of visible ASCII characters, as a header carries it"
    if len(value) < _SHORTEST_UPDATE_SECRET:
        return f"{_SHORTEST_UPDATE_SECRET} characters or more"
    return None


def _registry_credential(value: str) -> str | None:
    return None if value.isprintable() else "one line"


def _anything(value: str) -> str | None:
    return None


_CHECKS: dict[str, Callable[[str], str | None]] = {
    "KEY": _edge_key,
    "EDGE_KEY": _edge_key,
    "JWT_JWKS": _jwks,
    "JWT_KEY": _private_key,
    "JWT_KID": _kid,
    "KEYVAL": _keyval,
    UPDATE_SECRET: _update_secret,
    **dict.fromkeys(REGISTRY_FIELDS, _registry_credential),
}
