"""Counts the rollouts of servers that failed."""

from __future__ import annotations

from typing import cast

import jsii
from aws_cdk import Duration, Names, RemovalPolicy
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from .datafi_service import DatafiService
from .dead_letters import dead_letters, let_rules_send, new_queue

# As often as a queue takes, for people may look at a message again and again.
_MOST_READ = 1000


class FailedDeployments(Construct):
    """A queue that keeps what ECS says of failed rollouts for two weeks, and counts them.

    ECS tells of those of a service with a circuit breaker, whoever began them: an update, a
    deployment of the stack, a person. Of one without, whose deployments alarms end, AWS does not
    promise this event. EventBridge counts what a rule hands on, and so needs
    somebody who takes it; the queue does, and has the reason of each. What cannot be handed on is
    in the stack's dead-letter queue. Sources:
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html
    and https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html

    Args:
        scope: Where the construct is made.
        construct_id: Its id in `scope`.
        removal_policy: What becomes of the queue when it leaves the stack.
    """

    queue: sqs.Queue
    """The events, which nobody but a person reads."""

    def __init__(self, scope: Construct, construct_id: str, removal_policy: RemovalPolicy) -> None:
        super().__init__(scope, construct_id)
        self._dead_letters = dead_letters(self, None, removal_policy)
        self.queue = new_queue(
            self,
            "Queue",
            holds="name resources",
            removal_policy=removal_policy,
            dead_letter_queue=sqs.DeadLetterQueue(
                max_receive_count=_MOST_READ, queue=self._dead_letters
            ),
        )
        for queue in (self.queue, self._dead_letters):
            let_rules_send(queue)

    def of(self, service: DatafiService, period: Duration) -> cloudwatch.Metric:
        """How many rollouts of a service failed; sum.

        Args:
            service: The service.
            period: The period of the metric.
        """
        rule = events.Rule(
            self,
            Names.unique_id(service),
            event_pattern=events.EventPattern(
                source=["aws.ecs"],
                detail_type=["ECS Deployment State Change"],
                resources=[service.service.service_arn],
                detail={"eventName": ["SERVICE_DEPLOYMENT_FAILED"]},
            ),
            targets=[cast(events.IRuleTarget, _Kept(self.queue, self._dead_letters))],
        )
        return cloudwatch.Metric(
            namespace="AWS/Events",
            metric_name="Invocations",
            dimensions_map={"RuleName": rule.rule_name},
            statistic=cloudwatch.Stats.SUM,
            period=period,
        )


@jsii.implements(events.IRuleTarget)
class _Kept:
    """A queue that all rules may write to by one statement of its policy."""

    def __init__(self, queue: sqs.IQueue, dead_letters: sqs.IQueue) -> None:
        self._queue = queue
        self._dead_letters = dead_letters

    def bind(self, rule: events.IRule, target_id: str | None = None) -> events.RuleTargetConfig:
        """The queue, and where an event goes that it could not be given."""
        return events.RuleTargetConfig(
            arn=self._queue.queue_arn,
            dead_letter_config=events.CfnRule.DeadLetterConfigProperty(
                arn=self._dead_letters.queue_arn
            ),
        )
