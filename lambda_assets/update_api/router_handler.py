"""Entry point of the Lambda function that answers at the bare path of the update API's hosts."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any, Protocol

import botocore.session  # type: ignore[import-untyped, unused-ignore]
from botocore.config import Config  # type: ignore[import-untyped, unused-ignore]

from request_log import write_line
from router import Router

# One attempt: an update that was begun is not begun again.
_CLIENT_CONFIG = Config(
    connect_timeout=1, read_timeout=125, retries={"mode": "standard", "total_max_attempts": 1}
)


class LambdaContext(Protocol):
    """What is used of the context object that Lambda hands to a handler."""

    aws_request_id: str


def _build(environ: Mapping[str, str]) -> Router:
    client = botocore.session.get_session().create_client(
        "lambda", region_name=environ.get("AWS_REGION"), config=_CLIENT_CONFIG
    )
    return Router(json.loads(environ["FUNCTIONS"]), client, write_line)


_router = _build(os.environ)


def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request of the load balancer.

    Args:
        event: The request, as an Application Load Balancer hands it to a Lambda target.
        context: Lambda's context of this invocation.

    Returns:
        The response, in the form the load balancer expects.
    """
    return _router.answer(event, context.aws_request_id)
