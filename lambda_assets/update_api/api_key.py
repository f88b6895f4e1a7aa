"""The key that callers send in `x-api-key`, kept in Secrets Manager.

IAM: `secretsmanager:GetSecretValue` on the secret, and `kms:Decrypt` on its key if that is a
customer-managed one.
https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
"""

from __future__ import annotations

import hmac
import math
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from api_errors import AwsFault
from aws_call import aws_call

CACHE_SECONDS = 300.0
"""How long a key that was read is used without looking again."""

FAILURE_SECONDS = 5.0
"""How long after a failed read requests are answered with that failure, without another read."""

REREAD_SECONDS = 30.0
"""How long after a read a key that does not match is refused without reading again."""


PREVIOUS_LASTS = timedelta(minutes=15)
"""How long after a rotation the key before it is accepted, so that callers can take the new one."""


class SecretsClient(Protocol):
    """What is used of a Secrets Manager client."""

    def get_secret_value(self, **parameters: Any) -> dict[str, Any]:
        """Read a version of the secret, by default the current one."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class ApiKey:
    """Tells whether a key is the right one.

    The secret is read when the first request comes and again after `CACHE_SECONDS`. A key that
    does not match makes it read again at once, so that a rotated key works without a deployment,
    but at most every `REREAD_SECONDS`, so that wrong keys cannot make one call for each request;
    nor can any key while the secret cannot be read (`FAILURE_SECONDS`).
    For `PREVIOUS_LASTS` after a new version became the current one, the one before is accepted too.
    White space around the secret's string is not part of the key, since a header cannot carry it.

    Args:
        client: Client for Secrets Manager.
        secret_arn: ARN of the secret.
        clock: Monotonic clock, in seconds.
        now: The time of day.
    """

    def __init__(
        self,
        client: SecretsClient,
        secret_arn: str,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        """Read nothing yet."""
        self._client = client
        self._secret_arn = secret_arn
        self._clock = clock
        self._now = now
        self._key = self._previous = b""
        self._previous_until = now()
        self._read_at = self._tried_at = -math.inf
        self._failure: AwsFault | None = None

    def accepts(self, candidate: str) -> bool:
        """Whether `candidate` is the key, compared in constant time.

        An empty secret accepts nothing.

        Raises:
            AwsFault: The secret had to be read and could not be.
        """
        given = candidate.encode("utf-8", "surrogatepass")
        if self._clock() - self._read_at >= CACHE_SECONDS:
            self._read()
        if self._matches(given):
            return True
        if self._clock() - self._tried_at < REREAD_SECONDS:
            return False
        self._read()
        return self._matches(given)

    def _matches(self, given: bytes) -> bool:
        keys = [self._key]
        if self._now() < self._previous_until:
            keys.append(self._previous)
        # Every one is compared, so that the time tells nothing.
        matches = [hmac.compare_digest(key, given) and key != b"" for key in keys]
        return any(matches)

    def _read(self) -> None:
        if self._failure and self._clock() - self._tried_at < FAILURE_SECONDS:
            raise AwsFault(self._failure.action, self._failure.code, self._failure.aws_request_id)
        self._tried_at = self._clock()
        try:
            current = self._version("AWSCURRENT")
            until = current["CreatedDate"] + PREVIOUS_LASTS
            previous = self._version("AWSPREVIOUS") if self._now() < until else {}
        except AwsFault as fault:
            self._failure = fault
            raise
        self._failure = None
        self._key, self._previous = _key(current), _key(previous)
        self._previous_until = until
        self._read_at = self._tried_at

    def _version(self, stage: str) -> dict[str, Any]:
        """A version of the secret; empty if there is no previous one."""
        try:
            answer: dict[str, Any] = aws_call(
                "secretsmanager:GetSecretValue",
                self._client.get_secret_value,
                SecretId=self._secret_arn,
                VersionStage=stage,
            )
        except AwsFault as fault:
            if stage == "AWSPREVIOUS" and fault.code == "ResourceNotFoundException":
                return {}
            raise
        return answer


def _key(version: dict[str, Any]) -> bytes:
    return str(version.get("SecretString", "")).strip().encode()
