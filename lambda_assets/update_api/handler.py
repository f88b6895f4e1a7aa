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
from ecs_service import EcsService
from request_log import write_line
from update_application import UpdateApplication
from update_settings import UpdateSettings

_CLIENT_CONFIG = Config(
    connect_timeout=1,
    read_timeout=4,
    retries={"mode": "standard", "total_max_attempts": 3},
)


class LambdaContext(Protocol):
    """What is used of the context object that Lambda hands to a handler."""

    aws_request_id: str


def _build(environ: Mapping[str, str]) -> UpdateApplication:
    settings = UpdateSettings.from_environment(environ)
    session = botocore.session.get_session()

    def client(service_name: str) -> Any:
        return session.create_client(
            service_name, region_name=environ.get("AWS_REGION"), config=_CLIENT_CONFIG
        )

    return UpdateApplication(
        settings=settings,
        api_key=ApiKey(client("secretsmanager"), settings.api_key_secret_arn),
        service=EcsService(client("ecs"), settings),
        log=write_line,
    )


_application = _build(os.environ)


def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request of the load balancer.

    Args:
        event: The request, as an Application Load Balancer hands it to a Lambda target.
        context: Lambda's context of this invocation.

    Returns:
        The response, in the form the load balancer expects.
    """
    return _application.answer(event, context.aws_request_id)
