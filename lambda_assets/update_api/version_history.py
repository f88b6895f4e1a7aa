"""The parameter that holds a service's live version, with its history.

Parameter Store keeps the last hundred versions of a parameter. What the update API writes carries
who asked for it in the version's description; how the rollout ended is a label on the version.
A label must never sit on the oldest of a hundred versions, or nothing can be written any more.
Hence old labels are taken off.

IAM actions the code calls, on the one parameter: `ssm:GetParameterHistory`, `ssm:PutParameter`,
`ssm:LabelParameterVersion`, `ssm:UnlabelParameterVersion`.

https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-versions.html
https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-labels.html
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from aws_call import aws_call

COMPLETED = "COMPLETED"
FAILED = "FAILED"
ROLLED_BACK = "ROLLED_BACK"
_RESULTS = (COMPLETED, FAILED, ROLLED_BACK)

KEPT_LABELS = 10
"""How many of the last versions keep their labels, beside the two that completed last."""

OLDEST_LABEL = 80
"""How many versions later also these two lose theirs, as those of a tag that is rolled out by force
again and again; twenty can then be written before any is the oldest of a hundred."""

WRITTEN_AGAIN = timedelta(seconds=30)
"""How long after a version one that says the same is that call tried again, its answer lost."""

CODE = "code"
UPDATE = "update"
ROLLBACK = "rollback"
REVERT = "revert"


class ParameterClient(Protocol):
    """What is used of a Systems Manager client. The arguments' names are AWS's."""

    def get_parameter_history(self, **parameters: Any) -> dict[str, Any]:
        """List versions, oldest first."""

    def put_parameter(self, **parameters: Any) -> dict[str, Any]:
        """Write a version."""

    def label_parameter_version(self, **parameters: Any) -> dict[str, Any]:
        """Attach a label."""

    def unlabel_parameter_version(self, **parameters: Any) -> dict[str, Any]:
        """Take a label off."""


@dataclass(frozen=True)
class Version:
    """One version of the parameter.

    Attributes:
        number: Its number.
        value: The image's tag or digest.
        at: When it was written.
        action: `update` or `rollback` by a request; `revert` after a failure of the one before;
            `code` if something else wrote it, which is a deployment of the code.
        caller: Who asked for it; empty with `code`.
        request_id: The request; empty with `code`.
        result: How the rollout ended: `COMPLETED`, `FAILED`, `ROLLED_BACK`, or empty.
    """

    number: int
    value: str
    at: datetime
    action: str = CODE
    caller: str = ""
    request_id: str = ""
    result: str = ""

    @property
    def by_request(self) -> bool:
        """Whether a request to the update API asked for it."""
        return self.action in (UPDATE, ROLLBACK)


class VersionHistory:
    """Reads and writes the parameter.

    Args:
        client: Client for Systems Manager.
        name: Name of the parameter.
    """

    def __init__(self, client: ParameterClient, name: str) -> None:
        """Read nothing yet."""
        self._client = client
        self._name = name

    def read(self) -> list[Version]:
        """Every version that is kept, oldest first; at least one.

        Raises:
            AwsFault: The call failed, also because there is no such parameter.
        """
        entries: list[dict[str, Any]] = []
        token: dict[str, str] = {}
        while True:
            answer = aws_call(
                "ssm:GetParameterHistory",
                self._client.get_parameter_history,
                Name=self._name,
                MaxResults=50,
                **token,
            )
            entries += answer["Parameters"]
            if not answer.get("NextToken"):
                return _versions(sorted(entries, key=lambda entry: entry["Version"]))
            token = {"NextToken": answer["NextToken"]}

    def write(self, value: str, *, action: str, caller: str, request_id: str) -> int:
        """Write a version, and say who asked for it. Returns its number.

        Raises:
            AwsFault: The call failed.
        """
        description = {"action": action, "by": caller, "id": request_id, "to": value}
        answer = aws_call(
            "ssm:PutParameter",
            self._client.put_parameter,
            Name=self._name,
            Value=value,
            Description=json.dumps(description),
            Overwrite=True,
        )
        number: int = answer["Version"]
        return number

    def revert(self, versions: Sequence[Version], value: str, request_id: str) -> None:
        """Give the parameter a value of before, unless the code has written one meanwhile.

        That is seen by the number only, so the code's value is then written once more.

        Args:
            versions: What `read` returned.
            value: The tag or digest.
            request_id: The request or event on whose behalf it is done.

        Raises:
            AwsFault: A call failed.
        """
        said = {"action": REVERT, "caller": "", "request_id": request_id}
        if self.write(value, **said) == versions[-1].number + 1:
            return
        between = self.read()[-2]
        if between.value != value and not between.by_request:
            self.write(between.value, **said)

    def conclude(self, versions: Sequence[Version], number: int, result: str) -> None:
        """Record how the rollout of a version ended, in place of what was recorded before.

        Args:
            versions: What `read` returned.
            number: The version.
            result: `COMPLETED`, `FAILED` or `ROLLED_BACK`.

        Raises:
            AwsFault: A call failed.
        """
        aws_call(
            "ssm:LabelParameterVersion",
            self._client.label_parameter_version,
            Name=self._name,
            ParameterVersion=number,
            Labels=[_label(result, number)],
        )
        for version in _outdated(versions, number, result):
            aws_call(
                "ssm:UnlabelParameterVersion",
                self._client.unlabel_parameter_version,
                Name=self._name,
                ParameterVersion=version.number,
                Labels=[_label(version.result, version.number)],
            )


def last_completed(versions: Sequence[Version]) -> Version | None:
    """The newest version whose rollout completed."""
    return next((each for each in reversed(versions) if each.result == COMPLETED), None)


def completed_before(versions: Sequence[Version], value: str) -> Version | None:
    """The newest version that completed with another value."""
    return last_completed([each for each in versions if each.value != value])


def _outdated(versions: Sequence[Version], number: int, result: str) -> list[Version]:
    """The versions whose label is of no use any more."""
    after = [replace(each, result=result) if each.number == number else each for each in versions]
    completed = last_completed(after)
    before = completed_before(after, completed.value) if completed else None
    kept = {each.number for each in (completed, before) if each}
    return [
        each
        for each in versions
        if (each.number == number and each.result not in ("", result))
        or (
            each.result
            and each.number <= versions[-1].number - KEPT_LABELS
            and (each.number not in kept or each.number <= versions[-1].number - OLDEST_LABEL)
        )
    ]


def _versions(entries: Sequence[dict[str, Any]]) -> list[Version]:
    versions: list[Version] = []
    before: dict[str, Any] = {}
    for entry in entries:
        if _is_again(entry, before):
            versions[-1] = _version(entry)
        else:
            versions.append(_version(entry, before.get("Description", "")))
        before = entry
    return versions


def _label(result: str, number: int) -> str:
    return f"{result}.{number}"


def _is_again(entry: dict[str, Any], before: dict[str, Any]) -> bool:
    """Whether a version is the same call as the one before, which the client tried again."""
    description = entry.get("Description", "")
    return (
        _said(description).get("to") == entry["Value"] == before.get("Value")
        and description == before.get("Description")
        and entry.get("LastModifiedUser") == before.get("LastModifiedUser")
        and entry["LastModifiedDate"] - before["LastModifiedDate"] <= WRITTEN_AGAIN
    )


def _version(entry: dict[str, Any], description_before: str = "") -> Version:
    """A version; one that CloudFormation writes may have the description of the one before."""
    number, value = entry["Version"], entry["Value"]
    description = entry.get("Description", "")
    said = _said(description) if description != description_before else {}
    own = said if said.get("to") == value else {}
    results = [each for each in _RESULTS if _label(each, number) in entry.get("Labels", ())]
    return Version(
        number=number,
        value=value,
        at=entry["LastModifiedDate"],
        action=own.get("action", CODE),
        caller=own.get("by", ""),
        request_id=own.get("id", ""),
        result=results[0] if results else "",
    )


def _said(description: str) -> dict[str, str]:
    try:
        said = json.loads(description)
    except ValueError:
        return {}
    is_text = isinstance(said, dict) and all(isinstance(each, str) for each in said.values())
    return said if is_text else {}
