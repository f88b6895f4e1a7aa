"""AutoScaling: between how many tasks a service moves, and by what."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ecs as ecs

from .errors import Fault
from .synthesis import concrete, seconds_faults
from .validation import (
    MOST_TASKS,
    located,
    number_faults,
    required_faults,
    scaling_pair_faults,
    type_faults,
)

__all__ = ["AutoScaling"]

_COOLDOWN = Duration.seconds(60)
_LONGEST_COOLDOWN = 2_147_483_647
_TARGETS = {"cpu_percent": 100, "memory_percent": 100, "requests_per_target": 1_000_000}


@dataclass(frozen=True)
class AutoScaling:
    """How the number of a service's tasks follows its load.

    Each target that is given keeps one measure near a value; the highest number of tasks that any
    of them asks for wins.

    Args:
        min: The lowest number of tasks, from 0. Where there is none, there is nothing to measure,
            so that none of the targets brings the service back: with 0, schedule what does
            (`server.scaling.scale_on_schedule(…)`).
        max: The highest number of tasks.
        cpu_percent: Average use of CPU, in percent of what the tasks have, 1 to 100. Default: CPU
            does not count.
        memory_percent: Average use of memory, in percent, 1 to 100. Default: memory does not count.
        requests_per_target: HTTPS requests a minute to each task. gRPC requests do not count.
            Default: requests do not count.
        scale_in_cooldown: How long after a change no task is taken away. Default: 60 s.
        scale_out_cooldown: How long after a change no task is added. Default: 60 s.

    Example:
        ```python
        EdgeServer(
            self,
            "Es",
            cluster=cluster,
            ingress=ingress,
            name="es",
            auto_scaling=AutoScaling(min=2, max=10, cpu_percent=60),
        )
        ```
    """

    min: int
    max: int
    cpu_percent: int | None = None
    memory_percent: int | None = None
    requests_per_target: int | None = None
    scale_in_cooldown: Duration = _COOLDOWN
    scale_out_cooldown: Duration = _COOLDOWN

    def scale(
        self, service: ecs.FargateService, requests_per_target: cloudwatch.IMetric
    ) -> ecs.ScalableTaskCount:
        """Let a service follow its load.

        Args:
            service: The service.
            requests_per_target: The measure of its requests.

        Returns:
            What scales it.
        """
        count = service.auto_scale_task_count(min_capacity=self.min, max_capacity=self.max)
        if self.cpu_percent is not None:
            count.scale_on_cpu_utilization(
                "Cpu",
                target_utilization_percent=self.cpu_percent,
                scale_in_cooldown=self.scale_in_cooldown,
                scale_out_cooldown=self.scale_out_cooldown,
            )
        if self.memory_percent is not None:
            count.scale_on_memory_utilization(
                "Memory",
                target_utilization_percent=self.memory_percent,
                scale_in_cooldown=self.scale_in_cooldown,
                scale_out_cooldown=self.scale_out_cooldown,
            )
        if self.requests_per_target is not None:
            count.scale_to_track_custom_metric(
                "Requests",
                metric=requests_per_target,
                target_value=self.requests_per_target,
                scale_in_cooldown=self.scale_in_cooldown,
                scale_out_cooldown=self.scale_out_cooldown,
            )
        return count


def auto_scaling_faults(auto_scaling: AutoScaling | None) -> list[Fault]:
    """What cannot work of an `AutoScaling`.

    Source: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html
    """
    if auto_scaling is None:
        return []
    faults = type_faults("auto_scaling", auto_scaling, AutoScaling, "an AutoScaling")
    return faults or located("auto_scaling.", _faults(auto_scaling))


def _faults(auto_scaling: AutoScaling) -> list[Fault]:
    lowest, highest = concrete(auto_scaling.min), concrete(auto_scaling.max)
    targets = {name: getattr(auto_scaling, name) for name in _TARGETS}
    faults = [
        *required_faults(min=auto_scaling.min, max=auto_scaling.max),
        *number_faults("min", lowest, 0, MOST_TASKS),
        *number_faults("max", highest, 1, MOST_TASKS),
    ]
    for name, target in targets.items():
        faults += number_faults(name, concrete(target), 1, _TARGETS[name])
    for name in ("scale_in_cooldown", "scale_out_cooldown"):
        cooldown = getattr(auto_scaling, name)
        wrong_type = type_faults(name, cooldown, Duration, "a Duration")
        faults += wrong_type or seconds_faults(name, cooldown, 0, _LONGEST_COOLDOWN)
    return faults or scaling_pair_faults(lowest, highest, targets)
