"""How values look that are secret, whatever they are called. Needs the standard library alone.

Only forms that hardly anything else has, so that no honest value is refused.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["flat", "has_plain_value", "secret_form"]

_FORMS: Mapping[str, re.Pattern[str]] = {
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "an access key of AWS": re.compile(r"\b(AKIA|ASIA)[A-Z2-7]{16}\b"),
    "a token of GitHub": re.compile(r"\b(gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{22})"),
    "a token of GitLab": re.compile(r"\bglpat-[\w-]{20}"),
    "a token of Docker Hub": re.compile(r"\bdckr_pat_[\w-]{20}"),
    "a token of Slack": re.compile(r"\bxox[abeoprs]-[A-Za-z0-9-]{10}"),
    "a signed token (JWT)": re.compile(r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{16,}"),
    "an address with a password": re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/:@?#]*:[^\s/@?#]+@"),
    "a reference to a secret, whose value it becomes": re.compile(
        r"\{\{resolve:(secretsmanager|ssm-secure):"
    ),
}
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{24,}")
_DYNAMIC = re.compile(r"\{\{resolve:[^}]*\}\}")
_SECRET_MEMBERS = {"password", "secretaccesskey", "privatekey", "d"}
_PUBLIC_FIELDS = {"username", "JWT_JWKS", "JWT_KID"}


def secret_form(value: str) -> str | None:
    """What a value looks like if it looks like a secret, also in base64; never the value.

    Args:
        value: The value, or what it resolves to.

    Returns:
        The form in words, such as `a private key`, or `None`.

    Example:
        >>> secret_form("redis://default:not-a-real-password@redis.example.com:6379")
        'an address with a password'
    """
    for text in (value, _decoded(value)):
        for form, pattern in _FORMS.items():
            if pattern.search(text):
                return form
        if _has_secret_member(text):
            return "JSON with a password or a private key"
    return None


def flat(value: Any) -> str:
    """A resolved value of a template as text, in which what only the deployment knows is a mark."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping) and isinstance(value.get("Fn::Join"), list):
        separator, parts = value["Fn::Join"]
        return str(separator).join(map(flat, parts)) if isinstance(parts, list) else _UNKNOWN
    return _UNKNOWN if isinstance(value, Mapping) else ""


_UNKNOWN = "{{resolve:at deployment}}"


def has_plain_value(value: Any) -> bool:
    """Whether the value of a secret stands in the template, in full or in one of its fields.

    Args:
        value: The resolved value of the property: text, or an intrinsic function.
    """
    text = flat(value)
    try:
        fields = json.loads(text)
    except ValueError:
        fields = None
    values = [text]
    if isinstance(fields, dict):
        values = [str(fields[name]) for name in fields if name not in _PUBLIC_FIELDS]
    return any(_DYNAMIC.sub("", one).strip() for one in values)


def _decoded(value: str) -> str:
    """What base64 holds; empty if it is none."""
    text = value.strip().rstrip("=")
    if not _BASE64.fullmatch(text):
        return ""
    try:
        padded = text.translate(str.maketrans("-_", "+/")) + "=" * (-len(text) % 4)
        return base64.b64decode(padded).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _has_secret_member(text: str) -> bool:
    """Whether text is JSON with a member, on any level, that is secret and not empty."""
    if not text.lstrip().startswith(("{", "[")):
        return False
    try:
        waiting = [json.loads(text)]
    except (ValueError, RecursionError):
        return False
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            for name, value in found.items():
                is_text = isinstance(value, str) and _DYNAMIC.sub("", value)
                if name.lower() in _SECRET_MEMBERS and is_text:
                    return True
                waiting.append(value)
        elif isinstance(found, list):
            waiting.extend(found)
    return False
