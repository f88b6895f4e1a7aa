"""Answers requests: finds the service, checks who asks, and says what became of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Protocol

from api_errors import AwsFault, Refusal
from call import Call
from http_message import Answer, HttpRequest
from managed_service import ManagedService
from request_log import metrics, shortened, trace
from settings import Settings
from update_commands import AuditTrail, UpdateCommands

_ROLLBACK_PATH = "rollback"


class KeyCheck(Protocol):
    """Tells whether a key is the right one."""

    def accepts(self, candidate: str) -> bool:
        """Whether `candidate` is the key."""


def utc_now() -> datetime:
    """The time of day."""
    return datetime.now(UTC)


class UpdateApplication:
    """The update API of one or several services.

    Args:
        settings: The services, and what is allowed.
        services: The services by public name.
        api_key: Checks the caller's key; `None` if AWS has authenticated the callers.
        audit: Is told of every change.
        log: Takes one entry for each request.
        clock: Monotonic clock, in seconds, for durations.
        now: The time of day.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        services: Mapping[str, ManagedService],
        api_key: KeyCheck | None,
        audit: AuditTrail,
        log: Callable[[Mapping[str, object]], None],
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """Keep the parts."""
        self._services = services
        self._api_key = api_key
        self._log = log
        self._clock = clock
        self._now = now
        self._commands = UpdateCommands(settings, audit, now)

    def answer(self, event: object, request_id: str) -> dict[str, Any]:
        """Answer one request and log it. Whatever happens, there is an answer and one entry."""
        started = self._clock()
        request = HttpRequest.from_event(event)
        call = Call(request, request_id)
        answer = self._guarded(call)
        entry = {
            "requestId": request_id,
            "caller": request.caller,
            "method": shortened(request.method),
            "path": shortened(request.path),
            **call.entry,
            "status": int(answer.status),
            "durationMs": round((self._clock() - started) * 1000),
            **metrics(self._now(), status=int(answer.status), updated=call.has_updated),
        }
        self._log(entry)
        return answer.to_event(multi_value=request.multi_value)

    def _guarded(self, call: Call) -> Answer:
        try:
            return self._answer(call)
        except Refusal as refusal:
            body = {
                "error": refusal.status.phrase,
                "message": refusal.message,
                **refusal.details,
            }
            return Answer(refusal.status, body, refusal.headers)
        except AwsFault as fault:
            call.log_fault(fault)
            message = f"{'; '.join([str(fault), *fault.left])}."
        except Exception as error:
            call.entry["traceback"] = trace(error)
            message = "Unexpected error; the function's log has more under this requestId."
        status = HTTPStatus.INTERNAL_SERVER_ERROR
        body = {"error": status.phrase, "message": message, "requestId": call.request_id}
        return Answer(status, body)

    def _answer(self, call: Call) -> Answer:
        request = call.request
        name, _, rest = request.path.strip("/").partition("/")
        service = self._services.get(name)
        call.entry["service"] = name if service else "unknown"
        allowed = {"": ("GET", "POST"), _ROLLBACK_PATH: ("POST",)}.get(rest, ("GET", "POST"))
        if request.method not in allowed:
            raise Refusal(
                HTTPStatus.METHOD_NOT_ALLOWED,
                f"The method must be {' or '.join(allowed)}.",
                {"allow": ", ".join(allowed)},
            )
        if service is None and self._api_key and "x-api-key" not in request.headers:
            # Of somebody who looks for a way in, and not of a caller with a wrong key.
            raise Refusal(HTTPStatus.NOT_FOUND, "There is nothing at this path.")
        self._authenticate(request)
        if service is None or rest not in ("", _ROLLBACK_PATH):
            paths = ", ".join(f"/{each}" for each in self._services)
            message = f"The path must be one of {paths}, or one of these with /{_ROLLBACK_PATH}."
            raise Refusal(HTTPStatus.NOT_FOUND, message)
        if request.method == "GET":
            return self._commands.report(call, service)
        return self._commands.change(call, service, is_rollback=rest == _ROLLBACK_PATH)

    def _authenticate(self, request: HttpRequest) -> None:
        if self._api_key is None:
            return
        key = request.headers.get("x-api-key", "")
        if not key or not self._api_key.accepts(key):
            raise Refusal(HTTPStatus.UNAUTHORIZED, "The header x-api-key must hold the key.")
