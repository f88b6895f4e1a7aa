"""What a load balancer on the embedded AWS really routes, read back from its API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..errors import LocalAwsError
from ..local import EmbeddedAws


@dataclass(frozen=True)
class Route:
    """One way in: a name and a port, the rule that takes it, and where it leads.

    Args:
        name: The host name, `*` for every other.
        port: The port of the listener.
        rule: Priority and first path of the rule.
        target: What answers.
        image_tag: The tag of the image that runs there, or `None` if it is no container.
    """

    name: str
    port: int
    rule: str
    target: str
    image_tag: str | None


def live_routes(aws: EmbeddedAws, load_balancer_name: str) -> list[Route]:
    """Every route of a load balancer, by port and name.

    Args:
        aws: The embedded AWS.
        load_balancer_name: The load balancer.
    """
    elbv2 = aws.client("elbv2")
    (load_balancer,) = elbv2.describe_load_balancers(Names=[load_balancer_name])["LoadBalancers"]
    listeners = elbv2.describe_listeners(LoadBalancerArn=load_balancer["LoadBalancerArn"])
    services = _services_by_target_group(aws)
    routes = [
        route
        for listener in listeners["Listeners"]
        for rule in elbv2.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
        for route in _routes_of_rule(aws, listener["Port"], rule, services)
    ]
    return sorted(routes, key=lambda route: (route.port, route.name == "*", route.name, route.rule))


def live_image_tag(aws: EmbeddedAws, container_name: str) -> str:
    """The image tag of a container in the task definition that its service now has.

    Args:
        aws: The embedded AWS.
        container_name: The container, named as its server.
    """
    for service in _services(aws):
        for container in _containers(aws, service):
            if container["name"] == container_name:
                return _tag(container)
    raise LocalAwsError(f"no service has a container {container_name!r}")


def _routes_of_rule(
    aws: EmbeddedAws, port: int, rule: dict[str, Any], services: dict[str, dict[str, Any]]
) -> Iterator[Route]:
    conditions = {condition["Field"]: condition["Values"] for condition in rule["Conditions"]}
    (action,) = rule["Actions"]
    target, tag = _target(aws, action, services)
    path = next(iter(conditions.get("path-pattern", [])), "")
    for name in conditions.get("host-header", ["*"]):
        yield Route(name, port, f"{rule['Priority']} {path}".strip(), target, tag)


def _target(
    aws: EmbeddedAws, action: dict[str, Any], services: dict[str, dict[str, Any]]
) -> tuple[str, str | None]:
    if action["Type"] == "redirect":
        redirect = action["RedirectConfig"]
        return f"redirect to :{redirect['Port']}", None
    if action["Type"] == "fixed-response":
        return f"fixed response {action['FixedResponseConfig']['StatusCode']}", None
    arn = action["TargetGroupArn"]
    if arn in services:
        service = services[arn]
        attached = next(
            entry for entry in service["loadBalancers"] if entry["targetGroupArn"] == arn
        )
        container = next(
            entry
            for entry in _containers(aws, service)
            if entry["name"] == attached["containerName"]
        )
        return f"container {container['name']}:{attached['containerPort']}", _tag(container)
    health = aws.client("elbv2").describe_target_health(TargetGroupArn=arn)
    (function,) = (entry["Target"]["Id"] for entry in health["TargetHealthDescriptions"])
    settings = aws.client("lambda").get_function_configuration(FunctionName=function)
    variables = settings["Environment"]["Variables"]
    if "SERVICES" not in variables:
        return "Lambda, router", None
    updated = [service[0] for service in json.loads(variables["SERVICES"])["services"]]
    tag = live_image_tag(aws, updated[0]) if len(updated) == 1 else None
    return f"Lambda, updates {', '.join(updated)}", tag


def _services(aws: EmbeddedAws) -> Iterator[dict[str, Any]]:
    ecs = aws.client("ecs")
    for cluster in ecs.list_clusters()["clusterArns"]:
        arns = ecs.list_services(cluster=cluster)["serviceArns"]
        if arns:
            yield from ecs.describe_services(cluster=cluster, services=arns)["services"]


def _services_by_target_group(aws: EmbeddedAws) -> dict[str, dict[str, Any]]:
    return {
        attached["targetGroupArn"]: service
        for service in _services(aws)
        for attached in service["loadBalancers"]
    }


def _containers(aws: EmbeddedAws, service: dict[str, Any]) -> list[dict[str, Any]]:
    definition = aws.client("ecs").describe_task_definition(
        taskDefinition=service["taskDefinition"]
    )
    containers: list[dict[str, Any]] = definition["taskDefinition"]["containerDefinitions"]
    return containers


def _tag(container: dict[str, Any]) -> str:
    image: str = container["image"]
    return image.rpartition("/")[2].partition(":")[2] or "latest"
