"""UpdateApi: the address at which Datafi's console rolls out new versions."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import cast

from aws_cdk import Duration, RemovalPolicy, Stage
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from .bundled_function import bundled_function
from .datafi_service import DatafiService
from .function_settings import FunctionSettings
from .ingress_base import IngressBase
from .lambda_target import lambda_target_group
from .places import path_of, stack_of
from .shared_events import shared_events
from .synthesis import refuse, removal_policy_faults
from .update_api_faults import (
    caller_faults,
    refuse_ingress,
    rule_priority_faults,
    service_faults,
    tag_faults,
)
from .update_environment import environment_faults, update_environment
from .update_key import DEFAULT_ROTATION, generated_key, grant_key_value, rotation_faults
from .update_rights import grant_audit, grant_update
from .update_rotation import redeploy_when_rotated
from .update_window import UpdateFreeze, UpdateWindow, window_faults
from .validation import RESERVED_NAMES, switch_faults

__all__ = ["UpdateApi"]

_RULES = "DatafiUpdates"
_EVERY_PATH = "EveryPath"
_TIMEOUT = Duration.minutes(2)
_LONGEST_DESCRIPTION = 256


class UpdateApi(Construct):
    """An HTTPS endpoint that moves services to other versions of their images.

    At `https://update.<root domain>/<service>` (and `df-update.<root domain>`), with the header
    `x-api-key`:

    - `POST` with `{"imageTag": "v2"}` or `{"imageDigest": "sha256:…"}` registers a copy of the
      task definition that runs, with the version changed, and updates the service to it; with
      `"force": true` also during another update, or to pull a moving tag again; with
      `"dryRun": true` it only says what it would do.
    - `GET` tells which version is live and which was asked for, how its rollout goes, and the last
      ten updates.
    - `POST …/rollback` goes back to the version before.

    The version is written to the parameter that every deployment reads, so that none undoes the
    update; see `ImageVersion`. If a rollout fails, the parameter goes back to what last completed;
    if a deployment fails and CloudFormation brings back the version it knows, the update is brought
    back. Both follow from events of ECS and of the stack, which one function hands on to all
    update APIs of a stack; its network, key, queue and reservation are those of the first of them.

    The key is read from Secrets Manager at run time, so it is in no template, and its rotation
    needs no deployment; for 15 minutes the key before is accepted too.

    Every change is told on the account's event bus (source `datafi.update-api`), every request in
    the log, with the metrics `Requests`, `Updates`, `Refusals`, `Faults` and `durationMs` by
    `service` in the namespace `Datafi/UpdateApi`.

    Args:
        scope: Where the construct is made.
        construct_id: Its id in `scope`.
        ingress: The load balancer in front of the services.
        services: The services it updates, 1 to 40, fewer if their names are long. Its function may
            touch all of them: make one for each service to keep them apart.
        secret: A secret whose string is the key itself. Default: one is generated; none with
            `callers`.
        callers: Who may call, with requests signed for IAM (SigV4, service `lambda`), at a function
            URL in place of the load balancer and without a key. Default: whoever has the key.
        allowed_tags: Patterns, of which `*` stands for any characters and `?` for one; a tag must
            match one of them, and no digest is taken. Default: every tag and digest.
        update_windows: When updates may begin. Default: at any time.
        update_freezes: When none may begin. Default: never.
        redeploy_on_rotation: Whether a service starts its tasks anew when one of its own secrets
            has a new value, by a rotation or by hand, so that they read it; not one of a fixed
            version, which it may not touch. Default: `False`.
        rotation_function: What rotates a generated key, as docs/updates.md says; Secrets Manager
            may then invoke it, and its role write the secret. Default: none, as the key is
            entered in Datafi's console by hand.
        rotate_after: How often it does, 1 to 1000 days. Default: 30 days.
        vpc: A VPC with a way to AWS, in which its function runs. The load balancer reaches it
            without. Default: none.
        vpc_subnets: Its subnets there, private ones. Default: private ones with a way out.
        dead_letter_queue: Where events go that the function could not be told or deal with, a
            standard queue. That of another app lets the account's rules and the function write to
            it by its own policy. Default: a queue that all functions of the library share in the
            stack.
        encryption_key: The customer's key for the log group, the variables and a generated secret.
            Default: keys of AWS.
        reserved_concurrent_executions: How many requests it answers at once, 1 or more; whatever
            is beyond gets an error of the load balancer. New accounts have little to reserve.
            Default: what the account has left.
        every_path: Whether it answers at every path of its hosts at which no other update API
            does, by one rule of the load balancer in place of one for each service. One update API
            of an ingress may. Default: `False`.
        http_rule_priority: The priority of its rule, 1 to 50000; with one service or `every_path`
            only. Default: it follows from hosts and path, or is the last one with `every_path`.
        removal_policy: What becomes of a generated secret and of the log group when they leave the
            stack. Default: retained.

    Raises:
        InvalidInputError: With every argument that cannot work, or because another update API of
            the ingress is for one of the services.

    Example:
        ```python
        updates = UpdateApi(
            self,
            "EsUpdates",
            ingress=ingress,
            services=[edge],
            allowed_tags=["latest", "v*"],
            update_windows=[
                UpdateWindow(days=["MON", "TUE"], start="22:00", duration=Duration.hours(4))
            ],
        )
        UpdateRouter(self, "UpdateRouter", ingress=ingress, update_apis=[updates])
        ```
    """

    secret: secretsmanager.ISecret | None
    """The secret that holds the key; `None` with `callers`."""
    function: lambda_.Function
    """The Lambda that answers."""
    log_group: logs.LogGroup
    """Where its log goes: one line for each request."""
    urls: dict[str, str]
    """The address of each service by its name."""
    target_group: elbv2.ApplicationTargetGroup | None
    """The target group that leads to the Lambda; `None` with `callers`."""
    function_url: lambda_.FunctionUrl | None
    """The function URL with `callers`, or `None`."""
    services: list[DatafiService]
    """The services it updates."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        ingress: IngressBase,
        services: Sequence[DatafiService],
        secret: secretsmanager.ISecret | None = None,
        callers: Sequence[iam.IGrantable] | None = None,
        allowed_tags: Sequence[str] | None = None,
        update_windows: Sequence[UpdateWindow] | None = None,
        update_freezes: Sequence[UpdateFreeze] | None = None,
        redeploy_on_rotation: bool = False,
        rotation_function: lambda_.IFunction | None = None,
        rotate_after: Duration = DEFAULT_ROTATION,
        vpc: ec2.IVpc | None = None,
        vpc_subnets: ec2.SubnetSelection | None = None,
        dead_letter_queue: sqs.IQueue | None = None,
        encryption_key: kms.IKey | None = None,
        reserved_concurrent_executions: int | None = None,
        every_path: bool = False,
        http_rule_priority: int | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        settings = FunctionSettings(
            vpc=vpc,
            vpc_subnets=vpc_subnets,
            dead_letter_queue=dead_letter_queue,
            encryption_key=encryption_key,
            reserved_concurrent_executions=reserved_concurrent_executions,
        )
        is_generated = callers is None and secret is None
        refuse_ingress(self, ingress)
        refuse(
            self,
            [
                *service_faults(services, ingress),
                *caller_faults(services, secret, callers, http_rule_priority, every_path),
                *tag_faults(allowed_tags),
                *window_faults(update_windows, update_freezes),
                *switch_faults(redeploy_on_rotation=redeploy_on_rotation, every_path=every_path),
                *rotation_faults(rotation_function, rotate_after, is_generated=is_generated),
                *settings.faults(),
                *rule_priority_faults(services, http_rule_priority, every_path=every_path),
                *removal_policy_faults(removal_policy),
            ],
        )
        self.ingress = ingress
        self.services = list(services)
        for service in services:
            service.update_api = self
        self.secret = secret
        if is_generated:
            self.secret = generated_key(
                self,
                encryption_key=encryption_key,
                removal_policy=removal_policy,
                rotation_function=rotation_function,
                rotate_after=rotate_after,
            )
        environment = update_environment(
            self,
            services=services,
            secret=self.secret,
            allowed_tags=allowed_tags,
            update_windows=update_windows,
            update_freezes=update_freezes,
        )
        refuse(self, environment_faults(self, services, environment))
        self.function, role, self.log_group, queue = bundled_function(
            self,
            asset="update_api",
            handler="handler.handler",
            description=_description([each.name for each in services]),
            timeout=_TIMEOUT,
            removal_policy=removal_policy,
            settings=settings,
            environment=environment,
        )
        if self.secret:
            grant_key_value(self.secret, role)
        grant_audit(role)
        for service in services:
            grant_update(role, service)
            if redeploy_on_rotation:
                redeploy_when_rotated(self, self.function, queue, service)
        of_live_versions = [each for each in services if each.version_parameter_name is not None]
        if of_live_versions:
            shared_events(self, settings, removal_policy).lead(
                self, self.function, of_live_versions
            )
        refuse(self, role.faults)
        self.target_group = self.function_url = None
        if callers is None:
            self._answer_behind(ingress, http_rule_priority, every_path=every_path)
        else:
            self._answer_to(callers)

    def _answer_behind(
        self, ingress: IngressBase, priority: int | None, *, every_path: bool
    ) -> None:
        hosts = update_hosts(ingress)
        self.target_group = lambda_target_group(self, "TargetGroup", self.function)
        self.urls = {
            service.name: f"https://{hosts[0]}/{service.name}" for service in self.services
        }
        if every_path:
            priority = ingress.last_priority if priority is None else priority
            rules = {_EVERY_PATH: ["/?*"]}
        else:
            names = [service.name for service in self.services]
            rules = {name: [f"/{name}", f"/{name}/*"] for name in names}
        for name, paths in rules.items():
            ingress.add_http_rule(
                self._place_of_rule(name),
                "Rule",
                hosts=hosts,
                paths=paths,
                target_group=self.target_group,
                priority=priority,
            )

    def _place_of_rule(self, name: str) -> Construct:
        """Where the rule of a service is the same one, whichever update API of the stack it is of.

        Its priority follows from its address. With another id, CloudFormation would make it anew
        before it removes the old one, and a listener takes no priority twice.
        """
        stack = stack_of(self)
        rules = stack.node.try_find_child(_RULES) or Construct(stack, _RULES)
        path = path_of(self.ingress).removeprefix(f"{cast(Stage, Stage.of(self)).node.path}/")
        distinction = hashlib.sha256(path.encode()).hexdigest()[:8]
        return Construct(cast(Construct, rules), f"{name}-{distinction}")

    def _answer_to(self, callers: Sequence[iam.IGrantable]) -> None:
        self.function_url = self.function.add_function_url(
            auth_type=lambda_.FunctionUrlAuthType.AWS_IAM
        )
        for caller in callers:
            self.function_url.grant_invoke_url(caller)
        self.urls = {
            service.name: f"{self.function_url.url}{service.name}" for service in self.services
        }


def update_hosts(ingress: IngressBase) -> list[str]:
    """The names at which updates are asked for: the newer one first."""
    return [ingress.claim_shared_name(name) for name in RESERVED_NAMES]


def _description(names: Sequence[str]) -> str:
    """What the function is, with the services' names if Lambda takes so many letters.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
    """
    text = f"Datafi update API of {', '.join(names)}"
    is_short = len(text) <= _LONGEST_DESCRIPTION
    return text if is_short else f"Datafi update API of {len(names)} services"
