"""MeasuredService: what CloudWatch knows about a server on ECS Fargate."""

from __future__ import annotations

from typing import TypedDict, Unpack

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from constructs import Construct

from .ingress_base import IngressBase

_LOAD_BALANCER = "AWS/ApplicationELB"
_CONTAINER_INSIGHTS = "ECS/ContainerInsights"


class MetricOptions(TypedDict, total=False):
    """How a metric is read, all optional.

    Example:
        ```python
        edge.metric_target_response_time(statistic="p99", period=Duration.minutes(1))
        ```
    """

    period: Duration
    """The time of which each value tells. Default: five minutes."""
    statistic: str
    """How values are put together, such as `Average`, `Sum` or `p99`. Default: what suits the
    metric; its own description says which."""
    label: str
    """What graphs call it. Default: its name."""
    color: str
    """Its colour in graphs, such as `#1f77b4`. Default: CloudWatch chooses."""


class MeasuredService(Construct):
    """A service behind a load balancer, and its metrics.

    Sources of names, dimensions and statistics: of CPU and memory
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html,
    of running tasks
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-metrics-ECS.html,
    of all others
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
    """

    ingress: IngressBase
    """The load balancer in front of it."""
    service: ecs.FargateService
    """The ECS service."""
    http_target_group: elbv2.ApplicationTargetGroup
    """The targets of HTTPS requests."""
    grpc_target_group: elbv2.ApplicationTargetGroup
    """The targets of gRPC requests."""

    def metric_cpu_utilization(self, **options: Unpack[MetricOptions]) -> cloudwatch.Metric:
        """Use of CPU in percent of what the tasks have; average.

        Args:
            options: Period, statistic, label, color.
        """
        return self.service.metric_cpu_utilization(**options)

    def metric_memory_utilization(self, **options: Unpack[MetricOptions]) -> cloudwatch.Metric:
        """Use of memory in percent of what the tasks have; average.

        Args:
            options: Period, statistic, label, color.
        """
        return self.service.metric_memory_utilization(**options)

    def metric_running_task_count(self, **options: Unpack[MetricOptions]) -> cloudwatch.Metric:
        """How many tasks run; average. The cluster needs Container Insights.

        Args:
            options: Period, statistic, label, color.
        """
        return cloudwatch.Metric(
            namespace=_CONTAINER_INSIGHTS,
            metric_name="RunningTaskCount",
            dimensions_map={
                "ClusterName": self.service.cluster.cluster_name,
                "ServiceName": self.service.service_name,
            },
            **_with_defaults(options, cloudwatch.Stats.AVERAGE),
        )

    def metric_target_response_time(
        self, *, grpc: bool = False, **options: Unpack[MetricOptions]
    ) -> cloudwatch.Metric:
        """How long the tasks take to answer, in seconds; average.

        Args:
            grpc: Whether of gRPC requests, else of HTTPS requests. Default: `False`.
            options: Period, statistic, label, color.
        """
        return self._of_targets("TargetResponseTime", cloudwatch.Stats.AVERAGE, grpc, options)

    def metric_request_count(
        self, *, grpc: bool = False, **options: Unpack[MetricOptions]
    ) -> cloudwatch.Metric:
        """How many requests reach the tasks; sum.

        Args:
            grpc: Whether gRPC requests, else HTTPS requests. Default: `False`.
            options: Period, statistic, label, color.
        """
        return self._of_targets("RequestCount", cloudwatch.Stats.SUM, grpc, options)

    def metric_request_count_per_target(
        self, *, grpc: bool = False, **options: Unpack[MetricOptions]
    ) -> cloudwatch.Metric:
        """How many requests reach one task on average; sum.

        Args:
            grpc: Whether gRPC requests, else HTTPS requests. Default: `False`.
            options: Period, statistic, label, color.
        """
        return self._of_targets("RequestCountPerTarget", cloudwatch.Stats.SUM, grpc, options)

    def metric_http_5xx(
        self, *, grpc: bool = False, **options: Unpack[MetricOptions]
    ) -> cloudwatch.Metric:
        """How many requests the tasks answer with an HTTP status of 500 to 599; sum.

        Args:
            grpc: Whether of gRPC requests, else of HTTPS requests. Default: `False`.
            options: Period, statistic, label, color.
        """
        return self._of_targets("HTTPCode_Target_5XX_Count", cloudwatch.Stats.SUM, grpc, options)

    def metric_unhealthy_host_count(
        self, *, grpc: bool = False, **options: Unpack[MetricOptions]
    ) -> cloudwatch.Metric:
        """How many tasks fail their health check; maximum.

        Args:
            grpc: Whether that of the gRPC port, else that of the HTTP port. Default: `False`.
            options: Period, statistic, label, color.
        """
        return self._of_targets("UnHealthyHostCount", cloudwatch.Stats.MAXIMUM, grpc, options)

    def metric_healthy_host_count(
        self, *, grpc: bool = False, **options: Unpack[MetricOptions]
    ) -> cloudwatch.Metric:
        """How many tasks pass their health check; minimum. None is sent while there is no task.

        Args:
            grpc: Whether that of the gRPC port, else that of the HTTP port. Default: `False`.
            options: Period, statistic, label, color.
        """
        return self._of_targets("HealthyHostCount", cloudwatch.Stats.MINIMUM, grpc, options)

    def _of_targets(
        self, name: str, statistic: str, grpc: bool, options: MetricOptions
    ) -> cloudwatch.Metric:
        target_group = self.grpc_target_group if grpc else self.http_target_group
        return target_group_metric(self.ingress, target_group, name, statistic, options)


def target_group_metric(
    ingress: IngressBase,
    target_group: elbv2.ApplicationTargetGroup,
    name: str,
    statistic: str,
    options: MetricOptions,
) -> cloudwatch.Metric:
    """What a load balancer counts of one target group.

    Args:
        ingress: The load balancer.
        target_group: The target group.
        name: The metric's name.
        statistic: Its statistic, unless the options say otherwise.
        options: Period, statistic, label, color.
    """
    return cloudwatch.Metric(
        namespace=_LOAD_BALANCER,
        metric_name=name,
        dimensions_map={
            "LoadBalancer": ingress.load_balancer_full_name,
            "TargetGroup": target_group.target_group_full_name,
        },
        **_with_defaults(options, statistic),
    )


def load_balancer_metric(
    ingress: IngressBase, name: str, statistic: str, options: MetricOptions
) -> cloudwatch.Metric:
    """What a load balancer counts of all that it does.

    Args:
        ingress: The load balancer.
        name: The metric's name.
        statistic: Its statistic, unless the options say otherwise.
        options: Period, statistic, label, color.
    """
    return cloudwatch.Metric(
        namespace=_LOAD_BALANCER,
        metric_name=name,
        dimensions_map={"LoadBalancer": ingress.load_balancer_full_name},
        **_with_defaults(options, statistic),
    )


def _with_defaults(options: MetricOptions, statistic: str) -> MetricOptions:
    return {"statistic": statistic, **options}
