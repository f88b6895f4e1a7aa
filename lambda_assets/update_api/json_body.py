"""Reads the body of a request."""

from __future__ import annotations

import base64
import json
from http import HTTPStatus

from api_errors import Refusal
from http_message import HttpRequest

MAX_BODY_BYTES = 10 * 1024
"""The largest body that is read, after decoding base64."""

_EXAMPLE = 'The body must be a JSON object such as {"imageTag": "v2"}.'


def decoded(request: HttpRequest) -> str:
    """The body as text.

    Raises:
        Refusal: 400: it is too long, no base64 although it should be, or no UTF-8.
    """
    # 4 characters of base64 for every 3 bytes begun: whatever is longer need not be decoded.
    limit = (MAX_BODY_BYTES + 2) // 3 * 4 if request.is_base64 else MAX_BODY_BYTES
    too_large = _refusal(f"The body must be at most {MAX_BODY_BYTES} bytes long.")
    if len(request.body) > limit:
        raise too_large
    try:
        raw = _raw(request)
        text = raw.decode()
    except UnicodeError as error:
        raise _refusal("The body must be valid UTF-8.") from error
    if len(raw) > MAX_BODY_BYTES:
        raise too_large
    return text


def _raw(request: HttpRequest) -> bytes:
    if not request.is_base64:
        return request.body.encode()
    try:
        return base64.b64decode(request.body, validate=True)
    except ValueError as error:
        raise _refusal("The body must be valid base64.") from error


def json_object(text: str) -> dict[str, object]:
    """The members of a JSON object.

    Raises:
        Refusal: 400: it is none.
    """
    try:
        members = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _refusal(_EXAMPLE) from error
    if not isinstance(members, dict):
        raise _refusal(_EXAMPLE)
    return members


def _refusal(message: str) -> Refusal:
    return Refusal(HTTPStatus.BAD_REQUEST, message)
