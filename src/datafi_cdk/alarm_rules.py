"""When an alarm of a deployment rings: thresholds, and why these.

Each rule names its entry in `docs/runbook.md`. Unless a rule says otherwise, missing data is no
reason to ring: a load balancer sends nothing about requests, and a function nothing about errors,
while there are none. Where AWS recommends a threshold it is taken, and where periods are others
than its own the rule says why:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Best_Practice_Recommended_Alarms_AWS_Services.html
How CloudWatch counts datapoints and what it makes of missing ones:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from aws_cdk import aws_cloudwatch as cloudwatch

_AT_LEAST = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
_MORE_THAN = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
_LESS_THAN = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
_AT_MOST = cloudwatch.ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD

RUNBOOK = "docs/runbook.md"


@dataclass(frozen=True, kw_only=True)
class AlarmRule:
    """When an alarm rings. The length of a period is that of its metric.

    Attributes:
        entry: The anchor of its entry in the runbook.
        threshold: What its metric is compared with, in the metric's unit.
        comparison: How.
        datapoints: How many of the last `periods` datapoints have to be beyond the threshold.
        periods: How many datapoints are looked at.
        missing: What a period without data counts as.
    """

    entry: str
    threshold: float
    comparison: cloudwatch.ComparisonOperator
    datapoints: int
    periods: int
    missing: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING

    @property
    def runbook(self) -> str:
        """Where the runbook tells what to do."""
        return f"{RUNBOOK}#{self.entry}"


UNHEALTHY_TARGETS = AlarmRule(
    entry="unhealthy-targets", threshold=1, comparison=_AT_LEAST, datapoints=3, periods=5
)
"""A target fails its health check in 3 of 5 minutes. ECS replaces such a task, so that one which
crashes again and again is unhealthy in some of the minutes only, while one that starts slowly is
for a minute. Source of the metric:
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
"""

NO_HEALTHY_TARGETS = AlarmRule(
    entry="no-healthy-targets",
    threshold=1,
    comparison=_LESS_THAN,
    datapoints=3,
    periods=3,
    missing=cloudwatch.TreatMissingData.BREACHING,
)
"""No target is healthy for 3 minutes. Missing data counts, as a load balancer reports healthy
targets only while there are targets at all: an image that cannot be pulled never becomes one.
Source:
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
"""

SERVER_ERRORS = AlarmRule(
    entry="server-errors", threshold=5, comparison=_AT_LEAST, datapoints=2, periods=3
)
"""At least 5 percent of the requests fail in 2 of 3 periods of five minutes. AWS recommends to
begin with about 5 percent of the average traffic, counted for five minutes one by one. A rate
follows the traffic by itself, and two periods of five minutes leave out a single error of a server
that is asked rarely. Source:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Best_Practice_Recommended_Alarms_AWS_Services.html#ECS
"""

FAILED_DEPLOYMENT = AlarmRule(
    entry="failed-deployment", threshold=1, comparison=_AT_LEAST, datapoints=1, periods=1
)
"""A rollout failed, which ECS says once; with a circuit breaker it then rolls back. Source:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html
"""

FUNCTION_ERRORS = replace(SERVER_ERRORS, entry="function-errors")
"""The rate of `SERVER_ERRORS`, of invocations that crashed or ran out of time. AWS gives no number
but that it is above zero, as it depends on how many errors an application can bear. Source:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Best_Practice_Recommended_Alarms_AWS_Services.html#Lambda
"""

FUNCTION_THROTTLES = AlarmRule(
    entry="function-throttles", threshold=1, comparison=_AT_LEAST, datapoints=3, periods=3
)
"""Invocations are turned away in three periods of five minutes running. AWS recommends any number
above zero, for five minutes; a short burst while Lambda scales is none of a person's business.
Source:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Best_Practice_Recommended_Alarms_AWS_Services.html#Lambda
"""

LOAD_BALANCER_ERRORS = AlarmRule(
    entry="load-balancer-errors", threshold=10, comparison=_AT_LEAST, datapoints=2, periods=3
)
"""The load balancer itself answers 10 requests with 5xx in 2 of 3 periods of five minutes. It is no
rate, as requests for which there was no target are not counted as requests. Source:
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
"""

CERTIFICATE_EXPIRY = AlarmRule(
    entry="certificate-expiry",
    threshold=30,
    comparison=_AT_MOST,
    datapoints=1,
    periods=1,
    missing=cloudwatch.TreatMissingData.IGNORE,
)
"""At most 30 days are left. ACM begins to renew a certificate of 198 days, which is what it issues,
45 days before the end, and an older one of 395 days 60 days before: then it has failed for two
weeks. AWS recommends 44 days, and to change that to the time that one needs. Missing data changes
nothing, as ACM sends the number twice a day, and none once the certificate has expired.
Sources:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Best_Practice_Recommended_Alarms_AWS_Services.html#CertificateManager,
https://docs.aws.amazon.com/acm/latest/userguide/dns-renewal-validation.html
and https://docs.aws.amazon.com/acm/latest/userguide/cloudwatch-metrics.html
"""

UPDATE_API_ERRORS = AlarmRule(
    entry="update-api-errors", threshold=1, comparison=_AT_LEAST, datapoints=1, periods=1
)
"""The update API answered 500, or an event could not be dealt with as it should: each one is an
update that did not happen. Source: `lambda_assets/update_api/request_log.py`.
"""

UPDATE_API_CRASHES = replace(UPDATE_API_ERRORS, threshold=3)
"""Three failed invocations in a quarter of an hour: Lambda tries an event three times, with a
minute and then two between, and one that finds a service busy may well succeed at the second.
Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

REFUSED_KEYS = AlarmRule(
    entry="refused-keys", threshold=5, comparison=_AT_LEAST, datapoints=1, periods=1
)
"""Five requests with a wrong key or none in five minutes: a person mistypes a key once or twice,
a console with an old key and somebody who guesses do not stop. AWS, too, counts refused requests
in the log for such an alarm. Source:
https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html#cloudwatch-2
"""

DEAD_LETTERS = AlarmRule(
    entry="dead-letters", threshold=1, comparison=_AT_LEAST, datapoints=1, periods=1
)
"""There is a message in the dead-letter queue. It stays there until a person takes it. Source:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
"""


def slow_answers(timeout_seconds: float) -> AlarmRule:
    """One request in ten takes half of the time after which it fails, for a quarter of an hour.

    AWS gives no number, as it depends on what is asked. What a server waits for before it gives up
    is what its owner has said of that. Of a stream, the time until it begins counts. Sources:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Best_Practice_Recommended_Alarms_AWS_Services.html#ECS
    and
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html

    Args:
        timeout_seconds: After how many seconds the server gives up.
    """
    return AlarmRule(
        entry="slow-answers",
        threshold=timeout_seconds / 2,
        comparison=_AT_LEAST,
        datapoints=3,
        periods=3,
    )


def high_use(entry: str, scaling_target: float | None) -> AlarmRule:
    """More than 80 percent of CPU or memory for 5 minutes, as AWS recommends.

    Automatic scaling has made more tasks by then, unless it is at its maximum. Where it aims at
    more than 60 percent, the use has to be half way from there to all. An edge server's cache takes
    half of the memory, and a task that needs more than all is killed. Source:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Best_Practice_Recommended_Alarms_AWS_Services.html#ECS

    Args:
        entry: `cpu` or `memory`.
        scaling_target: What automatic scaling keeps the use near, in percent.
    """
    threshold = max(80.0, ((scaling_target or 0) + 100) / 2)
    return AlarmRule(
        entry=entry, threshold=threshold, comparison=_MORE_THAN, datapoints=5, periods=5
    )
