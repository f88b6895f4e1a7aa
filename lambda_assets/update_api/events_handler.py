"""Entry point of the Lambda function that hands events on to the update APIs of a stack."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any, Protocol

import botocore.session  # type: ignore[import-untyped, unused-ignore]
from botocore.config import Config  # type: ignore[import-untyped, unused-ignore]

from event_forwarder import EventForwarder
from request_log import write_line

_PREFIX = "API_"
_CLIENT_CONFIG = Config(
    connect_timeout=1,
    read_timeout=4,
    retries={"mode": "standard", "total_max_attempts": 3},
)


class LambdaContext(Protocol):
    """What is used of the context object that Lambda hands to a handler."""

    aws_request_id: str


def _build(environ: Mapping[str, str]) -> EventForwarder:
    client = botocore.session.get_session().create_client(
        "lambda", region_name=environ.get("AWS_REGION"), config=_CLIENT_CONFIG
    )
    apis = [json.loads(environ[name]) for name in sorted(environ) if name.startswith(_PREFIX)]
    return EventForwarder(apis, json.loads(environ["STACKS"]), client, write_line)


_forwarder = _build(os.environ)


def handler(event: Mapping[str, Any], context: LambdaContext) -> None:
    """Hand one event of EventBridge on.

    Args:
        event: The event.
        context: Lambda's context of this invocation.
    """
    _forwarder.handle(event, context.aws_request_id)
