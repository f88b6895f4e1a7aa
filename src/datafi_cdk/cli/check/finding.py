"""What a check finds: one row of the table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How it stands with one thing."""

    PASS = "pass"  # noqa: S105 - no password
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Args:
        status: How it stands with it.
        subject: What was looked at.
        text: What was found.
        remedy: What to do about it; empty if there is nothing to do.
    """

    status: Status
    subject: str
    text: str
    remedy: str = ""


class NotCheckedError(Exception):
    """A question that got no answer, which says nothing about what was asked for.

    Args:
        reason: Why there is no answer.
        remedy: How to get one.
    """

    def __init__(self, reason: str, remedy: str) -> None:
        """Keep both."""
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy


def passed(subject: str, text: str) -> Finding:
    """All is well."""
    return Finding(Status.PASS, subject, text)


def warned(subject: str, text: str, remedy: str) -> Finding:
    """It may do harm, or is not known."""
    return Finding(Status.WARN, subject, text, remedy)


def failed(subject: str, text: str, remedy: str) -> Finding:
    """It does not work as it is."""
    return Finding(Status.FAIL, subject, text, remedy)


def guarded(subject: str, findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings, and a warning in place of those for which there was no answer.

    Args:
        subject: What is looked at.
        findings: What finds them one by one.
    """
    try:
        yield from findings
    except NotCheckedError as error:
        yield warned(subject, f"not checked: {error.reason}", error.remedy)
