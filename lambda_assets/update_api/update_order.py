"""What a caller asks for, read from the body of a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from http import HTTPStatus

from api_errors import Refusal
from http_message import HttpRequest
from image_reference import DIGEST_RULE, TAG_RULE, is_digest, is_tag
from json_body import decoded, json_object


@dataclass(frozen=True)
class UpdateOrder:
    """An order to move the service.

    Attributes:
        version: The tag or digest asked for, valid by its grammar; empty in an order that names
            none.
        force: Whether to deploy during another update, or what runs already.
        dry_run: Whether only to say what would be done.
    """

    version: str
    force: bool
    dry_run: bool

    @classmethod
    def for_update(
        cls, request: HttpRequest, service_type: str, allowed_tags: Sequence[str]
    ) -> UpdateOrder:
        """Read `{"imageTag": "v2"}` or `{"imageDigest": "sha256:…"}`.

        Members it does not know are ignored: callers that exist may send more. A member of null
        counts as none.

        Args:
            request: The request.
            service_type: What `target` must be if it is given.
            allowed_tags: Patterns with `*` and `?` of which a tag must match one, if there are
                any. A digest is then refused, as it could be that of anything.

        Raises:
            Refusal: 400, with what is wrong and what is allowed.
        """
        members = json_object(decoded(request))
        order = cls._with_flags(members, service_type)
        tag, digest = members.get("imageTag"), members.get("imageDigest")
        if (tag is None) == (digest is None):
            raise _refusal('The body must have one of "imageTag" and "imageDigest".')
        if digest is not None:
            if not isinstance(digest, str) or not is_digest(digest):
                raise _refusal(f"imageDigest must be {DIGEST_RULE}.")
            if allowed_tags:
                raise _refusal("imageDigest cannot be used where allowed tags are set.")
            return cls(digest, order.force, order.dry_run)
        if not isinstance(tag, str) or not is_tag(tag):
            raise _refusal(f"imageTag must be a string of {TAG_RULE}.")
        if allowed_tags and not any(fnmatchcase(tag, pattern) for pattern in allowed_tags):
            raise _refusal(f"imageTag must match one of: {', '.join(allowed_tags)}")
        return cls(tag, order.force, order.dry_run)

    @classmethod
    def for_rollback(cls, request: HttpRequest, service_type: str) -> UpdateOrder:
        """Read what a rollback may say, which is nothing or an object of flags.

        Raises:
            Refusal: 400, with what is wrong and what is allowed.
        """
        text = decoded(request)
        return cls._with_flags(json_object(text) if text.strip() else {}, service_type)

    @classmethod
    def _with_flags(cls, members: Mapping[str, object], service_type: str) -> UpdateOrder:
        target = members.get("target")
        if target is not None and target != service_type:
            raise _refusal(f'target must be "{service_type}" or left out.')
        return cls("", _flag(members, "force"), _flag(members, "dryRun"))


def _flag(members: Mapping[str, object], name: str) -> bool:
    value = members.get(name)
    if value is not None and not isinstance(value, bool):
        raise _refusal(f"{name} must be true or false.")
    return value is True


def _refusal(message: str) -> Refusal:
    return Refusal(HTTPStatus.BAD_REQUEST, message)
