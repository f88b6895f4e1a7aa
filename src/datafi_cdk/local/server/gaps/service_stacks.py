"""Gap: CloudFormation waits for the rollout of an ECS service, and fails with it.

A failed rollout fails the resource, and the stack's rollback brings the task definition of the
former template back, whatever the service ran in between. See
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-service.html
"""

from __future__ import annotations

import time
from typing import Any

from .ecs_services import SERVICE
from .registry import Created, Handler, Properties
from .service_deployments import DEPLOYMENTS

_POLL_SECONDS = 0.05
_IN_PROGRESS = ("PENDING", "IN_PROGRESS")
_ROLLING_BACK = "ROLLBACK_IN_PROGRESS"
# Of these CloudFormation sends the template's value with every update of the resource, so that a
# service that was moved behind its back comes back.
_ALWAYS_SENT = ("TaskDefinition", "DesiredCount")


def send_failed_services_back() -> None:
    """Let a rollback send back the service whose own update failed, too."""
    from ministack.services.cloudformation import stacks

    sends_back = stacks._sends_back_failed_update
    stacks._sends_back_failed_update = lambda resource_type: (
        resource_type == SERVICE or sends_back(resource_type)
    )


def wrap_service(handler: Handler) -> Handler:
    """Handlers that return when the service's rollout has ended."""

    def create(logical_id: str, properties: Properties, stack_name: str) -> Created:
        created: Created = handler["create"](logical_id, properties, stack_name)
        try:
            _wait(created[0], 0, stack_name)
        except ValueError:
            handler["delete"](created[0], properties)
            raise
        return created

    def update(arn: str, old: Properties, new: Properties, stack_name: str) -> Created:
        seen = len(_service(arn).get(DEPLOYMENTS, []))
        kept = {name: value for name, value in old.items() if name not in _ALWAYS_SENT}
        if "DesiredCount" not in new and "DesiredCount" in old:
            kept["DesiredCount"] = old["DesiredCount"]
        updated: Created = handler["update"](arn, kept, new, stack_name)
        _wait(updated[0], seen, stack_name)
        return updated

    return {"create": create, "update": update}


def _service(arn: str) -> dict[str, Any]:
    from ministack.services import ecs

    return dict(ecs._services["/".join(arn.split("/")[-2:])])


def _wait(arn: str, seen: int, stack_name: str) -> None:
    from ministack.services.cloudformation import _stacks

    deployments = _service(arn)[DEPLOYMENTS]
    own = len(deployments) > seen
    if not own and deployments[-1]["status"] not in (*_IN_PROGRESS, _ROLLING_BACK):
        return
    unfinished = _IN_PROGRESS if own else (*_IN_PROGRESS, _ROLLING_BACK)
    while (status := deployments[-1]["status"]) in unfinished:
        if (_stacks.get(stack_name) or {}).pop("_cancel_requested", False):
            raise ValueError("Resource update cancelled")
        time.sleep(_POLL_SECONDS)
    if status != "SUCCESSFUL" and (own or status != "ROLLBACK_SUCCESSFUL"):
        raise ValueError(
            "Resource handler returned message: \"Error occurred during operation 'ECS Deployment"
            " Circuit Breaker was triggered'.\" (HandlerErrorCode: GeneralServiceException)"
        )
