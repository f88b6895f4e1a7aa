"""Gap: what ministack's enforcement of IAM takes for refused or allowed, but AWS does not.

It checks requests to ECS against the cluster in place of the service, those about log streams
against their group, takes several parameters of SSM for none, and knows neither tags nor roles that
a new task definition brings along. Of KMS it knows no encryption context, of Route 53 not what a
request changes, of Bedrock not the model behind an inference profile. And it refuses whatever a
policy allows over TLS only, as the one of the bucket of `cdk bootstrap` does.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from .permissions import Permission, needed
from .request_contexts import encryption_context, invoked_models, of_log_streams, record_changes

_SERVICES = ("ecs", "events", "ssm")
_BEDROCK = "bedrock-runtime"


def complete() -> None:
    """Make ministack demand the permissions that AWS does; without effect if it enforces none."""
    from ministack import app
    from ministack.core import iam_actions

    pin_request_origin = app.pin_request_origin
    app.pin_request_origin = lambda address, _secure: pin_request_origin(address, True)

    extract_resource_arn = iam_actions.extract_resource_arn
    request_tag_context = iam_actions.request_tag_context

    def resource_arn(
        service: str, method: str, path: str, headers: Mapping[str, str], body: bytes, *further: Any
    ) -> str:
        permissions = _needed(service, headers.get("x-amz-target", ""), body)
        if permissions:
            return permissions[0].resource
        if service == _BEDROCK and (models := invoked_models(path, _scope())):
            return models[0].resource
        found: str = extract_resource_arn(service, method, path, headers, body, *further)
        target = headers.get("x-amz-target", "")
        return f"{found}{of_log_streams(target, body)}" if service == "logs" else found

    def context(service: str, action: str, body: bytes, parameters: Any) -> dict[str, Any]:
        found: dict[str, Any] = request_tag_context(service, action, body, parameters)
        if service == "kms":
            return {**found, **encryption_context(body)}
        if action == "route53:ChangeResourceRecordSets":
            return {**found, **record_changes(body)}
        permissions = _needed(service, action.replace(":", "."), body)
        return {**found, **permissions[0].context} if permissions else found

    iam_actions.extract_resource_arn = resource_arn
    iam_actions.request_tag_context = context
    if app.AUTH:
        for service in (*_SERVICES, _BEDROCK):
            app.SERVICE_HANDLERS[service] = _checked(service, app.SERVICE_HANDLERS[service])


def _needed(service: str, target: str, body: bytes) -> list[Permission]:
    if service not in _SERVICES:
        return []
    try:
        return needed(service, target.rpartition(".")[2], json.loads(body or b"{}"), _scope())
    except (AttributeError, KeyError, TypeError, ValueError):
        return []


def _scope() -> str:
    from ministack.core.responses import get_account_id, get_region

    return f"{get_region()}:{get_account_id()}"


def _checked(service: str, handler: Any) -> Any:
    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> Any:
        from ministack.core import iam_actions, iam_evaluator
        from ministack.core.responses import get_region
        from ministack.core.router import extract_access_key_id

        key = extract_access_key_id(headers, query)
        permissions = (
            invoked_models(path, _scope())
            if service == _BEDROCK
            else _needed(service, headers.get("x-amz-target", ""), body)
        )
        for permission in permissions[1:]:
            denied = iam_evaluator.enforce(
                key,
                permission.action,
                service,
                get_region(),
                resource_arn=permission.resource,
                service_context=dict(permission.context),
            )
            if denied:
                return iam_actions.access_denied_response(
                    service,
                    permission.action,
                    denied.principal_arn,
                    str(uuid.uuid4()),
                    headers=headers,
                    resource_arn=permission.resource,
                    explicit_deny=denied.decision == "Deny",
                )
        return await handler(method, path, headers, body, query)

    return handle
