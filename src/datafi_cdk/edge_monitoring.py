"""EdgeMonitoring: a dashboard and alarms for a deployment."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from .datafi_service import DatafiService
from .dead_letters import queue_of
from .failed_deployments import FailedDeployments
from .ingress_base import IngressBase
from .monitored_front import part_of_dead_letters, part_of_ingress, part_of_update_api
from .monitored_part import Part
from .monitored_servers import part_of_serverless, part_of_service
from .monitoring_faults import monitoring_faults
from .monitoring_library import MonitoringLibrary
from .places import stack_of
from .serverless_edge_server import ServerlessEdgeServer
from .synthesis import refuse, removal_policy_faults
from .update_api import UpdateApi
from .update_api_faults import refuse_ingress

__all__ = ["EdgeMonitoring"]

_SHOWN = Duration.hours(8)
_WIDTH = 24
_ALARMS_IN_A_ROW = 6


class EdgeMonitoring(Construct):
    """A dashboard for a deployment, and alarms on what a person has to do something about.

    It needs the extra `monitoring`: `pip install 'datafi-cdk[monitoring]'`. Each alarm's
    description names its entry in `docs/runbook.md`; the module `datafi_cdk.alarm_rules` says when
    it rings, and why then. There are alarms on

    - each server on Fargate: its targets, 5xx, slow answers, CPU, memory, failed deployments
    - each edge server on Lambda: 5xx, crashes and throttles of its function, slow answers
    - the load balancer: its own 5xx, and the certificate, if the ingress has it of an `EdgeDns`
    - each update API: errors, and refused keys if it has a key
    - the stacks of all that: events in the dead-letter queue that the library's functions share

    What a load balancer that is there already does for others counts, too. That a server has no
    healthy target is no alarm of one with a `desired_count` of 0. ECS promises to tell of a failed
    deployment only if the server has a circuit breaker. Running tasks are counted in clusters with
    Container Insights.

    It may stand in a stack of its own, which then refers to all others, and none to it: see
    docs/stacks.md on how to remove a server then. Prices: https://aws.amazon.com/cloudwatch/pricing/

    Args:
        scope: Where the construct is made.
        construct_id: Its id in `scope`.
        services: The servers behind the ingress, at least one.
        ingress: The load balancer, in the account and region of this stack.
        update_apis: The update APIs of the ingress; may be empty.
        alarm_topic: Who is told when an alarm rings and when it is over, in the region of this
            stack. If it is encrypted, or has a policy of its own (`enforce_ssl=True` makes one),
            key and policy have to let CloudWatch publish, as docs/runbook.md says. Default: nobody.
        removal_policy: What becomes of the queue of failed deployments when it leaves the stack.
            Default: retained.

    Raises:
        InvalidInputError: With every argument that cannot work, or because the extra is missing.

    Example:
        ```python
        monitoring = EdgeMonitoring(
            self,
            "Monitoring",
            services=[edge, coordinator],
            ingress=ingress,
            update_apis=[updates],
            alarm_topic=sns.Topic.from_topic_arn(self, "AlarmTopic", topic_arn),
        )
        ```
    """

    dashboard: cloudwatch.Dashboard
    """The dashboard, to which widgets can be added."""
    alarms: dict[str, cloudwatch.Alarm]
    """The alarms by server and name, such as `es-Cpu`, `ingress-CertificateExpiry`,
    `updates-es-Errors` or, by its stack, `DatafiEdge-DeadLetters`."""
    failed_deployments: sqs.Queue | None
    """What ECS said of failed deployments in the last two weeks; `None` without a server on
    Fargate."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        services: Sequence[DatafiService | ServerlessEdgeServer],
        ingress: IngressBase,
        update_apis: Sequence[UpdateApi],
        alarm_topic: sns.ITopic | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        refuse_ingress(self, ingress)
        refuse(
            self,
            [
                *monitoring_faults(self, services, ingress, update_apis, alarm_topic),
                *removal_policy_faults(removal_policy),
            ],
        )
        library = MonitoringLibrary(self, alarm_topic)
        self.dashboard = cloudwatch.Dashboard(self, "Dashboard", default_interval=_SHOWN)
        self.alarms = {}
        self.failed_deployments = None
        for part in self._parts(services, ingress, update_apis, removal_policy):
            widgets, alarms = library.watch(part)
            self.dashboard.add_widgets(*widgets)
            self.dashboard.add_widgets(_states(list(alarms.values())))
            self.alarms |= {f"{part.name}-{name}": alarm for name, alarm in alarms.items()}

    def _parts(
        self,
        services: Sequence[DatafiService | ServerlessEdgeServer],
        ingress: IngressBase,
        update_apis: Sequence[UpdateApi],
        removal_policy: RemovalPolicy,
    ) -> list[Part]:
        parts = [part_of_ingress(ingress)]
        on_fargate = [each for each in services if isinstance(each, DatafiService)]
        if on_fargate:
            failed = FailedDeployments(self, "FailedDeployments", removal_policy)
            self.failed_deployments = failed.queue
            parts += [part_of_service(service, failed) for service in on_fargate]
        parts += [
            part_of_serverless(server)
            for server in services
            if isinstance(server, ServerlessEdgeServer)
        ]
        parts += [part_of_update_api(self, api) for api in update_apis]
        stacks = dict.fromkeys(map(stack_of, (self, *update_apis)))
        queues = map(queue_of, stacks)
        return [*parts, *(part_of_dead_letters(queue) for queue in queues if queue)]


def _states(alarms: Sequence[cloudwatch.IAlarm]) -> cloudwatch.AlarmStatusWidget:
    rows = -(-len(alarms) // _ALARMS_IN_A_ROW)
    return cloudwatch.AlarmStatusWidget(
        title="Alarms", alarms=alarms, width=_WIDTH, height=1 + rows
    )
