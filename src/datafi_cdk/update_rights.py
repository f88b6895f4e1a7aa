"""What the function of an update API may do: the calls that its code makes, and no other."""

from __future__ import annotations

from aws_cdk import aws_iam as iam

from .datafi_service import DatafiService
from .managed_policy_role import explain_wildcards
from .places import stack_of

LEASE_SUFFIX = ".lease"
"""What the function appends to the name of a version's parameter for that of its lease."""


def grant_update(role: iam.IRole, service: DatafiService) -> None:
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
    for statement in [*_reading(service), *_writing(service)]:
        role.add_to_principal_policy(statement)
    explain_wildcards(
        role,
        ["ecs:DescribeTaskDefinition", "ecs:DeregisterTaskDefinition"],
        ["*"],
        "Describing and deregistering task definitions know no resource.",
    )
    explain_wildcards(
        role,
        ["ecs:RegisterTaskDefinition", "ecs:TagResource"],
        [_revisions_of_family(service)],
        "The number of the next revision of the service's own task definition is not known before.",
    )
    explain_wildcards(
        role,
        ["ecs:DescribeServiceRevisions"],
        [_revisions_of_service(service)],
        "The ids of the service's own revisions are not known before.",
    )


def grant_audit(role: iam.IRole) -> None:
    """Tell the account's event bus of changes, under the update API's own name only.

    Source:
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html

    Args:
        role: The function's role.
    """
    bus = stack_of(role).format_arn(service="events", resource="event-bus", resource_name="default")
    role.add_to_principal_policy(
        iam.PolicyStatement(
            actions=["events:PutEvents"],
            resources=[bus],
            conditions={"StringEquals": {"events:source": "datafi.update-api"}},
        )
    )


def _reading(service: DatafiService) -> list[iam.PolicyStatement]:
    """What a report needs."""
    statements = [
        iam.PolicyStatement(
            actions=["ecs:DescribeServices"], resources=[service.service.service_arn]
        ),
        iam.PolicyStatement(actions=["ecs:DescribeTaskDefinition"], resources=["*"]),
    ]
    if service.version_parameter_name is None:
        return statements
    return [
        *statements,
        iam.PolicyStatement(
            actions=["ecs:ListServiceDeployments"], resources=[service.service.service_arn]
        ),
        iam.PolicyStatement(
            actions=["ecs:DescribeServiceRevisions"],
            resources=[service.service.service_arn, _revisions_of_service(service)],
        ),
        iam.PolicyStatement(
            actions=["ssm:GetParameterHistory"],
            resources=[_parameter_arn(service, service.version_parameter_name)],
        ),
    ]


def _writing(service: DatafiService) -> list[iam.PolicyStatement]:
    """What an update needs; nothing if the version is fixed."""
    if service.version_parameter_name is None:
        return []
    parameter = _parameter_arn(service, service.version_parameter_name)
    task_roles = [
        service.task_definition.task_role,
        service.task_definition.obtain_execution_role(),
    ]
    return [
        iam.PolicyStatement(
            actions=[
                "ssm:LabelParameterVersion",
                "ssm:PutParameter",
                "ssm:UnlabelParameterVersion",
            ],
            resources=[parameter],
        ),
        iam.PolicyStatement(
            actions=["ssm:DeleteParameter", "ssm:GetParameter", "ssm:PutParameter"],
            resources=[f"{parameter}{LEASE_SUFFIX}"],
        ),
        iam.PolicyStatement(actions=["ecs:UpdateService"], resources=[service.service.service_arn]),
        iam.PolicyStatement(actions=["ecs:DeregisterTaskDefinition"], resources=["*"]),
        iam.PolicyStatement(
            actions=["ecs:RegisterTaskDefinition"], resources=[_revisions_of_family(service)]
        ),
        iam.PolicyStatement(
            actions=["ecs:TagResource"],
            resources=[_revisions_of_family(service)],
            conditions={"StringEquals": {"ecs:CreateAction": "RegisterTaskDefinition"}},
        ),
        iam.PolicyStatement(
            actions=["iam:PassRole"],
            resources=[task_role.role_arn for task_role in task_roles],
            conditions={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
        ),
    ]


def _revisions_of_family(service: DatafiService) -> str:
    """Every revision of the service's task definition."""
    return stack_of(service).format_arn(
        service="ecs",
        resource="task-definition",
        resource_name=f"{service.task_definition.family}:*",
    )


def _revisions_of_service(service: DatafiService) -> str:
    """Every state in which ECS deployed the service."""
    return stack_of(service).format_arn(
        service="ecs",
        resource="service-revision",
        resource_name=f"{service.service.cluster.cluster_name}/{service.service.service_name}/*",
    )


def _parameter_arn(service: DatafiService, name: str) -> str:
    return stack_of(service).format_arn(
        service="ssm", resource="parameter", resource_name=name.removeprefix("/")
    )
