"""What `GET /<service>` tells of a service."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ecs_service import RolloutRecord, ServiceState
from image_reference import is_digest
from rollout import requested, state_of
from version_history import COMPLETED, FAILED, REVERT, Version

SHOWN_UPDATES = 10
"""How many of the last updates are told."""


def report(
    name: str,
    service: ServiceState,
    versions: Sequence[Version],
    records: Sequence[RolloutRecord],
    live: str,
) -> dict[str, Any]:
    """The members of the answer.

    Args:
        name: Public name of the service.
        service: The service.
        versions: The history of its version; empty if that is fixed.
        records: Its last rollouts.
        live: The tag or digest that serves; empty if none does.
    """
    state = state_of(versions, service, records) if versions else service.rollout
    wanted = requested(versions).value if versions else service.version
    return {
        "service": name,
        "live": version_members(live) if live else None,
        "requested": version_members(wanted),
        "rolloutState": state,
        "tasks": service.tasks,
        "updates": _updates(versions, state),
    }


def version_members(version: str) -> dict[str, str]:
    """A version as requests name it: `{"imageTag": "v2"}` or `{"imageDigest": "sha256:…"}`."""
    return {"imageDigest" if is_digest(version) else "imageTag": version}


def _updates(versions: Sequence[Version], state: str) -> list[dict[str, Any]]:
    updates = []
    for index, version in enumerate(versions):
        if version.action == REVERT:
            continue
        after = versions[index + 1] if index + 1 < len(versions) else None
        updates.append(
            {
                "at": version.at.isoformat(),
                "by": version.caller or None,
                "action": version.action,
                "from": versions[index - 1].value if index else None,
                "to": version.value,
                "result": version.result or _result_of(after, state),
                "requestId": version.request_id or None,
            }
        )
    return updates[: -SHOWN_UPDATES - 1 : -1]


def _result_of(after: Version | None, state: str) -> str:
    """The result of a version for which none is recorded."""
    if after is None:
        return state
    return FAILED if after.action == REVERT else "SUPERSEDED"


def live_version(service: ServiceState, before: str) -> str:
    """The tag or digest that serves: the one before, until a rollout has completed.

    Args:
        service: The service.
        before: The one that runs beside the rollout; empty if there is none.
    """
    return service.version if service.rollout == COMPLETED else before
