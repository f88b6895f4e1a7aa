"""Which permissions a request to ECS, EventBridge or SSM needs, as the service authorization says.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Request = Mapping[str, Any]

_OF_ONE_SERVICE = ("DeleteService", "ListServiceDeployments", "UpdateService")
_OF_ANY_RESOURCE = (
    "DeregisterTaskDefinition",
    "DescribeTaskDefinition",
    "ListClusters",
    "ListTaskDefinitionFamilies",
    "ListTaskDefinitions",
)
_OF_A_TAGGED_RESOURCE = ("ListTagsForResource", "TagResource", "UntagResource")
_OF_HISTORY = {
    "DescribeServiceDeployments": "serviceDeploymentArns",
    "DescribeServiceRevisions": "serviceRevisionArns",
}


@dataclass(frozen=True)
class Permission:
    """An action on a resource, with the condition keys of the request.

    Args:
        action: E.g. "ecs:UpdateService".
        resource: An ARN, or "*" for an action without resource types.
        context: Condition keys and their values. Default: none.
    """

    action: str
    resource: str
    context: Mapping[str, str] = field(default_factory=dict)


def needed(service: str, action: str, request: Request, scope: str) -> list[Permission]:
    """All permissions that a request needs; empty if this module does not know the action.

    Args:
        service: "ecs", "events" or "ssm".
        action: E.g. "UpdateService".
        request: The request's parameters.
        scope: Region and account of ARNs, e.g. "us-east-1:000000000000".
    """
    return {"ecs": _of_ecs, "events": _of_events, "ssm": _of_ssm}[service](action, request, scope)


def _of_ecs(action: str, request: Request, scope: str) -> list[Permission]:
    arn = f"arn:aws:ecs:{scope}"
    name = f"ecs:{action}"
    if action in _OF_ANY_RESOURCE:
        return [Permission(name, "*")]
    if action in _OF_A_TAGGED_RESOURCE:
        return [Permission(name, request["resourceArn"])]
    if action in _OF_HISTORY:
        return [
            Permission(name, resource, context)
            for target in request[_OF_HISTORY[action]]
            for resource, context in _of_history(arn, target)
        ]
    cluster = str(request.get("cluster", "default")).rpartition("/")[2]
    context = {"ecs:cluster": f"{arn}:cluster/{cluster}"}
    if action in ("CreateService", "UpdateService") and "taskDefinition" in request:
        context["ecs:task-definition"] = _task_definition(arn, request["taskDefinition"])
    if action == "DescribeServices":
        services = request["services"]
    elif action in _OF_ONE_SERVICE:
        services = [request["service"]]
    elif action == "CreateService":
        services = [request["serviceName"]]
    elif action == "RegisterTaskDefinition":
        return _to_register(request, arn)
    else:
        return []
    found = [f"{arn}:service/{cluster}/{named.rpartition('/')[2]}" for named in services]
    return [
        *(Permission(name, service, context) for service in found),
        *_to_tag(action, request, found[0] if found else "*"),
    ]


def _of_history(arn: str, target: str) -> list[tuple[str, dict[str, str]]]:
    _, cluster, service, *_ = [*target.split("/"), "", ""]
    cluster_key = {"ecs:cluster": f"{arn}:cluster/{cluster}"}
    service_arn = f"{arn}:service/{cluster}/{service}"
    return [(service_arn, cluster_key), (target, {**cluster_key, "ecs:service": service_arn})]


def _to_register(request: Request, arn: str) -> list[Permission]:
    resource = f"{arn}:task-definition/{request['family']}:*"
    roles = [request.get("taskRoleArn"), request.get("executionRoleArn")]
    passed = {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
    return [
        Permission("ecs:RegisterTaskDefinition", resource),
        *_to_tag("RegisterTaskDefinition", request, resource),
        *(Permission("iam:PassRole", role, passed) for role in dict.fromkeys(roles) if role),
    ]


def _to_tag(action: str, request: Request, resource: str) -> list[Permission]:
    if not request.get("tags"):
        return []
    tags = {f"aws:RequestTag/{tag['key']}": tag.get("value", "") for tag in request["tags"]}
    return [Permission("ecs:TagResource", resource, {**tags, "ecs:CreateAction": action})]


def _task_definition(arn: str, named: str) -> str:
    return named if named.startswith("arn:") else f"{arn}:task-definition/{named}"


def _of_events(action: str, request: Request, scope: str) -> list[Permission]:
    if action != "PutEvents":
        return []
    return [
        Permission(
            "events:PutEvents",
            f"arn:aws:events:{scope}:event-bus/{_bus(entry)}",
            {"events:source": entry["Source"], "events:detail-type": entry["DetailType"]},
        )
        for entry in request["Entries"]
    ]


def _bus(entry: Request) -> str:
    return str(entry.get("EventBusName", "default")).rpartition("/")[2]


def _of_ssm(action: str, request: Request, scope: str) -> list[Permission]:
    if action == "GetParametersByPath":
        names = [request["Path"]]
    elif action in ("DeleteParameters", "GetParameters"):
        names = request["Names"]
    elif action == "DescribeParameters" or "Name" not in request:
        return []
    else:
        names = [request["Name"]]
    found = [_parameter(name, scope) for name in names]
    tagged = action == "PutParameter" and request.get("Tags")
    return [
        *(Permission(f"ssm:{action}", parameter) for parameter in found),
        *(Permission("ssm:AddTagsToResource", parameter) for parameter in found if tagged),
    ]


def _parameter(name: str, scope: str) -> str:
    """The ARN of a parameter that is named by name or ARN, without a version or label."""
    prefix = f"arn:aws:ssm:{scope}"
    if name.startswith("arn:"):
        prefix, _, name = name.partition(":parameter")
    return f"{prefix}:parameter/{name.partition(':')[0].lstrip('/')}"
