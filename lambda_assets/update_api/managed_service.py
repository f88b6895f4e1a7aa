"""A service together with the parameter that holds its live version: changes both or neither."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api_errors import AwsFault
from ecs_service import EcsService, RolloutRecord, ServiceState
from lease import Lease
from rollout import Due, due
from settings import ServiceSettings
from version_history import FAILED, Version, VersionHistory


@dataclass(frozen=True)
class Picture:
    """What is known of a service at one moment.

    Attributes:
        service: The service.
        versions: The history of its version; empty if that is fixed.
    """

    service: ServiceState
    versions: list[Version]


@dataclass(frozen=True)
class Change:
    """Something that was done beyond what a request asked for.

    Attributes:
        action: `concluded`, `reverted` or `moved`.
        version: The tag or digest it is about.
        result: With `concluded`: `COMPLETED`, `FAILED` or `ROLLED_BACK`.
        version_before: With `moved`: what ran before.
    """

    action: str
    version: str
    result: str = ""
    version_before: str = ""

    def detail(self, service: str, request_id: str) -> dict[str, object]:
        """The change as the audit trail and the log tell it."""
        told = {
            "service": service,
            "action": self.action,
            "from": self.version_before,
            "to": self.version,
            "result": self.result,
            "requestId": request_id,
        }
        return {key: value for key, value in told.items() if value}


class ManagedService:
    """One service that the update API moves.

    Args:
        settings: Which service.
        ecs: Client for ECS.
        ssm: Client for Systems Manager.
        now: The time of day.
    """

    def __init__(
        self, settings: ServiceSettings, ecs: Any, ssm: Any, now: Callable[[], datetime]
    ) -> None:
        """Call nothing yet."""
        self.settings = settings
        self.ecs = EcsService(ecs, settings)
        self._history = VersionHistory(ssm, settings.parameter)
        self.lease = Lease(ssm, settings.parameter, now)

    @property
    def is_fixed(self) -> bool:
        """Whether the version is fixed in code, so that there is no parameter."""
        return not self.settings.parameter

    def look(self) -> Picture:
        """Read service and history.

        Raises:
            AwsFault: A call failed.
        """
        return Picture(self.ecs.read(), [] if self.is_fixed else self._history.read())

    def records(self, picture: Picture) -> list[RolloutRecord]:
        """The last rollouts, if they are needed to tell how that of the newest version ended.

        Not with a fixed version, for which the function may not ask.

        Raises:
            AwsFault: A call failed.
        """
        if self.is_fixed or picture.versions[-1].value == picture.service.version:
            return []
        return self.ecs.rollouts()

    def is_settled(self, *, after_stack: bool) -> bool:
        """Whether nothing is due; see `rollout.due`.

        Raises:
            AwsFault: A call failed.
        """
        picture = self.look()
        return self._due(picture, after_stack=after_stack) == Due()

    def settle(self, request_id: str, *, after_stack: bool) -> tuple[Picture, list[Change]]:
        """Record how rollouts ended, and bring back what is due. The lease is held.

        Args:
            request_id: The request or event on whose behalf it is done.
            after_stack: See `rollout.due`.

        Returns:
            What is now known, and what was done.

        Raises:
            AwsFault: A call failed. Settling again goes on where it ended.
        """
        changes: list[Change] = []
        # Concluding what was overtaken, then the newest with reverting, then what it reverted to.
        for _ in range(3):
            picture = self.look()
            done = self._settle_once(picture, request_id, after_stack=after_stack)
            if not done:
                return picture, changes
            changes += done
            if done[-1].action == "moved":
                break
        return self.look(), changes

    def _settle_once(self, picture: Picture, request_id: str, *, after_stack: bool) -> list[Change]:
        versions, service = picture.versions, picture.service
        owed = self._due(picture, after_stack=after_stack)
        changes = []
        if owed.conclude:
            number, result = owed.conclude
            self._history.conclude(versions, number, result)
            value = next(each.value for each in versions if each.number == number)
            changes.append(Change("concluded", value, result))
        if owed.revert_to:
            self._history.revert(versions, owed.revert_to, request_id)
            changes.append(Change("reverted", owed.revert_to))
        if owed.move_to:
            self._set(service, owed.move_to)
            changes.append(Change("moved", owed.move_to, version_before=service.version))
        return changes

    def _due(self, picture: Picture, *, after_stack: bool) -> Due:
        records = self.records(picture)
        return due(picture.versions, picture.service, records, after_stack=after_stack)

    def roll_out(
        self,
        picture: Picture,
        version: str,
        *,
        action: str,
        caller: str,
        request_id: str,
        force: bool,
    ) -> str:
        """Move parameter and service to a version. The lease is held.

        If the service cannot be moved, the parameter goes back and the new revision is taken back.

        Args:
            picture: What is known of the service.
            version: The tag or digest.
            action: `update` or `rollback`.
            caller: Who asked for it.
            request_id: The request.
            force: Whether to deploy what runs already; what failed to run is deployed anyhow.

        Returns:
            ARN of the revision that the service is set to.

        Raises:
            AwsFault: A call failed; `left` tells what could not be taken back.
        """
        current = picture.service.revision
        is_same = current.image.version == version
        new_arn = "" if is_same else self.ecs.register(current, version)
        try:
            self._history.write(version, action=action, caller=caller, request_id=request_id)
            if new_arn or force or picture.service.rollout == FAILED:
                self.ecs.update(new_arn, force=is_same)
        except AwsFault as fault:
            if fault.is_uncertain:
                fault.left.append(f"whether the service is set to {new_arn} is not known")
            else:
                self._restore(fault, picture.versions, request_id)
                self._deregister(fault, new_arn)
            raise
        return new_arn or current.arn

    def restart(self) -> None:
        """Start the tasks anew, so that they read their secrets again.

        Raises:
            AwsFault: The call failed.
        """
        self.ecs.update(force=True)

    def _set(self, service: ServiceState, version: str) -> None:
        arn = self.ecs.register(service.revision, version)
        try:
            self.ecs.update(arn)
        except AwsFault as fault:
            if not fault.is_uncertain:
                self._deregister(fault, arn)
            raise

    def _restore(self, fault: AwsFault, versions: list[Version], request_id: str) -> None:
        """Give the parameter the value it had, if it has that of the request now."""
        value = versions[-1].value
        try:
            now = self._history.read()
            if now[-1].request_id == request_id and now[-1].value != value:
                self._history.revert(now, value, request_id)
        except AwsFault as second:
            name = self.settings.parameter
            fault.left.append(f"the parameter {name} could not be set back to {value} ({second})")

    def _deregister(self, fault: AwsFault, arn: str) -> None:
        try:
            if arn:
                self.ecs.deregister(arn)
        except AwsFault as second:
            fault.left.append(f"{arn} could not be deregistered ({second})")
