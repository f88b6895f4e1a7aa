"""What a caller asks for, read from the body of a request."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from http import HTTPStatus

from alb_message import AlbRequest
from api_errors import Refusal
from image_reference import TAG_RULE, is_tag

MAX_BODY_BYTES = 10 * 1024
"""The largest body that is read, after decoding base64."""


@dataclass(frozen=True)
class UpdateOrder:
    """An order to move the service.

    Attributes:
        image_tag: The tag asked for, valid by the OCI grammar.
    """

    image_tag: str

    @classmethod
    def from_request(cls, request: AlbRequest, service_type: str) -> UpdateOrder:
        """Read `{"imageTag": "v2"}`, optionally with `"target"`.

        Members it does not know are ignored: callers that exist may send more. A `target` of
        null counts as none.

        Args:
            request: The request.
            service_type: What `target` must be if it is given.

        Raises:
            Refusal: 400, with what is wrong and what is allowed.
        """
        members = _json_object(_decoded(request))
        target = members.get("target")
        if target is not None and target != service_type:
            raise _refusal(f'target must be "{service_type}" or left out.')
        tag = members.get("imageTag")
        if not isinstance(tag, str) or not is_tag(tag):
            raise _refusal(f"imageTag must be a string of {TAG_RULE}.")
        return cls(tag)


def _decoded(request: AlbRequest) -> str:
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


def _raw(request: AlbRequest) -> bytes:
    if not request.is_base64:
        return request.body.encode()
    try:
        return base64.b64decode(request.body, validate=True)
    except ValueError as error:
        raise _refusal("The body must be valid base64.") from error


def _json_object(text: str) -> dict[str, object]:
    try:
        members = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _refusal('The body must be a JSON object such as {"imageTag": "v2"}.') from error
    if not isinstance(members, dict):
        raise _refusal('The body must be a JSON object such as {"imageTag": "v2"}.')
    return members


def _refusal(message: str) -> Refusal:
    return Refusal(HTTPStatus.BAD_REQUEST, message)
