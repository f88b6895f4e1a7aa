"""`KEYVAL`: the Redis that holds the coordinator's workspace."""

from __future__ import annotations

import base64
import json

from ...errors import CommandError
from ..secrets.values import redis_address_problem


def make_keyval(address: str, username: str, password: str, *, secure: bool) -> str:
    """Put together a `KEYVAL`.

    Args:
        address: Host and port.
        username: Who signs in.
        password: Its password.
        secure: Whether the connection is encrypted.

    Returns:
        base64 of the JSON that the coordinator reads.

    Raises:
        CommandError: The address is none, or the user has no name.
    """
    if problem := redis_address_problem(address):
        raise CommandError(f"the address must be {problem}, got {address!r}; correct it")
    if not username:
        raise CommandError("the username must be given, got nothing; leave it out for 'default'")
    redis = {"kind": "redis", "addr": address, "username": username, "password": password}
    if secure:
        redis["secure"] = "true"
    text = json.dumps(redis, separators=(",", ":"), ensure_ascii=False)
    return base64.b64encode(text.encode()).decode()
