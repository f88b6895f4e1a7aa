"""The rotation of a secret, of which an update API is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import jsii
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from .datafi_service import DatafiService
from .dead_letters import let_rules_invoke


def redeploy_when_rotated(
    scope: Construct,
    function: lambda_.Function,
    dead_letter_queue: sqs.IQueue,
    service: DatafiService,
) -> None:
    """Have a service started anew when one of its own secrets has a new current version.

    Source:
    https://docs.aws.amazon.com/secretsmanager/latest/userguide/event-detail-secret-label-updated-secretsmanager.html

    Args:
        scope: The update API.
        function: Its function.
        dead_letter_queue: Where events go that the function could not be told.
        service: The service; nothing is done for one with a fixed version or no secret.
    """
    if service.version_parameter_name is None or not service.secrets:
        return
    if not function.node.try_find_child("Events"):
        let_rules_invoke(function, dead_letter_queue)
    arns = [
        events.Match.exact_string(secret.secret_full_arn)
        if secret.secret_full_arn
        else events.Match.prefix(f"{secret.secret_arn}-")
        for secret in service.secrets
    ]
    target = _PermittedFunction(function, dead_letter_queue, {"redeploy": [service.name]})
    events.Rule(
        scope,
        f"Rotation-{service.name}",
        event_pattern=events.EventPattern(
            source=["aws.secretsmanager"],
            detail_type=["Secret Label Updated"],
            resources=events.Match.any_of(*arns),
            detail={"labelUpdated": ["AWSCURRENT"]},
        ),
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
        self, function: lambda_.Function, queue: sqs.IQueue, told: Mapping[str, Any]
    ) -> None:
        self._function = function
        self._queue = queue
        self._told = told

    def bind(self, rule: events.IRule, target_id: str | None = None) -> events.RuleTargetConfig:
        """The function and what it is told."""
        return events.RuleTargetConfig(
            arn=self._function.function_arn,
            input=events.RuleTargetInput.from_object(self._told),
            dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=self._queue.queue_arn),
        )
