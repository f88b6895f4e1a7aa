"""Answers a request: checks the method, then the key, then the order, and moves the service."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Protocol

from alb_message import AlbRequest, Answer
from api_errors import AwsFault, Refusal
from image_reference import ImageReference
from request_log import shortened, trace
from task_definition import Revision
from update_order import UpdateOrder
from update_settings import UpdateSettings


class KeyCheck(Protocol):
    """Tells whether a key is the right one."""

    def accepts(self, candidate: str) -> bool:
        """Whether `candidate` is the key."""


class Service(Protocol):
    """The service that is moved."""

    def running(self) -> Revision:
        """What it runs."""

    def move(self, current: Revision, image: ImageReference) -> str:
        """Move it to another image; returns the ARN of the new revision."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class UpdateApplication:
    """The update API of one service.

    Args:
        settings: Which service.
        api_key: Checks the caller's key.
        service: Moves the service.
        log: Takes one entry for each request.
        clock: Monotonic clock, in seconds, for durations.
        now: The time of day, for answers.
    """

    def __init__(
        self,
        *,
        settings: UpdateSettings,
        api_key: KeyCheck,
        service: Service,
        log: Callable[[Mapping[str, object]], None],
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        """Keep the parts."""
        self._settings = settings
        self._api_key = api_key
        self._service = service
        self._log = log
        self._clock = clock
        self._now = now

    def answer(self, event: object, request_id: str) -> dict[str, Any]:
        """Answer one request and log it. Whatever happens, there is an answer and one entry."""
        started = self._clock()
        request = AlbRequest.from_event(event)
        entry: dict[str, object] = {
            "requestId": request_id,
            "sourceIp": shortened(request.source_ip),
            "method": shortened(request.method),
            "path": shortened(request.path),
            "service": self._settings.service_name,
        }
        answer = self._guarded(request, request_id, entry)
        entry["status"] = int(answer.status)
        entry["durationMs"] = round((self._clock() - started) * 1000)
        self._log(entry)
        return answer.to_event(multi_value=request.multi_value)

    def _guarded(self, request: AlbRequest, request_id: str, entry: dict[str, object]) -> Answer:
        try:
            return self._update(request, request_id, entry)
        except Refusal as refusal:
            body = {"error": refusal.status.phrase, "message": refusal.message}
            return Answer(refusal.status, body, refusal.headers)
        except AwsFault as fault:
            entry.update(fault=fault.action, code=fault.code, awsRequestId=fault.aws_request_id)
            if fault.orphan:
                entry["orphan"] = fault.orphan
            message = f"{fault}."
        except Exception as error:
            entry["traceback"] = trace(error)
            message = "Unexpected error; the function's log has more under this requestId."
        status = HTTPStatus.INTERNAL_SERVER_ERROR
        body = {"error": status.phrase, "message": message, "requestId": request_id}
        return Answer(status, body)

    def _update(self, request: AlbRequest, request_id: str, entry: dict[str, object]) -> Answer:
        if request.method != "POST":
            raise Refusal(
                HTTPStatus.METHOD_NOT_ALLOWED, "The method must be POST.", {"allow": "POST"}
            )
        key = request.headers.get("x-api-key", "")
        if not key or not self._api_key.accepts(key):
            raise Refusal(HTTPStatus.UNAUTHORIZED, "The header x-api-key must hold the key.")
        tag = UpdateOrder.from_request(request, self._settings.service_type).image_tag
        entry["toTag"] = tag
        current = self._service.running()
        entry["fromTag"] = current.image.version
        image = current.image.with_tag(tag)
        name = self._settings.service_name
        if image == current.image:
            return self._done(f"{name} already runs {tag}.", current.arn, request_id)
        arn = self._service.move(current, image)
        return self._done(f"{name} is being updated to {tag}.", arn, request_id)

    def _done(self, message: str, task_definition_arn: str, request_id: str) -> Answer:
        details = {
            "newTaskDefinitionArn": task_definition_arn,
            "serviceArn": self._settings.service_arn,
            "serviceType": self._settings.service_type,
            "serviceName": self._settings.service_name,
        }
        body = {
            "message": message,
            "details": details,
            "requestId": request_id,
            "timestamp": self._now().isoformat(),
        }
        return Answer(HTTPStatus.OK, body)
