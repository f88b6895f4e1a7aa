"""Acts on events: a rollout or a stack that came to rest, a secret that was rotated.

EventBridge delivers at least once and in any order, so an event only says where to look; what is
due follows from the service and its history. An event that finds the service busy with a request
waits, and in the end is given back to Lambda, which tries it again after one and two minutes.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/event-detail-stack-status-change.html
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Any

from api_errors import AwsFault
from lease import LeaseTaken
from managed_service import ManagedService
from update_application import utc_now
from update_commands import AuditTrail

REDEPLOY = "redeploy"
"""The member of an event that names the services whose secret was rotated."""

WAITS = 15
"""How many seconds an event waits for a service that is busy."""

_SETTLED = ("COMPLETE", "FAILED")


class EventApplication:
    """Keeps services and their parameters together when something else changes them.

    Args:
        services: The services by public name.
        audit: Is told of every change.
        log: Takes one entry for each service that an event is about.
        now: The time of day.
        sleep: Waits for some seconds.
    """

    def __init__(
        self,
        *,
        services: Mapping[str, ManagedService],
        audit: AuditTrail,
        log: Callable[[Mapping[str, object]], None],
        now: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Keep the parts."""
        self._services = services
        self._audit = audit
        self._log = log
        self._now = now
        self._sleep = sleep

    @staticmethod
    def takes(event: object) -> bool:
        """Whether an event is none of a request: those have other members, whatever is sent."""
        return isinstance(event, Mapping) and (REDEPLOY in event or "detail-type" in event)

    def handle(self, event: Mapping[str, Any], request_id: str) -> None:
        """Do what an event calls for, for every service that it is about.

        Raises:
            LeaseTaken: A service is being updated. What there was to do for others is done.
            AwsFault: A call failed. What there was to do for others is done.
        """
        if REDEPLOY in event:
            for name in event[REDEPLOY]:
                self._restart(self._services[name], request_id)
            return
        after_stack = event["source"] == "aws.cloudformation"
        errors: list[LeaseTaken | AwsFault] = []
        for service in self._concerned(event):
            try:
                self._settle(service, request_id, after_stack=after_stack)
            except (LeaseTaken, AwsFault) as error:
                errors.append(error)
        if errors:
            raise errors[0]

    def _concerned(self, event: Mapping[str, Any]) -> Sequence[ManagedService]:
        managed = [service for service in self._services.values() if not service.is_fixed]
        if event["source"] == "aws.cloudformation":
            status = event["detail"]["status-details"]["status"]
            stack = event["detail"]["stack-id"].split("/")[1]
            is_settled = status.endswith(_SETTLED)
            return [each for each in managed if each.settings.stack_name == stack and is_settled]
        arns = {arn.rpartition("/")[2] for arn in event["resources"]}
        return [each for each in managed if each.settings.service_name in arns]

    def _settle(self, service: ManagedService, request_id: str, *, after_stack: bool) -> None:
        if service.is_settled(after_stack=after_stack):
            return
        faults: list[AwsFault] = []
        with self._lease(service, request_id, faults):
            _, changes = service.settle(request_id, after_stack=after_stack)
        details = [change.detail(service.settings.name, request_id) for change in changes]
        for detail in details:
            try:
                self._audit.tell(detail)
            except AwsFault as fault:
                faults.append(fault)
        self._note(service, request_id, faults, changes=details)

    def _restart(self, service: ManagedService, request_id: str) -> None:
        faults: list[AwsFault] = []
        with self._lease(service, request_id, faults):
            service.restart()
        self._note(service, request_id, faults, changes=[{"action": "restarted"}])

    @contextmanager
    def _lease(
        self, service: ManagedService, request_id: str, faults: list[AwsFault]
    ) -> Iterator[None]:
        with ExitStack() as held:
            for wait in range(WAITS + 1):
                try:
                    held.enter_context(service.lease.held(request_id, faults.append))
                    break
                except LeaseTaken:
                    if wait == WAITS:
                        raise
                    self._sleep(1)
            yield

    def _note(
        self,
        service: ManagedService,
        request_id: str,
        faults: Sequence[AwsFault],
        **more: object,
    ) -> None:
        entry: dict[str, object] = {
            "requestId": request_id,
            "service": service.settings.name,
            "at": self._now().isoformat(),
            **more,
        }
        if faults:
            entry["faults"] = [str(fault) for fault in faults]
        self._log(entry)
