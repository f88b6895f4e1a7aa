"""An ECS service that the function may move.

IAM actions the code calls, and why:

- `ecs:DescribeServices` on the service: which revision it runs, and how its rollout goes.
- `ecs:DescribeTaskDefinition` on `*`: what that revision holds, with its tags.
- `ecs:RegisterTaskDefinition` on the revisions of its family: the next one.
- `iam:PassRole` on the task role and the execution role, for `ecs-tasks.amazonaws.com`:
  demanded by RegisterTaskDefinition.
- `ecs:TagResource` on the same revisions, under the condition that `ecs:CreateAction` equals
  `RegisterTaskDefinition`: demanded only if the old revision has tags.
- `ecs:UpdateService` on the service: moves it to the new revision.
- `ecs:DeregisterTaskDefinition` on `*`: takes the new revision back if the service refused it.
- `ecs:ListServiceDeployments` on the service and `ecs:DescribeServiceRevisions` on its service
  revisions: how earlier rollouts ended, which ECS tells for 90 days.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/supported-iam-actions-tagging.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from api_errors import AwsFault
from aws_call import aws_call
from image_reference import ImageReference
from settings import ServiceSettings
from task_definition import Revision

IN_PROGRESS = "IN_PROGRESS"

_RECORDS = 20


class EcsClient(Protocol):
    """What is used of an ECS client. The arguments' names are AWS's."""

    meta: Any

    def describe_services(self, **parameters: Any) -> dict[str, Any]:
        """Describe services."""

    def describe_task_definition(self, **parameters: Any) -> dict[str, Any]:
        """Describe a revision."""

    def register_task_definition(self, **parameters: Any) -> dict[str, Any]:
        """Register a revision."""

    def update_service(self, **parameters: Any) -> dict[str, Any]:
        """Update a service."""

    def deregister_task_definition(self, **parameters: Any) -> dict[str, Any]:
        """Deregister a revision."""

    def list_service_deployments(self, **parameters: Any) -> dict[str, Any]:
        """List rollouts, newest first."""

    def describe_service_revisions(self, **parameters: Any) -> dict[str, Any]:
        """Describe what rollouts were to run."""


@dataclass(frozen=True)
class ServiceState:
    """A service at one moment.

    Attributes:
        arn: Its ARN.
        revision: The task definition revision it is set to.
        rollout: How the rollout of that goes: `IN_PROGRESS`, `COMPLETED` or `FAILED`.
        still_running: ARN of the revision that serves until the rollout has completed: that of
            the one that completed before, or with a forced rollout or one that ECS takes back, the
            same; empty if there is none.
        tasks: How many are `desired`, `running` and `pending`.
    """

    arn: str
    revision: Revision
    rollout: str
    still_running: str
    tasks: dict[str, int]

    @property
    def version(self) -> str:
        """The tag or digest it is set to."""
        return self.revision.image.version


@dataclass(frozen=True)
class RolloutRecord:
    """A rollout as ECS remembers it.

    Attributes:
        status: The service deployment's status, such as `SUCCESSFUL` or `ROLLBACK_SUCCESSFUL`.
        version: The tag or digest that it was to bring.
        at: When it was asked for.
    """

    status: str
    version: str
    at: datetime


class EcsService:
    """Reads what the service runs and moves it to another image.

    Args:
        client: Client for ECS.
        settings: Which service.
    """

    def __init__(self, client: EcsClient, settings: ServiceSettings) -> None:
        """Ask the client's own API model which members can be registered, so that none is lost."""
        self._client = client
        self._settings = settings
        model = client.meta.service_model.operation_model("RegisterTaskDefinition")
        self._registerable = frozenset(model.input_shape.members)

    def read(self) -> ServiceState:
        """The service as it is.

        Raises:
            AwsFault: A call failed, or the service or its container is gone.
        """
        service = self._describe()
        deployments = service.get("deployments", [])
        primary: dict[str, Any] = next((d for d in deployments if d["status"] == "PRIMARY"), {})
        return ServiceState(
            arn=service["serviceArn"],
            revision=self.revision(service["taskDefinition"]),
            rollout=primary.get("rolloutState", "COMPLETED"),
            still_running=_still_running(service),
            tasks={key: service[f"{key}Count"] for key in ("desired", "running", "pending")},
        )

    def revision(self, arn: str) -> Revision:
        """A task definition revision.

        Raises:
            AwsFault: The call failed, or the container is gone.
        """
        answer = aws_call(
            "ecs:DescribeTaskDefinition",
            self._client.describe_task_definition,
            taskDefinition=arn,
            include=["TAGS"],
        )
        return Revision.from_answer(answer, self._settings.name)

    def rollouts(self) -> list[RolloutRecord]:
        """The last rollouts, newest first.

        Raises:
            AwsFault: A call failed.
        """
        listed = aws_call(
            "ecs:ListServiceDeployments",
            self._client.list_service_deployments,
            cluster=self._settings.cluster_arn,
            service=self._settings.service_name,
            maxResults=_RECORDS,
        )["serviceDeployments"]
        if not listed:
            return []
        described = aws_call(
            "ecs:DescribeServiceRevisions",
            self._client.describe_service_revisions,
            serviceRevisionArns=sorted({each["targetServiceRevisionArn"] for each in listed}),
        )["serviceRevisions"]
        versions = {each["serviceRevisionArn"]: self._version(each) for each in described}
        return [
            RolloutRecord(
                each["status"],
                versions.get(each["targetServiceRevisionArn"], ""),
                each["createdAt"],
            )
            for each in sorted(listed, key=lambda each: each["createdAt"], reverse=True)
        ]

    def register(self, current: Revision, version: str) -> str:
        """Register a revision again with another version of its image; returns the new ARN.

        Raises:
            AwsFault: The call failed.
        """
        image = ImageReference(current.image.repository, version)
        answer = aws_call(
            "ecs:RegisterTaskDefinition",
            self._client.register_task_definition,
            **current.registration(image, self._registerable),
        )
        arn: str = answer["taskDefinition"]["taskDefinitionArn"]
        return arn

    def deregister(self, arn: str) -> None:
        """Take back a revision that this function has registered.

        Raises:
            AwsFault: The call failed.
        """
        aws_call(
            "ecs:DeregisterTaskDefinition",
            self._client.deregister_task_definition,
            taskDefinition=arn,
        )

    def update(self, revision_arn: str = "", *, force: bool = False) -> None:
        """Set the service to a revision, or with `force` only, start its tasks anew.

        Raises:
            AwsFault: The call failed, and the service is not set to the revision, which is looked
                up; with `is_uncertain` if that failed as well.
        """
        parameters: dict[str, Any] = {"taskDefinition": revision_arn} if revision_arn else {}
        if force:
            parameters["forceNewDeployment"] = True
        try:
            aws_call(
                "ecs:UpdateService",
                self._client.update_service,
                cluster=self._settings.cluster_arn,
                service=self._settings.service_name,
                **parameters,
            )
        except AwsFault as fault:
            if not revision_arn:
                raise
            try:
                is_set = self._describe()["taskDefinition"] == revision_arn
            except AwsFault:
                fault.is_uncertain = True
                raise fault from None
            if not is_set:
                raise

    def _describe(self) -> dict[str, Any]:
        action = "ecs:DescribeServices"
        answer = aws_call(
            action,
            self._client.describe_services,
            cluster=self._settings.cluster_arn,
            services=[self._settings.service_name],
        )
        for failure in answer.get("failures", []):
            raise AwsFault(action, failure.get("reason", "MISSING"))
        service: dict[str, Any] = next(iter(answer["services"]), {})
        if service.get("status") != "ACTIVE" or not service.get("taskDefinition"):
            raise AwsFault(action, "ServiceNotActive")
        return service

    def _version(self, service_revision: dict[str, Any]) -> str:
        for container in service_revision.get("containerImages", []):
            if container.get("containerName") == self._settings.name and container.get("image"):
                return ImageReference.parse(container["image"]).version
        return ""


def _still_running(service: dict[str, Any]) -> str:
    """The revision that serves beside a rollout.

    When ECS takes a failed rollout back, the deployment that ran before is the primary one again,
    and the failed one is beside it.
    """
    beside = [each for each in service.get("deployments", []) if each["status"] == "ACTIVE"]
    for each in beside:
        if each.get("rolloutState", "COMPLETED") == "COMPLETED":
            return str(each["taskDefinition"])
    has_failed = any(each["rolloutState"] == "FAILED" for each in beside)
    return str(service["taskDefinition"]) if has_failed else ""
