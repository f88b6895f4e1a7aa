"""What a request can have done: a report, an update, a rollback."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from http import HTTPStatus
from typing import Protocol

from api_errors import AwsFault, Refusal
from call import Call
from http_message import Answer
from lease import LeaseTaken
from managed_service import Change, ManagedService, Picture
from rollout import is_busy, requested, state_of
from service_report import live_version, report, version_members
from settings import Settings
from update_order import UpdateOrder
from version_history import COMPLETED, ROLLBACK, UPDATE, completed_before


class AuditTrail(Protocol):
    """Where every change is told."""

    def tell(self, detail: Mapping[str, object]) -> None:
        """Tell of one."""


class UpdateCommands:
    """Carries out what a caller may ask for.

    Args:
        settings: What is allowed, and when.
        audit: Is told of every change.
        now: The time of day.
    """

    def __init__(self, settings: Settings, audit: AuditTrail, now: Callable[[], datetime]) -> None:
        """Keep the parts."""
        self._allowed_tags = settings.allowed_tags
        self._windows = settings.windows
        self._audit = audit
        self._now = now

    def report(self, call: Call, service: ManagedService) -> Answer:
        """What runs, how the last rollout went, and the last updates.

        Raises:
            AwsFault: A call failed.
        """
        picture = service.look()
        state = picture.service
        is_beside = state.rollout != COMPLETED and state.still_running
        before = service.ecs.revision(state.still_running).image.version if is_beside else ""
        body = report(
            service.settings.name,
            state,
            picture.versions,
            service.records(picture),
            live_version(state, before),
        )
        return Answer(HTTPStatus.OK, {**body, "requestId": call.request_id})

    def change(self, call: Call, service: ManagedService, *, is_rollback: bool) -> Answer:
        """Move a service to what the request names, or to the version before.

        Raises:
            Refusal: The request is at fault, or comes at a wrong time.
            AwsFault: A call failed.
        """
        kind = service.settings.type
        order = (
            UpdateOrder.for_rollback(call.request, kind)
            if is_rollback
            else UpdateOrder.for_update(call.request, kind, self._allowed_tags)
        )
        if order.version:
            call.entry["to"] = order.version
        if service.is_fixed:
            raise Refusal(
                HTTPStatus.CONFLICT,
                f"The version of {service.settings.name} is fixed in the code that deploys it: "
                "change it there, or take the fixed version out of the code.",
            )
        self._refuse_outside_windows()
        action = ROLLBACK if is_rollback else UPDATE
        if order.dry_run:
            picture = service.look()
            version = self._version(service, picture, order)
            return self._done(call, picture, service, version, dry_run=True)
        if order.version and not order.force:
            # Nothing to do needs no lease: asked twice at once, both are told so.
            picture = service.look()
            if _is_there(picture, order.version):
                return self._done(call, picture, service, order.version)
        with self._lease(call, service):
            picture, changes = service.settle(call.request_id, after_stack=False)
            self._tell_changes(call, service, changes)
            return self._roll_out(call, service, picture, order, action)

    def _roll_out(
        self,
        call: Call,
        service: ManagedService,
        picture: Picture,
        order: UpdateOrder,
        action: str,
    ) -> Answer:
        running = picture.service.version
        call.entry["from"] = running
        if is_busy(picture.versions, picture.service, self._now()) and not order.force:
            raise self._busy(service, picture)
        version = self._version(service, picture, order)
        call.entry["to"] = version
        if _is_there(picture, version) and not order.force:
            return self._done(call, picture, service, version)
        arn = service.roll_out(
            picture,
            version,
            action=action,
            caller=call.request.caller,
            request_id=call.request_id,
            force=order.force,
        )
        call.has_updated = True
        self._tell(
            call,
            {
                "service": service.settings.name,
                "action": action,
                "from": running,
                "to": version,
                "by": call.request.caller,
                "requestId": call.request_id,
            },
        )
        return self._done(call, picture, service, version, new_revision=arn)

    def _version(self, service: ManagedService, picture: Picture, order: UpdateOrder) -> str:
        """The version asked for; for a rollback, the one before."""
        if order.version:
            return order.version
        before = completed_before(picture.versions, picture.service.version)
        if before is None:
            raise Refusal(
                HTTPStatus.CONFLICT,
                f"{service.settings.name} has run no other version that is on record.",
            )
        return before.value

    def _refuse_outside_windows(self) -> None:
        now = self._now()
        windows = self._windows
        if windows.is_open(now):
            return
        opening = windows.next_opening(now)
        next_window = opening.isoformat() if opening else None
        message = (
            f"Updates are taken again at {next_window}."
            if next_window
            else "Updates are frozen without an end."
        )
        raise Refusal(HTTPStatus.FORBIDDEN, message, details={"nextWindow": next_window})

    def _busy(self, service: ManagedService, picture: Picture) -> Refusal:
        wanted = requested(picture.versions)
        state = state_of(picture.versions, picture.service, service.records(picture))
        return Refusal(
            HTTPStatus.CONFLICT,
            f"{service.settings.name} is being updated; wait, or send force.",
            details={
                "requested": version_members(wanted.value),
                "rolloutState": state,
                "tasks": picture.service.tasks,
            },
        )

    @contextmanager
    def _lease(self, call: Call, service: ManagedService) -> Iterator[None]:
        try:
            with service.lease.held(call.request_id, call.log_fault):
                yield
        except LeaseTaken as taken:
            raise Refusal(
                HTTPStatus.CONFLICT,
                f"Another request is updating {service.settings.name}; try again later.",
                details={"rolloutState": "IN_PROGRESS"},
            ) from taken

    def _tell_changes(self, call: Call, service: ManagedService, changes: list[Change]) -> None:
        for change in changes:
            self._tell(call, change.detail(service.settings.name, call.request_id))

    def _tell(self, call: Call, detail: Mapping[str, object]) -> None:
        """Tell the audit trail; what was done stays done if it does not listen."""
        try:
            self._audit.tell(detail)
        except AwsFault as fault:
            call.log_fault(fault)
            call.warnings.append(f"{fault}: the update is in no audit event.")

    def _done(
        self,
        call: Call,
        picture: Picture,
        service: ManagedService,
        version: str,
        *,
        new_revision: str = "",
        dry_run: bool = False,
    ) -> Answer:
        name, running = service.settings.name, picture.service.version
        if new_revision:
            message = f"{name} is being updated to {version}."
        elif dry_run and running != version:
            message = f"{name} would be updated from {running} to {version}."
        else:
            message = f"{name} already runs {version}."
        details: dict[str, object] = {
            "newTaskDefinitionArn": new_revision or picture.service.revision.arn,
            "serviceArn": picture.service.arn,
            "serviceType": service.settings.type,
            "serviceName": name,
        }
        body: dict[str, object] = {
            "message": message,
            "details": details,
            "requestId": call.request_id,
            "timestamp": self._now().isoformat(),
        }
        if dry_run:
            body["dryRun"] = True
        if call.warnings:
            body["warnings"] = call.warnings
        return Answer(HTTPStatus.OK, body)


def _is_there(picture: Picture, version: str) -> bool:
    """Whether a version runs and is what the parameter says."""
    service = picture.service
    is_steady = service.version == version and service.rollout == COMPLETED
    return is_steady and picture.versions[-1].value == version
