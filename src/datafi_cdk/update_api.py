"""UpdateApi: the address at which Datafi's console rolls out new versions."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_elasticloadbalancingv2_targets as elbv2_targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from .bundled import bundled
from .coordinator import Coordinator
from .datafi_service import DatafiService
from .errors import Fault
from .secret_access import grant_key_of
from .shared_ingress import SharedIngress
from .synthesis import refuse
from .validation import RESERVED_NAMES, secret_faults

__all__ = ["UpdateApi"]

_KEY_LENGTH = 43
_TIMEOUT = Duration.seconds(60)


class UpdateApi(Construct):
    """An HTTPS endpoint that moves one service to another image tag.

    `POST https://update.<root domain>/<service>` (and `df-update.<root domain>`) with the header
    `x-api-key` and `{"imageTag": "v2"}` registers a copy of the task definition that runs, with
    the tag changed, and updates the service to it. The key is read from Secrets Manager at run
    time, so it is in no template, and its rotation needs no deployment.

    Args:
        scope: Where the construct is made.
        construct_id: Its id in `scope`.
        ingress: The load balancer in front of the services.
        services: The service it updates; exactly one.
        secret: A secret whose string is the key itself. Default: one is generated.
        removal_policy: What becomes of a generated secret and of the log group when they leave the
            stack. Default: retained.

    Raises:
        InvalidInputError: `services` is not exactly one service, `secret` is a plain string, or
            another update API of the ingress is for the same service.

    Example:
        With one service, callers may leave the path out:

        ```python
        updates = UpdateApi(self, "EsUpdates", ingress=ingress, services=[edge])
        ingress.add_http_rule(
            self,
            "UpdateRootPath",
            hosts=updates.hosts,
            paths=["/"],
            action=elbv2.ListenerAction.forward([updates.target_group]),
        )
        ```
    """

    secret: secretsmanager.ISecret
    """The secret that holds the key."""
    function: lambda_.Function
    """The Lambda that answers."""
    log_group: logs.LogGroup
    """Where its log goes: one line for each request."""
    url: str
    """The public address."""
    hosts: list[str]
    """The host names at which it answers."""
    target_group: elbv2.ApplicationTargetGroup
    """The target group that leads to the Lambda."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        ingress: SharedIngress,
        services: Sequence[DatafiService],
        secret: secretsmanager.ISecret | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        faults = secret_faults("secret", secret)
        if len(services) != 1:
            given = f"{len(services)} services"
            remedy = "make one update API for each service"
            faults.append(Fault("services", "a list of exactly one service", given, remedy))
        refuse(self, faults)
        (service,) = services

        self.hosts = update_hosts(ingress)
        self.url = f"https://{self.hosts[0]}/{service.name}"
        self.secret = secret or _generated_key(self, removal_policy)
        self.log_group = logs.LogGroup(
            self, "LogGroup", retention=logs.RetentionDays.ONE_MONTH, removal_policy=removal_policy
        )
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self.function = lambda_.Function(
            self,
            "Function",
            description="Datafi update API",
            runtime=lambda_.Runtime.PYTHON_3_13,
            handler="handler.handler",
            code=lambda_.Code.from_asset(
                str(bundled("lambda_assets/update_api")), exclude=["**/__pycache__"]
            ),
            role=role,
            log_group=self.log_group,
            timeout=_TIMEOUT,
            memory_size=256,
            environment={
                "SERVICE_ARN": service.service.service_arn,
                "CLUSTER_ARN": service.service.cluster.cluster_arn,
                "SERVICE_NAME": service.name,
                "SERVICE_TYPE": "CO" if isinstance(service, Coordinator) else "ES",
                "CONTAINER_NAME": service.container.container_name,
                "API_KEY_SECRET_ARN": self.secret.secret_arn,
            },
        )
        self.log_group.grant_write(role)
        self.secret.grant_read(role)
        grant_key_of(self.secret, role)
        _grant_update(role, service)

        self.target_group = elbv2.ApplicationTargetGroup(
            self,
            "TargetGroup",
            target_type=elbv2.TargetType.LAMBDA,
            targets=[elbv2_targets.LambdaTarget(self.function)],
        )
        ingress.add_http_rule(
            self,
            "Rule",
            hosts=self.hosts,
            paths=[f"/{service.name}"],
            action=elbv2.ListenerAction.forward([self.target_group]),
        )


def update_hosts(ingress: SharedIngress) -> list[str]:
    """The host names at which the update APIs of an ingress answer."""
    return [ingress.host(name) for name in RESERVED_NAMES]


def _generated_key(scope: Construct, removal_policy: RemovalPolicy) -> secretsmanager.Secret:
    return secretsmanager.Secret(
        scope,
        "Secret",
        description="Key of the Datafi update API",
        generate_secret_string=secretsmanager.SecretStringGenerator(
            password_length=_KEY_LENGTH, exclude_punctuation=True
        ),
        removal_policy=removal_policy,
    )


def _grant_update(role: iam.IRole, service: DatafiService) -> None:
    """The actions of a rollout, on the one service and its two roles.

    Task definition actions know no resource; what can be registered is bounded by the roles that
    may be passed. Source:
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
    """
    task_roles = [
        service.task_definition.task_role,
        service.task_definition.obtain_execution_role(),
    ]
    for statement in (
        iam.PolicyStatement(
            actions=["ecs:DescribeServices", "ecs:UpdateService"],
            resources=[service.service.service_arn],
        ),
        iam.PolicyStatement(
            actions=[
                "ecs:DeregisterTaskDefinition",
                "ecs:DescribeTaskDefinition",
                "ecs:RegisterTaskDefinition",
            ],
            resources=["*"],
        ),
        iam.PolicyStatement(
            actions=["ecs:TagResource"],
            resources=["*"],
            conditions={"StringEquals": {"ecs:CreateAction": "RegisterTaskDefinition"}},
        ),
        iam.PolicyStatement(
            actions=["iam:PassRole"],
            resources=[task_role.role_arn for task_role in task_roles],
            conditions={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
        ),
    ):
        role.add_to_principal_policy(statement)
