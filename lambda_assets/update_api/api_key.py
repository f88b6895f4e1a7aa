"""The key that callers send in `x-api-key`, kept in Secrets Manager.

IAM: `secretsmanager:GetSecretValue` on the secret, and `kms:Decrypt` on its key if that is a
customer-managed one.
https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
"""

from __future__ import annotations

import hmac
import math
import time
from collections.abc import Callable
from typing import Any, Protocol

from api_errors import AwsFault
from aws_call import aws_call

CACHE_SECONDS = 300.0
"""How long a key that was read is used without looking again."""

FAILURE_SECONDS = 5.0
"""How long after a failed read requests are answered with that failure, without another read."""

REREAD_SECONDS = 30.0
"""How long after a read a key that does not match is refused without reading again."""


class SecretsClient(Protocol):
    """What is used of a Secrets Manager client."""

    def get_secret_value(self, *, SecretId: str) -> dict[str, Any]:
        """Read the secret's current version."""


class ApiKey:
    """Tells whether a key is the right one.

    The secret is read when the first request comes and again after `CACHE_SECONDS`. A key that
    does not match makes it read again at once, so that a rotated key works without a deployment,
    but at most every `REREAD_SECONDS`, so that wrong keys cannot make one call for each request;
    nor can any key while the secret cannot be read (`FAILURE_SECONDS`).
    White space around the secret's string is not part of the key, since a header cannot carry it.

    Args:
        client: Client for Secrets Manager.
        secret_arn: ARN of the secret.
        clock: Monotonic clock, in seconds.
    """

    def __init__(
        self,
        client: SecretsClient,
        secret_arn: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Read nothing yet."""
        self._client = client
        self._secret_arn = secret_arn
        self._clock = clock
        self._key = b""
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
        return hmac.compare_digest(self._key, given) and self._key != b""

    def _read(self) -> None:
        if self._failure and self._clock() - self._tried_at < FAILURE_SECONDS:
            raise AwsFault(self._failure.action, self._failure.code, self._failure.aws_request_id)
        self._tried_at = self._clock()
        try:
            answer = aws_call(
                "secretsmanager:GetSecretValue",
                self._client.get_secret_value,
                SecretId=self._secret_arn,
            )
        except AwsFault as fault:
            self._failure = fault
            raise
        self._failure = None
        self._key = answer.get("SecretString", "").strip().encode()
        self._read_at = self._tried_at
