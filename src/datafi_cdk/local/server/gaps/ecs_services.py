"""Gap: properties of `AWS::ECS::Service` that ministack's ECS keeps but its CloudFormation drops.

Cloud Map registries, the health check's grace period, ECS Exec, platform version and tag
propagation: `describe_services` shows them.
"""

from __future__ import annotations

from typing import Any

from .registry import Created, Handler, Properties

SERVICE = "AWS::ECS::Service"

_KEPT = {
    "EnableECSManagedTags": "enableECSManagedTags",
    "EnableExecuteCommand": "enableExecuteCommand",
    "HealthCheckGracePeriodSeconds": "healthCheckGracePeriodSeconds",
    "PlatformVersion": "platformVersion",
    "PropagateTags": "propagateTags",
    "ServiceRegistries": "serviceRegistries",
}


def _lower_camel(value: Any) -> Any:
    if isinstance(value, list):
        return [_lower_camel(item) for item in value]
    if isinstance(value, dict):
        return {key[0].lower() + key[1:]: _lower_camel(item) for key, item in value.items()}
    return value


def _complete(arn: str, properties: Properties) -> None:
    from ministack.services import ecs

    record = ecs._services["/".join(arn.split("/")[-2:])]
    record.update(
        {key: _lower_camel(properties[name]) for name, key in _KEPT.items() if name in properties}
    )


def wrap_service(handler: Handler) -> Handler:
    """Handlers that keep these properties as the template says."""

    def create(logical_id: str, properties: Properties, stack_name: str) -> Created:
        created: Created = handler["create"](logical_id, properties, stack_name)
        _complete(created[0], properties)
        return created

    def update(arn: str, old: Properties, new: Properties, stack_name: str) -> Created:
        updated: Created = handler["update"](arn, old, new, stack_name)
        _complete(updated[0], new)
        return updated

    return {"create": create, "update": update}
