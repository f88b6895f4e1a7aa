"""UpdateApi: the address at which Datafi's console rolls out new versions."""

from __future__ import annotations

import json
from collections.abc import Sequence

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from .bundled import bundled
from .coordinator import Coordinator
from .datafi_service import DatafiService
from .errors import Fault
from .ingress_base import IngressBase
from .lambda_target import lambda_target_group
from .secret_access import grant_key_of, without_key
from .synthesis import refuse, removal_policy_faults
from .validation import RESERVED_NAMES, kind_of, secret_faults

__all__ = ["UpdateApi"]

_KEY_LENGTH = 43
_PATH_NEEDED = {
    "error": "Bad Request",
    "message": "There are several edge servers: send the request to the path of one, such as /es.",
}
_TIMEOUT = Duration.minutes(2)


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
        http_rule_priority: The priority of its rule, 1 to 50000. Default: it follows from hosts and
            path.

    Raises:
        InvalidInputError: `services` is not exactly one service behind `ingress`, `secret` is no
            secret, or another update API of the ingress is for the same service.

    Example:
        ```python
        updates = UpdateApi(self, "EsUpdates", ingress=ingress, services=[edge])
        UpdateApi.add_root_path_rule(self, "UpdateRootPath", ingress=ingress, update_apis=[updates])
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
    target_group: elbv2.ApplicationTargetGroup
    """The target group that leads to the Lambda."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        ingress: IngressBase,
        services: Sequence[DatafiService],
        secret: secretsmanager.ISecret | None = None,
        http_rule_priority: int | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        faults = secret_faults("secret", secret) if secret is not None else []
        faults += removal_policy_faults(removal_policy)
        refuse(self, [*faults, *_service_faults(services, ingress)])
        (service,) = services

        hosts = _hosts(ingress)
        self.url = f"https://{hosts[0]}/{service.name}"
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
        without_key(self, "SecretWithoutKey", self.secret).grant_read(role)
        grant_key_of(self.secret, role)
        _grant_update(role, service)

        self.target_group = lambda_target_group(self, "TargetGroup", self.function)
        ingress.add_http_rule(
            self,
            "Rule",
            hosts=hosts,
            paths=[f"/{service.name}"],
            target_group=self.target_group,
            priority=http_rule_priority,
        )

    @staticmethod
    def add_root_path_rule(
        scope: Construct,
        rule_id: str,
        *,
        ingress: IngressBase,
        update_apis: Sequence[UpdateApi],
        http_rule_priority: int | None = None,
    ) -> elbv2.ApplicationListenerRule:
        """Answer updates that name no service in their path, as older callers send them.

        The rule belongs to the ingress, not to a server: with one update API it leads there; with
        several it answers 400 and says that a path is needed. Going from one to several changes
        the rule in place.

        Args:
            scope: Where the rule is made.
            rule_id: The id of the rule in `scope`.
            ingress: The load balancer.
            update_apis: The update APIs of the edge servers behind it, at least one.
            http_rule_priority: The priority of the rule, 1 to 50000. Default: it follows from hosts
                and path.

        Returns:
            The rule.

        Raises:
            InvalidInputError: The ingress has such a rule already, or `update_apis` is not a list
                of update APIs.

        Example:
            ```python
            UpdateApi.add_root_path_rule(
                self, "UpdateRootPath", ingress=ingress, update_apis=[es_updates]
            )
            ```
        """
        if not update_apis or not all(isinstance(api, UpdateApi) for api in update_apis):
            kinds = ", ".join(type(api).__name__ for api in update_apis)
            allowed = "a list of at least one UpdateApi"
            refuse(scope, [Fault("update_apis", allowed, f"[{kinds}]", "hand in the update APIs")])
        only = update_apis[0].target_group if len(update_apis) == 1 else None
        return ingress.add_http_rule(
            scope,
            rule_id,
            hosts=_hosts(ingress),
            paths=["/"],
            target_group=only,
            priority=http_rule_priority,
            action=None
            if only
            else elbv2.ListenerAction.fixed_response(
                400, content_type="application/json", message_body=json.dumps(_PATH_NEEDED)
            ),
        )


def _service_faults(services: Sequence[DatafiService], ingress: IngressBase) -> list[Fault]:
    allowed = "a list of exactly one EdgeServer or Coordinator"
    remedy = "make one update API for each service"
    if not isinstance(services, Sequence) or isinstance(services, str):
        return [Fault("services", allowed, kind_of(services), remedy)]
    kinds = [type(service).__name__ for service in services]
    if len(services) != 1 or not isinstance(services[0], DatafiService):
        return [Fault("services", allowed, f"[{', '.join(kinds)}]", remedy)]
    if services[0].ingress is not ingress:
        allowed = f"one behind {ingress.node.path}"
        given = f"one behind {services[0].ingress.node.path}"
        return [Fault("services", allowed, given, "hand in the ingress of the service")]
    return []


def _hosts(ingress: IngressBase) -> list[str]:
    return [ingress.claim_shared_name(name) for name in RESERVED_NAMES]


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

    What can be registered is bounded by the roles that may be passed, not by a resource: describing
    and deregistering know none, and registering knew none for most of its life. Source:
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
