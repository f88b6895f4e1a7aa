"""What a service and the history of its version say together: how a rollout went, what is due.

Nothing here calls AWS: the same facts give the same decision, however often and in whatever order
events tell of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ecs_service import IN_PROGRESS, RolloutRecord, ServiceState
from version_history import (
    COMPLETED,
    FAILED,
    REVERT,
    ROLLED_BACK,
    Version,
    last_completed,
)

SETTLING = timedelta(seconds=60)
"""How long after an update ECS may still describe the service as before."""

_RESULTS = {
    "SUCCESSFUL": COMPLETED,
    # It has failed already, and no event may come when what ran before runs again.
    "ROLLBACK_REQUESTED": ROLLED_BACK,
    "ROLLBACK_IN_PROGRESS": ROLLED_BACK,
    "ROLLBACK_SUCCESSFUL": ROLLED_BACK,
    "ROLLBACK_FAILED": FAILED,
    "STOPPED": FAILED,
}
# A record is of a version if it is younger; clocks of two services may differ a little.
_CLOCK_DIFFERENCE = timedelta(seconds=5)


@dataclass(frozen=True)
class Due:
    """What is to be done, each part of it optional.

    Attributes:
        conclude: A version of the parameter, and the result to record for it.
        revert_to: The value that the parameter goes back to.
        move_to: The version that the service is moved to.
    """

    conclude: tuple[int, str] | None = None
    revert_to: str | None = None
    move_to: str | None = None


def due(
    versions: Sequence[Version],
    service: ServiceState,
    records: Sequence[RolloutRecord],
    *,
    after_stack: bool,
) -> Due:
    """Compare what was asked for with what runs.

    A version that completed is owed to the service until another is asked for. One that failed is
    given up if a request asked for it; if the code did, the parameter keeps it, so that the next
    deployment tries it again, and what completed last runs.

    Args:
        versions: The history of the parameter.
        service: The service.
        records: Its last rollouts.
        after_stack: Whether the stack that deploys the service has just come to rest. Only then is
            the service moved away from what CloudFormation or anybody else set it to.
    """
    newest = _meant(versions)
    is_there = service.version == newest.value
    if is_there and service.rollout == COMPLETED:
        return Due() if newest.result == COMPLETED else Due((newest.number, COMPLETED))
    if is_there and service.rollout == IN_PROGRESS:
        return Due()
    earlier = _completed_unrecorded(versions, service, records)
    if earlier:
        return Due((earlier.number, COMPLETED))
    result = newest.result or outcome(newest, service, records)
    conclude = (newest.number, result) if result and not newest.result else None
    if result == COMPLETED:
        return Due(conclude, move_to=newest.value if after_stack and not is_there else None)
    good = last_completed(versions)
    if newest.by_request:
        before = good or (versions[-2] if len(versions) > 1 else None)
        return _due_by_request(newest, before, service, conclude, result, after_stack=after_stack)
    owed = good.value if after_stack and good and service.version != good.value else None
    return Due(conclude, move_to=owed)


def _completed_unrecorded(
    versions: Sequence[Version], service: ServiceState, records: Sequence[RolloutRecord]
) -> Version | None:
    """A version that completed after another had been written, or whose event was lost."""
    good = last_completed(versions)
    since = [each for each in versions[:-1] if not each.result and each.action != REVERT]
    for each in reversed(since):
        is_newer = good is None or each.number > good.number
        if is_newer and _has_completed(each, service, records):
            return each
    return None


def _has_completed(
    version: Version, service: ServiceState, records: Sequence[RolloutRecord]
) -> bool:
    if service.version == version.value and service.rollout == COMPLETED:
        return True
    ended = [_RESULTS.get(each.status) for each in records if _is_of(each, version)]
    return COMPLETED in ended


def _is_of(record: RolloutRecord, version: Version) -> bool:
    return record.version == version.value and record.at >= version.at - _CLOCK_DIFFERENCE


def _meant(versions: Sequence[Version]) -> Version:
    """The newest version, or the update that it stands for.

    An update that goes on gets its place back when the one that was to take it could not begin.
    """
    newest = versions[-1]
    if newest.action != REVERT or newest.result:
        return newest
    same = (each for each in reversed(versions[:-1]) if each.value == newest.value)
    update = next(same, newest)
    goes_on = update.by_request and not update.result
    return replace(update, number=newest.number) if goes_on else newest


def _due_by_request(
    newest: Version,
    before: Version | None,
    service: ServiceState,
    conclude: tuple[int, str] | None,
    result: str,
    *,
    after_stack: bool,
) -> Due:
    if not result:
        return Due(move_to=newest.value if after_stack and _runs_other(service, newest) else None)
    if before is None:
        return Due(conclude)
    stuck = service.version == newest.value and service.rollout == FAILED
    must_move = service.version != before.value and (after_stack or stuck)
    return Due(conclude, before.value, before.value if must_move else None)


def _runs_other(service: ServiceState, wanted: Version) -> bool:
    return service.version != wanted.value


def outcome(version: Version, service: ServiceState, records: Sequence[RolloutRecord]) -> str:
    """How the rollout of a version ended: a result, or empty if it did not begin or end.

    A rollout that another one took the place of counts for nothing: it did not fail.
    """
    if service.version == version.value:
        return "" if service.rollout == IN_PROGRESS else service.rollout
    for index, record in enumerate(records):
        if not _is_of(record, version):
            continue
        if record.status == "STOPPED" and index > 0:
            return ""
        return _RESULTS.get(record.status, "")
    return ""


def is_busy(versions: Sequence[Version], service: ServiceState, now: datetime) -> bool:
    """Whether an update is under way, also one that ECS does not show yet."""
    if service.rollout == IN_PROGRESS:
        return True
    newest = versions[-1]
    unseen = newest.by_request and not newest.result and service.version != newest.value
    return unseen and now - newest.at < SETTLING


def requested(versions: Sequence[Version]) -> Version:
    """The version that was last asked for, whether it came to run or not."""
    return next((each for each in reversed(versions) if each.action != REVERT), versions[-1])


def state_of(
    versions: Sequence[Version], service: ServiceState, records: Sequence[RolloutRecord]
) -> str:
    """The state of the rollout of the version that was last asked for.

    Returns:
        `IN_PROGRESS`, `COMPLETED`, `FAILED` or `ROLLED_BACK`.
    """
    wanted = requested(versions)
    if wanted is not versions[-1]:
        return wanted.result or FAILED
    if service.rollout == IN_PROGRESS:
        return IN_PROGRESS
    return wanted.result or outcome(wanted, service, records) or IN_PROGRESS
