"""What the function of an update API may do: the calls that its code makes, and no other."""

from __future__ import annotations

from typing import NamedTuple

from .datafi_service import DatafiService
from .managed_policy_role import ManagedPolicyRole, Permission, explain_wildcards
from .places import stack_of

LEASE_SUFFIX = ".lease"
"""What the function appends to the name of a version's parameter for that of its lease."""


def grant_update(role: ManagedPolicyRole, service: DatafiService) -> None:
    """The actions of a rollout, on one service, its parameter and its two roles.

    Describing and deregistering task definitions know no resource. What can be registered is of
    the service's family, and bounded by the roles that may be passed. Sources:
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html,
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment-permissions.html,
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html

    Args:
        role: The function's role.
        service: The service it moves.
    """
    arns = _Arns.of(service)
    role.allow([*_reading(arns), *_writing(service, arns)])
    explain_wildcards(
        role,
        ["ecs:DescribeTaskDefinition", "ecs:DeregisterTaskDefinition"],
        ["*"],
        "Describing and deregistering task definitions know no resource.",
    )
    explain_wildcards(
        role,
        ["ecs:RegisterTaskDefinition", "ecs:TagResource"],
        [arns.revisions_of_family],
        "The number of the next revision of the service's own task definition is not known before.",
    )
    explain_wildcards(
        role,
        ["ecs:DescribeServiceRevisions"],
        [arns.revisions_of_service],
        "The ids of the service's own revisions are not known before.",
    )


def grant_audit(role: ManagedPolicyRole) -> None:
    """Tell the account's event bus of changes, under the update API's own name only.

    Source:
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html

    Args:
        role: The function's role.
    """
    bus = stack_of(role).format_arn(service="events", resource="event-bus", resource_name="default")
    own_name = {"StringEquals": {"events:source": "datafi.update-api"}}
    role.allow([Permission(["events:PutEvents"], [bus], own_name)])


class _Arns(NamedTuple):
    """What a service is called in policies.

    Attributes:
        service: The service.
        parameter: The parameter of its version, or `None` if that is fixed.
        revisions_of_family: Every revision of its task definition.
        revisions_of_service: Every state in which ECS deployed it.
    """

    service: str
    parameter: str | None
    revisions_of_family: str
    revisions_of_service: str

    @classmethod
    def of(cls, service: DatafiService) -> _Arns:
        stack, made = stack_of(service), service.service
        name = service.version_parameter_name
        return cls(
            made.service_arn,
            name
            and stack.format_arn(
                service="ssm", resource="parameter", resource_name=name.removeprefix("/")
            ),
            stack.format_arn(
                service="ecs",
                resource="task-definition",
                resource_name=f"{service.task_definition.family}:*",
            ),
            stack.format_arn(
                service="ecs",
                resource="service-revision",
                resource_name=f"{made.cluster.cluster_name}/{made.service_name}/*",
            ),
        )


def _reading(arns: _Arns) -> list[Permission]:
    """What a report needs."""
    permissions = [
        Permission(["ecs:DescribeServices"], [arns.service]),
        Permission(["ecs:DescribeTaskDefinition"], ["*"]),
    ]
    if arns.parameter is None:
        return permissions
    return [
        *permissions,
        Permission(["ecs:ListServiceDeployments"], [arns.service]),
        Permission(["ecs:DescribeServiceRevisions"], [arns.service, arns.revisions_of_service]),
        Permission(["ssm:GetParameterHistory"], [arns.parameter]),
    ]


def _writing(service: DatafiService, arns: _Arns) -> list[Permission]:
    """What an update needs; nothing if the version is fixed."""
    if arns.parameter is None:
        return []
    task_roles = [
        service.task_definition.task_role,
        service.task_definition.obtain_execution_role(),
    ]
    return [
        Permission(
            ["ssm:LabelParameterVersion", "ssm:PutParameter", "ssm:UnlabelParameterVersion"],
            [arns.parameter],
        ),
        Permission(
            ["ssm:DeleteParameter", "ssm:GetParameter", "ssm:PutParameter"],
            [f"{arns.parameter}{LEASE_SUFFIX}"],
        ),
        Permission(["ecs:UpdateService"], [arns.service]),
        Permission(["ecs:DeregisterTaskDefinition"], ["*"]),
        Permission(["ecs:RegisterTaskDefinition"], [arns.revisions_of_family]),
        Permission(
            ["ecs:TagResource"],
            [arns.revisions_of_family],
            {"StringEquals": {"ecs:CreateAction": "RegisterTaskDefinition"}},
        ),
        Permission(
            ["iam:PassRole"],
            [task_role.role_arn for task_role in task_roles],
            {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
        ),
    ]
