"""Entry point of the Lambda function behind the update API: wires the parts together.

Everything is made once per execution environment, while Lambda initializes it, so that a request
finds its clients ready and a missing setting is seen before the first request.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Protocol

import botocore.session  # type: ignore[import-untyped, unused-ignore]
from botocore.config import Config  # type: ignore[import-untyped, unused-ignore]

from api_key import ApiKey
from audit import Audit
from event_application import EventApplication
from managed_service import ManagedService
from request_log import write_line
from settings import Settings
from update_application import UpdateApplication, utc_now

_CLIENT_CONFIG = Config(
    connect_timeout=1,
    read_timeout=4,
    retries={"mode": "standard", "total_max_attempts": 3},
)


class LambdaContext(Protocol):
    """What is used of the context object that Lambda hands to a handler."""

    aws_request_id: str


def _build(environ: Mapping[str, str]) -> tuple[UpdateApplication, EventApplication]:
    settings = Settings.from_environment(environ)
    session = botocore.session.get_session()

    def client(service_name: str) -> Any:
        return session.create_client(
            service_name, region_name=environ.get("AWS_REGION"), config=_CLIENT_CONFIG
        )

    ecs, ssm, audit = client("ecs"), client("ssm"), Audit(client("events"))
    services = {
        name: ManagedService(service, ecs, ssm, utc_now)
        for name, service in settings.services.items()
    }
    secret = settings.api_key_secret_arn
    requests = UpdateApplication(
        settings=settings,
        services=services,
        api_key=ApiKey(client("secretsmanager"), secret) if secret else None,
        audit=audit,
        log=write_line,
    )
    return requests, EventApplication(services=services, audit=audit, log=write_line)


_requests, _events = _build(os.environ)


def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any] | None:
    """Answer one request, or act on one event.

    Args:
        event: A request, as a load balancer or a function URL hands it to a Lambda; or an event of
            EventBridge.
        context: Lambda's context of this invocation.

    Returns:
        The response to a request; nothing for an event.
    """
    if _events.takes(event):
        _events.handle(event, context.aws_request_id)
        return None
    return _requests.answer(event, context.aws_request_id)
