"""The two ways in which a request ends on purpose other than with 200."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus


class Refusal(Exception):
    """The request is at fault, or comes at a wrong time: answered with a status of 400 to 499.

    Args:
        status: Status of the answer.
        message: What is wrong and what is allowed. Never holds what the caller sent.
        headers: Further headers of the answer.
        details: Further members of the answer's body.
    """

    def __init__(
        self,
        status: HTTPStatus,
        message: str,
        headers: Mapping[str, str] | None = None,
        details: Mapping[str, object] | None = None,
    ) -> None:
        """Keep what the answer is made of."""
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers or {}
        self.details = details or {}


class AwsFault(Exception):
    """A call to AWS failed, or its answer lacks what is needed: answered with 500.

    Neither AWS's message nor botocore's is kept: both may quote parameters, and with them
    environment values of the task definition. CloudTrail has AWS's message under the request id.

    Args:
        action: The call, as IAM names it: `ecs:UpdateService`.
        code: AWS's error code, or the name of the failure where AWS did not answer.
        aws_request_id: AWS's id of the failed call, empty if it did not answer.

    Attributes:
        is_uncertain: Whether the call may have been carried out all the same.
        left: What could not be taken back after the failure, one sentence each.
    """

    def __init__(self, action: str, code: str, aws_request_id: str = "") -> None:
        """Make the message, which is fit to be shown to the caller."""
        super().__init__(f"{action} failed: {code}")
        self.action = action
        self.code = code
        self.aws_request_id = aws_request_id
        self.is_uncertain = False
        self.left: list[str] = []
