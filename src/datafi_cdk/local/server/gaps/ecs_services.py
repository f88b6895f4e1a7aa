"""Gap: properties of services and task definitions that ministack's CloudFormation drops.

Of `AWS::ECS::Service` Cloud Map registries, the health check's grace period, ECS Exec, platform
version and tag propagation; of `AWS::ECS::TaskDefinition` secrets, registry credentials, the
platform and the disk, which its ECS shows and takes only under the names of the API.
"""

from __future__ import annotations

from typing import Any

from .registry import Created, Handler, Properties

SERVICE = "AWS::ECS::Service"
TASK_DEFINITION = "AWS::ECS::TaskDefinition"

_KEPT = {
    "EnableECSManagedTags": "enableECSManagedTags",
    "EnableExecuteCommand": "enableExecuteCommand",
    "HealthCheckGracePeriodSeconds": "healthCheckGracePeriodSeconds",
    "PlatformVersion": "platformVersion",
    "PropagateTags": "propagateTags",
    "ServiceRegistries": "serviceRegistries",
}
_OF_A_CONTAINER = ("secrets", "repositoryCredentials")
_OF_A_TASK = {"EphemeralStorage": "ephemeralStorage", "RuntimePlatform": "runtimePlatform"}


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


def _complete_task_definition(arn: str, properties: Properties) -> None:
    from ministack.services import ecs

    record = ecs._task_defs[arn.rpartition("/")[2]]
    for container in record["containerDefinitions"]:
        container.update(
            {key: _lower_camel(container[key]) for key in _OF_A_CONTAINER if key in container}
        )
    record.update(
        {
            key: _lower_camel(properties[name])
            for name, key in _OF_A_TASK.items()
            if name in properties
        }
    )


def wrap_task_definition(handler: Handler) -> Handler:
    """Handlers that keep these properties as the API names them."""

    def create(logical_id: str, properties: Properties, stack_name: str) -> Created:
        created: Created = handler["create"](logical_id, properties, stack_name)
        _complete_task_definition(created[0], properties)
        return created

    def update(
        arn: str, old: Properties, new: Properties, stack_name: str, logical_id: str
    ) -> Created:
        updated: Created = handler["update"](arn, old, new, stack_name, logical_id)
        _complete_task_definition(updated[0], new)
        return updated

    return {"create": create, "update": update}
