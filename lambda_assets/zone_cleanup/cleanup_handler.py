"""Entry point of the Lambda function behind the clean-up of a zone: wires the parts together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import boto3  # type: ignore[import-untyped, unused-ignore]
from botocore.config import Config  # type: ignore[import-untyped, unused-ignore]

from cleanup_application import CleanupApplication
from response_url import put
from validation_records import ValidationRecords

_CLIENT_CONFIG = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 3},
)


class LambdaContext(Protocol):
    """What is used of the context object that Lambda hands to a handler."""

    log_stream_name: str


_application = CleanupApplication(
    ValidationRecords(boto3.client("route53", config=_CLIENT_CONFIG)), put
)


def handler(event: Mapping[str, Any], context: LambdaContext) -> None:
    """Answer one request of CloudFormation.

    Args:
        event: The request, as CloudFormation sends it to a custom resource.
        context: Lambda's context of this invocation.

    Raises:
        OSError: CloudFormation could not be answered. Lambda then invokes the function again.
    """
    _application.answer(event, context.log_stream_name)
