"""How values look that are secret, whatever they are called. Needs the standard library alone.

Only forms that hardly anything else has, so that no honest value is refused.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["flat", "has_plain_value", "secret_form"]

_VARIABLE = r"\$(\{[A-Z_][A-Z0-9_]*\}|[A-Z_][A-Z0-9_]*)"
"""What a shell, or the software, puts the value of a variable in the place of."""
_FORMS: Mapping[str, re.Pattern[str]] = {
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY( BLOCK)?-----"),
    "an access key of AWS": re.compile(r"\b(AKIA|ASIA)[A-Z2-7]{16}\b"),
    "a token of GitHub": re.compile(r"\b(gh[pousr]_[A-Za-z0-9]{36}|github_pat_\w{22})"),
    "a token of GitLab": re.compile(r"\bglpat-[\w-]{20}"),
    "a token of Docker Hub": re.compile(r"\bdckr_pat_[\w-]{20}"),
    "a token of Slack": re.compile(r"\bxox[abeoprs]-[A-Za-z0-9-]{10}"),
    "a signed token (JWT)": re.compile(r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{16,}"),
    "an address with a password": re.compile(rf"(?<=\w)://[^\s/:@?#]*:(?!{_VARIABLE}@)[^\s/@?#]+@"),
    "a reference to a secret, whose value it becomes": re.compile(
        r"\{\{resolve:(secretsmanager|ssm-secure):"
    ),
}
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{24,}(\s+[A-Za-z0-9+/_-]+)*")
_LAYERS = 2
"""How often one value may be base64 of another."""
_DYNAMIC = re.compile(r"\{\{resolve:[^{}]*\}\}")
_SECRET_MEMBER = re.compile(
    rf""""(?i:password|secretaccesskey|privatekey)\\*"\s*:\s*\\*"(?!\\*"|{_VARIABLE}\\*")"""
)
_KEY_TYPE = re.compile(r""""kty\\*"\s*:""")
_KEY_MEMBER = re.compile(r""""[dk]\\*"\s*:\s*\\*"[\w-]""")
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
    return _form(value, _LAYERS)


def _form(text: str, layers: int) -> str | None:
    for form, pattern in _FORMS.items():
        if pattern.search(text):
            return form
    if _has_secret_member(text):
        return "JSON with a password or a private key"
    inside = _decoded(text) if layers else ()
    return next(filter(None, (_form(each, layers - 1) for each in inside)), None)


def flat(value: Any) -> str:
    """A resolved value of a template as text, in which what only the deployment knows is a mark."""
    if isinstance(value, str):
        return value
    if not isinstance(value, Mapping):
        return ""
    if isinstance(value.get("Fn::Join"), list):
        separator, parts = value["Fn::Join"]
        return str(separator).join(map(flat, parts)) if isinstance(parts, list) else _UNKNOWN
    if "Fn::Base64" in value:
        return flat(value["Fn::Base64"])
    if "Fn::Sub" in value:
        text = value["Fn::Sub"]
        return _PLACEHOLDER.sub(_UNKNOWN, text if isinstance(text, str) else flat(text[0]))
    return _UNKNOWN


_PLACEHOLDER = re.compile(r"\$\{[^{}!]+\}")
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


def _decoded(text: str) -> Iterator[str]:
    """What each part of a text holds that may be base64, in one line or in several."""
    for part in _BASE64.finditer(text):
        digits = "".join(part[0].split()).translate(str.maketrans("-_", "+/"))
        digits = digits[: -1 if len(digits) % 4 == 1 else None]
        try:
            yield base64.b64decode(digits + "=" * (-len(digits) % 4)).decode(errors="replace")
        except binascii.Error:
            continue


def _has_secret_member(text: str) -> bool:
    """Whether text has JSON in it with a member, on any level, that is secret and not empty."""
    static = _DYNAMIC.sub("", text)
    is_key = _KEY_TYPE.search(static) and _KEY_MEMBER.search(static)
    return bool(is_key or _SECRET_MEMBER.search(static))
