"""What the function of an update API is told, in the 4 KB that Lambda has for it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from .coordinator import Coordinator
from .datafi_service import DatafiService
from .errors import Fault
from .places import outermost_stack, stack_of
from .update_window import UpdateFreeze, UpdateWindow, windows_as_json

MOST_BYTES = 4096
"""Source: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

_PSEUDO_PARAMETERS = {
    "AWS::AccountId": len("111111111111"),
    "AWS::Partition": len("aws-us-gov"),
    "AWS::Region": len("ap-southeast-1"),
}
_SUFFIX_OF_A_NAME = len("--AbCdEfGhIjKl")
_REST_OF_AN_ARN = len("arn:aws-us-gov:secretsmanager:us-gov-west-1:111111111111:secret:-AbCdEf")


def update_environment(
    scope: Construct,
    *,
    services: Sequence[DatafiService],
    secret: secretsmanager.ISecret | None,
    allowed_tags: Sequence[str] | None,
    update_windows: Sequence[UpdateWindow] | None,
    update_freezes: Sequence[UpdateFreeze] | None,
) -> dict[str, str]:
    """The environment variables of the function.

    Args:
        scope: The update API.
        services: What it updates.
        secret: The secret that holds the key, if there is one.
        allowed_tags: Patterns of tags.
        update_windows: When updates may begin.
        update_freezes: When none may begin.
    """
    return {
        "SERVICES": stack_of(scope).to_json_string(_services(services)),
        "API_KEY_SECRET_ARN": secret.secret_arn if secret else "",
        "ALLOWED_TAGS": json.dumps(list(allowed_tags or ()), separators=(",", ":")),
        "UPDATE_WINDOWS": windows_as_json(update_windows, update_freezes),
    }


def environment_faults(
    scope: Construct, services: Sequence[DatafiService], environment: Mapping[str, str]
) -> list[Fault]:
    """An environment that is larger than Lambda takes, as far as it is known at synthesis.

    Args:
        scope: The update API.
        services: What it updates.
        environment: The variables.
    """
    size = environment_size(scope, services, environment)
    if size <= MOST_BYTES:
        return []
    allowed = (
        "so few, with allowed_tags, update_windows and update_freezes, that the "
        f"{MOST_BYTES} bytes of a function's environment hold them"
    )
    remedy = "shorten these lists, or update some services by another update API"
    return [Fault("services", allowed, f"about {size} bytes", remedy)]


def environment_size(
    scope: Construct, services: Sequence[DatafiService], environment: Mapping[str, str]
) -> int:
    """How many bytes an environment has, as far as it is known at synthesis.

    The names that CloudFormation makes are taken to be as long as they usually are: the stack's
    name, which is taken to be the longest of all, the logical id and twelve characters.

    Args:
        scope: Anything in the stack.
        services: What it names, which may be in other stacks.
        environment: The variables.
    """
    stack_name = max(len(outermost_stack(each).stack_name) for each in (scope, *services))
    resolved = stack_of(scope).resolve(dict(environment))
    return sum(len(name) + _size(value, stack_name) for name, value in resolved.items())


def service_type(service: DatafiService) -> str:
    """What callers name as `target`: `CO` for a coordinator, `ES` for an edge server."""
    return "CO" if isinstance(service, Coordinator) else "ES"


def _services(services: Sequence[DatafiService]) -> dict[str, Any]:
    """The services in few bytes, as the function's settings read them."""
    clusters = [each.service.cluster.cluster_arn for each in services]
    stacks = [outermost_stack(each).stack_name for each in services]
    all_clusters, all_stacks = list(dict.fromkeys(clusters)), list(dict.fromkeys(stacks))
    return {
        "clusters": all_clusters,
        "stacks": all_stacks,
        "services": [
            [
                service.name,
                service_type(service),
                all_clusters.index(cluster),
                service.service.service_name,
                all_stacks.index(stack),
                (service.version_parameter_name or "").removeprefix(f"/datafi/{stack}/"),
            ]
            for service, cluster, stack in zip(services, clusters, stacks, strict=True)
        ],
    }


def _size(value: Any, stack_name_length: int) -> int:
    if isinstance(value, str):
        return len(value.encode())
    ((function, argument),) = value.items()
    if function == "Fn::Join":
        return sum(_size(part, stack_name_length) for part in argument[1])
    logical_id, attribute = [*argument, ""][:2] if isinstance(argument, list) else (argument, "Ref")
    if logical_id in _PSEUDO_PARAMETERS:
        return _PSEUDO_PARAMETERS[logical_id]
    name = stack_name_length + len(str(logical_id)) + _SUFFIX_OF_A_NAME
    return name + (0 if attribute == "Name" else _REST_OF_AN_ARN)
