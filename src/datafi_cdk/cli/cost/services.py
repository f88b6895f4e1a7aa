"""Reads the Fargate services of an app: what size, how many tasks, how much of it on Spot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ...topology import Reference, ResourceId, references_in
from .items import ZERO, Made, NotEstimated, Range, counted, number, of_type, section, sections

SERVICE = "AWS::ECS::Service"
TASK_DEFINITION = "AWS::ECS::TaskDefinition"
SCALABLE_TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
CLUSTER_PROVIDERS = "AWS::ECS::ClusterCapacityProviderAssociations"

_INCLUDED_STORAGE_GB = 20
"""https://aws.amazon.com/fargate/pricing/"""


@dataclass(frozen=True)
class Service:
    """A service on Fargate.

    Args:
        name: What its main container is called, or the path of its construct.
        cluster: Its cluster; `None` if the app does not make it.
        vcpu: vCPUs of a task.
        memory_gb: GB of memory of a task.
        storage_gb: GB of ephemeral storage of a task beyond those that cost nothing.
        arm: Whether it runs on ARM.
        tasks: How many tasks.
        spot: How many of them on Spot.
        public_ip: Whether each task has a public address.
        subnets: In how many subnets it runs; 0 if that is not known.
        log_months: Months that its logs are kept, 12 if for ever.
    """

    name: str
    cluster: ResourceId | None
    vcpu: Decimal
    memory_gb: Decimal
    storage_gb: Decimal
    arm: bool
    tasks: Range
    spot: Range
    public_ip: bool
    subnets: int
    log_months: Decimal


def services(made: list[Made]) -> tuple[list[Service], list[NotEstimated]]:
    """The services of an app.

    Args:
        made: All its resources.

    Returns:
        Those on Fargate that have tasks, and those that have none or cannot be priced.
    """
    found: list[Service] = []
    left: list[NotEstimated] = []
    idle = 0
    for resource in of_type(made, SERVICE):
        service = _service(resource, made)
        if isinstance(service, str):
            left.append(NotEstimated(f"tasks of {resource.path}", service))
        elif service.tasks.high:
            found.append(service)
        else:
            idle += 1
    if idle:
        left.append(NotEstimated(counted(idle, "server"), "the number of tasks is set to 0"))
    return found, left


def _service(resource: Made, made: list[Made]) -> Service | str:
    """The service, or why it cannot be priced."""
    properties = resource.properties
    task = _referred(properties.get("TaskDefinition"), made)
    if task is None:
        return "its task definition is not in these templates"
    cpu, memory = number(task.get("Cpu")), number(task.get("Memory"))
    platform = section(task.get("RuntimePlatform"))
    if cpu is None or memory is None:
        return "its CPU and memory are known at deployment only"
    if str(platform.get("OperatingSystemFamily", "LINUX")) != "LINUX":
        return "the table has prices for Linux only"
    strategy = _strategy(properties, made)
    if strategy is None:
        return "it does not run on Fargate, or that is known at deployment only"
    tasks = _tasks(resource, made)
    if tasks is None:
        return "its number of tasks is known at deployment only"
    network = section(section(properties.get("NetworkConfiguration")).get("AwsvpcConfiguration"))
    subnets = network.get("Subnets")
    storage = number(section(task.get("EphemeralStorage")).get("SizeInGiB")) or ZERO
    return Service(
        name=_name(resource),
        cluster=_id(properties.get("Cluster")),
        vcpu=cpu / 1024,
        memory_gb=memory / 1024,
        storage_gb=max(storage - _INCLUDED_STORAGE_GB, ZERO),
        arm=platform.get("CpuArchitecture") == "ARM64",
        tasks=tasks,
        spot=Range(_on_spot(strategy, tasks.low), _on_spot(strategy, tasks.high)),
        public_ip=network.get("AssignPublicIp") == "ENABLED",
        subnets=len(subnets) if isinstance(subnets, list) else 0,
        log_months=_log_months(task, made),
    )


def _name(resource: Made) -> str:
    for target in sections(resource.properties.get("LoadBalancers")):
        if isinstance(target.get("ContainerName"), str):
            return str(target["ContainerName"])
    return resource.path


def _id(value: Any) -> ResourceId | None:
    return value.resource if isinstance(value, Reference) else None


def _referred(value: Any, made: list[Made]) -> Mapping[str, Any] | None:
    found = (resource.properties for resource in made if resource.id == _id(value))
    return next(found, None)


def log_months(group: Any, made: list[Made]) -> Decimal:
    """Months that a log group keeps what is written; a year if for ever, or if it is not known."""
    found = _referred(group, made) or {}
    days = number(found.get("RetentionInDays"))
    return days / 30 if days else Decimal(12)


def _strategy(
    properties: Mapping[str, Any], made: list[Made]
) -> Sequence[Mapping[str, Any]] | None:
    """The capacity providers, or `None` if any is not Fargate's."""
    strategy: Any = properties.get("CapacityProviderStrategy")
    if not strategy and properties.get("LaunchType") == "FARGATE":
        return [{"CapacityProvider": "FARGATE", "Weight": 1}]
    if not strategy and "LaunchType" not in properties:
        for default in of_type(made, CLUSTER_PROVIDERS):
            if default.properties.get("Cluster") == properties.get("Cluster"):
                strategy = default.properties.get("DefaultCapacityProviderStrategy")
    if not isinstance(strategy, list) or not strategy:
        return None
    known = all(
        section(entry).get("CapacityProvider") in ("FARGATE", "FARGATE_SPOT") for entry in strategy
    )
    return strategy if known else None


def _on_spot(strategy: Sequence[Mapping[str, Any]], tasks: Decimal) -> Decimal:
    """How many tasks run on Spot: those of its base, and its share of what is above all bases.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-capacity-providers.html
    """
    above, spot = tasks, ZERO
    weights = {True: ZERO, False: ZERO}
    for entry in strategy:
        on_spot = entry["CapacityProvider"] == "FARGATE_SPOT"
        base = min(number(entry.get("Base", 0)) or ZERO, above)
        above -= base
        spot += base if on_spot else ZERO
        weights[on_spot] += number(entry.get("Weight", 0)) or ZERO
    total = weights[True] + weights[False]
    return spot + (above * weights[True] / total if total else ZERO)


def _tasks(resource: Made, made: list[Made]) -> Range | None:
    for target in of_type(made, SCALABLE_TARGET):
        if any(
            reference.resource == resource.id
            for reference in references_in(target.properties.get("ResourceId"))
        ):
            low = number(target.properties.get("MinCapacity"))
            high = number(target.properties.get("MaxCapacity"))
            return None if low is None or high is None else Range(low, high)
    desired = number(resource.properties.get("DesiredCount", 1))
    return None if desired is None else Range.exactly(desired)


def _log_months(task: Mapping[str, Any], made: list[Made]) -> Decimal:
    for container in sections(task.get("ContainerDefinitions")):
        options = section(section(container.get("LogConfiguration")).get("Options"))
        if "awslogs-group" in options:
            return log_months(options["awslogs-group"], made)
    return log_months(None, made)


def task_count(all_services: Sequence[Service]) -> Range:
    """How many tasks some services have."""
    return sum((service.tasks for service in all_services), Range.exactly(0))


def alike(all_services: Sequence[Service]) -> Iterator[list[Service]]:
    """The services in groups of the same size and number of tasks, in order."""
    groups: dict[tuple[Any, ...], list[Service]] = {}
    for service in all_services:
        key = (service.vcpu, service.memory_gb, service.storage_gb, service.arm)
        groups.setdefault((*key, service.tasks, service.spot), []).append(service)
    yield from groups.values()
