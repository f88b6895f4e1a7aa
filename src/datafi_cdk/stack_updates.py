"""What a configuration says of updates, as update APIs and their router."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from .config import DatafiEdgeConfig
from .config_services import ServiceConfig
from .datafi_service import DatafiService
from .ingress_base import IngressBase
from .stack_arguments import role_of, secret_of
from .update_api import UpdateApi
from .update_router import UpdateRouter
from .update_window import UpdateFreeze, UpdateWindow


def update_apis(
    scope: Construct,
    config: DatafiEdgeConfig,
    services: Sequence[tuple[DatafiService, ServiceConfig]],
    *,
    ingress: IngressBase,
    encryption_key: kms.IKey | None,
    removal_policy: RemovalPolicy,
    function_arguments: Mapping[str, Any],
) -> dict[str, UpdateApi]:
    """The update API of each service by the service's name, and the router in front of them.

    Args:
        scope: Where they are made.
        config: The configuration.
        services: The services, each with its section, in any order.
        ingress: The load balancer.
        encryption_key: The customer's key for what they make, or `None`.
        removal_policy: What becomes of generated secrets and of logs.
        function_arguments: Where their functions run, and how many requests each answers at once.
    """
    if not services:
        return {}
    services = sorted(services, key=lambda entry: entry[0].name)
    shared_arguments = {
        "ingress": ingress,
        "encryption_key": encryption_key,
        "removal_policy": removal_policy,
        **function_arguments,
    }
    common = {**_common(scope, config), **shared_arguments}
    if config.update_api.shared:
        apis = _shared(scope, config, [service for service, _ in services], common)
    else:
        apis = {
            service.name: _own(scope, service, section, common) for service, section in services
        }
    if not config.update_api.caller_role_arns:
        UpdateRouter(
            scope,
            "UpdateRouter",
            update_apis=list(dict.fromkeys(apis.values())),
            http_rule_priority=config.update_api.root_path_rule_priority,
            **shared_arguments,
        )
    return apis


def _common(scope: Construct, config: DatafiEdgeConfig) -> dict[str, Any]:
    said = config.update_api
    return {
        "callers": [
            role_of(scope, f"UpdateApi-CallerRole{index}", arn)
            for index, arn in enumerate(said.caller_role_arns)
        ]
        or None,
        "allowed_tags": said.allowed_tags or None,
        "update_windows": [
            UpdateWindow(
                days=window.days,  # type: ignore[arg-type]
                start=window.start,
                duration=Duration.minutes(window.duration_minutes),
            )
            for window in said.update_windows
        ],
        "update_freezes": [
            UpdateFreeze(start=freeze.start, end=freeze.end) for freeze in said.update_freezes
        ],
        "redeploy_on_rotation": said.redeploy_on_rotation,
        **_rotation(scope, config),
    }


def _rotation(scope: Construct, config: DatafiEdgeConfig) -> dict[str, Any]:
    said = config.update_api
    if said.rotation_function_arn is None:
        return {}
    function = lambda_.Function.from_function_attributes(
        scope,
        "UpdateApi-RotationFunction",
        function_arn=said.rotation_function_arn,
        same_environment=True,
    )
    return {"rotation_function": function, "rotate_after": Duration.days(said.rotation_days)}


def _shared(
    scope: Construct,
    config: DatafiEdgeConfig,
    services: Sequence[DatafiService],
    common: dict[str, Any],
) -> dict[str, UpdateApi]:
    said = config.update_api
    secret = secret_of(scope, "UpdateApi-Secret", said.secret_arn, said.secret_kms_key_arn)
    api = UpdateApi(
        scope,
        "UpdateApi",
        services=services,
        secret=secret,
        every_path=common["callers"] is None,
        **common,
    )
    return {service.name: api for service in services}


def _own(
    scope: Construct, service: DatafiService, section: ServiceConfig, common: dict[str, Any]
) -> UpdateApi:
    construct_id = f"UpdateApi-{service.name}"
    return UpdateApi(
        scope,
        construct_id,
        services=[service],
        secret=secret_of(
            scope,
            f"{construct_id}-Secret",
            section.update_secret_arn,
            section.update_secret_kms_key_arn,
        ),
        http_rule_priority=section.update_rule_priority,
        **common,
    )
