"""The events that an update API is told of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import jsii
from aws_cdk import RemovalPolicy
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from .datafi_service import DatafiService
from .dead_letters import let_rules_send
from .function_settings import FunctionSettings
from .places import stack_of
from .shared_events import shared_events


class UpdateEvents:
    """Rules that tell a function of events, or a queue of those that it could not be told.

    Args:
        scope: The update API.
        function: Its function.
        dead_letter_queue: The queue.
    """

    def __init__(
        self, scope: Construct, function: lambda_.Function, dead_letter_queue: sqs.IQueue
    ) -> None:
        self._scope = scope
        self._function = function
        self._queue = dead_letter_queue

    def listen(
        self,
        services: Sequence[DatafiService],
        settings: FunctionSettings,
        removal_policy: RemovalPolicy,
    ) -> None:
        """Have the function told when a rollout of a service, or its stack, comes to rest.

        The update APIs of a stack share what tells them, which is made for the first of them.

        Args:
            services: The services; nothing is told of those with a fixed version.
            settings: What the user says of the functions.
            removal_policy: What becomes of the log group of the shared function.
        """
        services = [each for each in services if each.version_parameter_name is not None]
        if services:
            shared_events(self._scope, settings, removal_policy).lead(
                self._scope, self._function, services
            )

    def redeploy(self, service: DatafiService) -> None:
        """Have a service started anew when one of its own secrets has a new current version.

        Source:
        https://docs.aws.amazon.com/secretsmanager/latest/userguide/event-detail-secret-label-updated-secretsmanager.html

        Args:
            service: The service; nothing is done for one with a fixed version or no secret.
        """
        if service.version_parameter_name is None or not service.secrets:
            return
        arns = [
            events.Match.exact_string(secret.secret_full_arn)
            if secret.secret_full_arn
            else events.Match.prefix(f"{secret.secret_arn}-")
            for secret in service.secrets
        ]
        self._add_rule(
            f"Rotation-{service.name}",
            events.EventPattern(
                source=["aws.secretsmanager"],
                detail_type=["Secret Label Updated"],
                resources=events.Match.any_of(*arns),
                detail={"labelUpdated": ["AWSCURRENT"]},
            ),
            events.RuleTargetInput.from_object({"redeploy": [service.name]}),
        )

    def _add_rule(
        self,
        rule_id: str,
        pattern: events.EventPattern,
        event: events.RuleTargetInput | None = None,
    ) -> None:
        if not self._function.node.try_find_child("Events"):
            let_rules_send(self._queue)
            self._function.add_permission(
                "Events",
                principal=iam.ServicePrincipal("events.amazonaws.com"),
                source_arn=stack_of(self._scope).format_arn(
                    service="events", resource="rule", resource_name="*"
                ),
            )
        target = _PermittedFunction(self._function, self._queue, event)
        events.Rule(
            self._scope,
            rule_id,
            event_pattern=pattern,
            targets=[cast(events.IRuleTarget, target)],
        )


@jsii.implements(events.IRuleTarget)
class _PermittedFunction:
    """A function that all rules may invoke by one permission.

    CDK's own target adds one for each rule: those of twenty services go beyond the 20 KB of a
    function's policy. Source:
    https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    """

    def __init__(
        self, function: lambda_.Function, queue: sqs.IQueue, event: events.RuleTargetInput | None
    ) -> None:
        self._function = function
        self._queue = queue
        self._event = event

    def bind(self, rule: events.IRule, target_id: str | None = None) -> events.RuleTargetConfig:
        """The function and what it is told, by default the event."""
        return events.RuleTargetConfig(
            arn=self._function.function_arn,
            input=self._event,
            dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=self._queue.queue_arn),
        )
