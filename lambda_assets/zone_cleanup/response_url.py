"""Sends an answer to the address that CloudFormation gives with each request."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping

_TIMEOUT_SECONDS = 10


def put(url: str, answer: Mapping[str, str]) -> None:
    """Send an answer.

    The address is a presigned one of S3, whose signature covers an empty content type. Source:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html

    Args:
        url: CloudFormation's `ResponseURL`.
        answer: The answer.

    Raises:
        OSError: The answer did not arrive.
    """
    request = urllib.request.Request(  # noqa: S310
        url,
        data=json.dumps(answer).encode(),
        headers={"Content-Type": ""},
        method="PUT",
    )
    with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS):  # noqa: S310
        pass
