"""Lets one request or event at a time change a service.

The lease is a parameter that PutParameter makes without overwriting, which Parameter Store does for
one caller only. A holder that ended without giving it back, as by a time-out, loses it after
`LEASE_SECONDS`, which is more than the function may run. Then it is taken by overwriting: that
numbers the parameter's versions one by one, so that of several callers one gets the next number.

IAM actions the code calls, on the one parameter: `ssm:PutParameter`, `ssm:GetParameter`,
`ssm:DeleteParameter`.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Protocol

from api_errors import AwsFault
from aws_call import aws_call

LEASE_SECONDS = 180
"""How long a lease lasts. The function ends after 120 seconds."""

_SUFFIX = ".lease"


class LeaseClient(Protocol):
    """What is used of a Systems Manager client. The arguments' names are AWS's."""

    def get_parameter(self, **parameters: Any) -> dict[str, Any]:
        """Read the lease."""

    def put_parameter(self, **parameters: Any) -> dict[str, Any]:
        """Take the lease."""

    def delete_parameter(self, **parameters: Any) -> dict[str, Any]:
        """Give the lease back."""


class LeaseTaken(Exception):
    """Another request changes the service."""


class Lease:
    """The right to change one service.

    Args:
        client: Client for Systems Manager.
        parameter: Name of the parameter that holds the service's live version.
        now: The time of day.
    """

    def __init__(self, client: LeaseClient, parameter: str, now: Callable[[], datetime]) -> None:
        """Take nothing yet."""
        self._client = client
        self._name = f"{parameter}{_SUFFIX}"
        self._now = now

    @contextmanager
    def held(self, owner: str, on_fault: Callable[[AwsFault], None]) -> Iterator[None]:
        """Hold the lease for the length of a block.

        Args:
            owner: Who takes it: the id of the request.
            on_fault: Told if the lease could not be given back. It then ends by itself, and what
                the block did is done.

        Raises:
            LeaseTaken: Another holds it.
            AwsFault: A call failed, and the lease is not held.
        """
        self._take(owner)
        try:
            yield
        finally:
            try:
                aws_call("ssm:DeleteParameter", self._client.delete_parameter, Name=self._name)
            except AwsFault as fault:
                # It is gone if the answer to the first attempt was lost, and the call tried again.
                if fault.code != "ParameterNotFound":
                    on_fault(fault)

    def _take(self, owner: str) -> None:
        try:
            self._put(owner, overwrite=False)
        except AwsFault as fault:
            if fault.code == "ParameterAlreadyExists":
                self._take_over(owner)
            elif fault.aws_request_id or not self._is_held_by(owner):
                raise

    def _is_held_by(self, owner: str) -> bool:
        """Whether a call without an answer was carried out all the same."""
        try:
            return bool(self._read()["Value"] == owner)
        except AwsFault:
            return False

    def _take_over(self, owner: str) -> None:
        """Take a lease that has ended, and only that."""
        try:
            lease = self._read()
        except AwsFault as fault:
            if fault.code == "ParameterNotFound":
                raise LeaseTaken from fault
            raise
        if lease["Value"] == owner:
            # Its own: the answer to the first attempt was lost, and the call tried again.
            return
        if self._now() - lease["LastModifiedDate"] < timedelta(seconds=LEASE_SECONDS):
            raise LeaseTaken
        if self._put(owner, overwrite=True) != lease["Version"] + 1:
            raise LeaseTaken

    def _read(self) -> dict[str, Any]:
        answer = aws_call("ssm:GetParameter", self._client.get_parameter, Name=self._name)
        lease: dict[str, Any] = answer["Parameter"]
        return lease

    def _put(self, owner: str, *, overwrite: bool) -> int:
        answer = aws_call(
            "ssm:PutParameter",
            self._client.put_parameter,
            Name=self._name,
            Value=owner,
            Type="String",
            Overwrite=overwrite,
        )
        number: int = answer["Version"]
        return number
