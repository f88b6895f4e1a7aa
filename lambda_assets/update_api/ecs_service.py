"""The one ECS service that the function may move.

IAM actions the code calls, and why:

- `ecs:DescribeServices` on the service: which revision it runs.
- `ecs:DescribeTaskDefinition` on `*`: what that revision holds, with its tags.
- `ecs:RegisterTaskDefinition` on `*`: the next revision.
- `iam:PassRole` on the task role and the execution role, for `ecs-tasks.amazonaws.com`:
  demanded by RegisterTaskDefinition; it is what bounds the action above.
- `ecs:TagResource` on `*`, under the condition that `ecs:CreateAction` equals
  `RegisterTaskDefinition`: demanded only if the old revision has tags.
- `ecs:UpdateService` on the service: moves it to the new revision.
- `ecs:DeregisterTaskDefinition` on `*`: takes the new revision back if the service refused it.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/supported-iam-actions-tagging.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
"""

from __future__ import annotations

from typing import Any, Protocol

from api_errors import AwsFault
from aws_call import aws_call
from image_reference import ImageReference
from task_definition import Revision
from update_settings import UpdateSettings


class EcsClient(Protocol):
    """What is used of an ECS client. The arguments' names are AWS's."""

    meta: Any

    def describe_services(self, *, cluster: str, services: list[str]) -> dict[str, Any]:
        """Describe services."""

    def describe_task_definition(
        self, *, taskDefinition: str, include: list[str]
    ) -> dict[str, Any]:
        """Describe a revision."""

    def register_task_definition(self, **definition: Any) -> dict[str, Any]:
        """Register a revision."""

    def update_service(self, *, cluster: str, service: str, taskDefinition: str) -> dict[str, Any]:
        """Update a service."""

    def deregister_task_definition(self, *, taskDefinition: str) -> dict[str, Any]:
        """Deregister a revision."""


class EcsService:
    """Reads what the service runs and moves it to another image.

    Args:
        client: Client for ECS.
        settings: Which service, and which of its containers.
    """

    def __init__(self, client: EcsClient, settings: UpdateSettings) -> None:
        """Ask the client's own API model which members can be registered, so that none is lost."""
        self._client = client
        self._settings = settings
        model = client.meta.service_model.operation_model("RegisterTaskDefinition")
        self._registerable = frozenset(model.input_shape.members)

    def running(self) -> Revision:
        """The revision that the service is set to.

        Raises:
            AwsFault: A call failed, or the service or its container is gone.
        """
        answer = aws_call(
            "ecs:DescribeTaskDefinition",
            self._client.describe_task_definition,
            taskDefinition=self._task_definition_arn(),
            include=["TAGS"],
        )
        return Revision.from_answer(answer, self._settings.container_name)

    def move(self, current: Revision, image: ImageReference) -> str:
        """Register `current` with another image and set the service to it.

        If the service cannot be set, the new revision is deregistered.

        Returns:
            ARN of the new revision.

        Raises:
            AwsFault: A call failed; for UpdateService, its `orphan` tells of the clean-up.
        """
        answer = aws_call(
            "ecs:RegisterTaskDefinition",
            self._client.register_task_definition,
            **current.registration(image, self._registerable),
        )
        arn: str = answer["taskDefinition"]["taskDefinitionArn"]
        try:
            aws_call(
                "ecs:UpdateService",
                self._client.update_service,
                cluster=self._settings.cluster_arn,
                service=self._settings.service_arn,
                taskDefinition=arn,
            )
        except AwsFault as fault:
            fault.orphan = self._discard(arn)
            raise
        return arn

    def _task_definition_arn(self) -> str:
        action = "ecs:DescribeServices"
        answer = aws_call(
            action,
            self._client.describe_services,
            cluster=self._settings.cluster_arn,
            services=[self._settings.service_arn],
        )
        for failure in answer.get("failures", []):
            raise AwsFault(action, failure.get("reason", "MISSING"))
        service: dict[str, Any] = next(iter(answer["services"]), {})
        if service.get("status") != "ACTIVE" or not service.get("taskDefinition"):
            raise AwsFault(action, "ServiceNotActive")
        arn: str = service["taskDefinition"]
        return arn

    def _discard(self, arn: str) -> str:
        """Deregister a revision, unless an UpdateService that gave no answer was carried out."""
        try:
            if self._task_definition_arn() == arn:
                return f"{arn} kept: the service is set to it"
            aws_call(
                "ecs:DeregisterTaskDefinition",
                self._client.deregister_task_definition,
                taskDefinition=arn,
            )
        except AwsFault as fault:
            return f"{arn} left behind: {fault}"
        return f"{arn} deregistered"
