"""What the function is told through its environment variables."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from update_windows import UpdateWindows


@dataclass(frozen=True)
class ServiceSettings:
    """One service that this function may move.

    Attributes:
        name: Its public name, such as `es`, which is that of its container as well.
        type: `ES` or `CO`; what a request's `target` must equal.
        cluster_arn: ARN of the cluster it runs in.
        service_name: Name of the ECS service.
        stack_name: Name of the CloudFormation stack that deploys it.
        parameter: Name of the parameter that holds its live version; empty if that is fixed.
    """

    name: str
    type: str
    cluster_arn: str
    service_name: str
    stack_name: str
    parameter: str


@dataclass(frozen=True)
class Settings:
    """The services this function may move, when and to what, and where its callers' key is kept.

    Attributes:
        services: The services by public name (`SERVICES`: the clusters, the stacks, and the members
            of `ServiceSettings` with these two by number, and with the end only of a parameter
            that is named after the stack; a function's environment holds 4 KB only).
        api_key_secret_arn: ARN of the secret whose string is the key (`API_KEY_SECRET_ARN`); empty
            if AWS has authenticated the callers.
        allowed_tags: Patterns of which a tag must match one; none allows all (`ALLOWED_TAGS`).
        windows: When updates are taken (`UPDATE_WINDOWS`).
    """

    services: Mapping[str, ServiceSettings]
    api_key_secret_arn: str
    allowed_tags: tuple[str, ...]
    windows: UpdateWindows

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Settings:
        """Read the settings.

        Raises:
            KeyError: `SERVICES` or `API_KEY_SECRET_ARN` is missing.
        """
        document = json.loads(environ["SERVICES"])
        services = [_service(document, entry) for entry in document["services"]]
        return cls(
            services={service.name: service for service in services},
            api_key_secret_arn=environ["API_KEY_SECRET_ARN"],
            allowed_tags=tuple(json.loads(environ.get("ALLOWED_TAGS", "[]"))),
            windows=UpdateWindows.from_json(environ.get("UPDATE_WINDOWS", "{}")),
        )


def _service(document: Mapping[str, Any], entry: Sequence[Any]) -> ServiceSettings:
    name, kind, cluster, service_name, stack, parameter = entry
    stack_name = document["stacks"][stack]
    if parameter and not parameter.startswith("/"):
        parameter = f"/datafi/{stack_name}/{parameter}"
    return ServiceSettings(
        name, kind, document["clusters"][cluster], service_name, stack_name, parameter
    )
