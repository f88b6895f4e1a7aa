"""What the function is told through its environment variables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

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
        services: The services by public name (`SERVICES`: a list of clusters and a list of the
            members of `ServiceSettings`, with the cluster as its index, as a function's
            environment holds 4 KB only).
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
        clusters = document["clusters"]
        services = [
            ServiceSettings(name, kind, clusters[cluster], *rest)
            for name, kind, cluster, *rest in document["services"]
        ]
        return cls(
            services={service.name: service for service in services},
            api_key_secret_arn=environ["API_KEY_SECRET_ARN"],
            allowed_tags=tuple(json.loads(environ.get("ALLOWED_TAGS", "[]"))),
            windows=UpdateWindows.from_json(environ.get("UPDATE_WINDOWS", "{}")),
        )
