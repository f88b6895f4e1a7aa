"""What the function is told through its environment variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class UpdateSettings:
    """The service this function may move, and where the key of its callers is kept.

    Attributes:
        service_arn: ARN of the ECS service (`SERVICE_ARN`).
        cluster_arn: ARN of the cluster it runs in (`CLUSTER_ARN`).
        service_name: Public name of the service, such as `es` (`SERVICE_NAME`).
        service_type: `ES` or `CO`; what a request's `target` must equal (`SERVICE_TYPE`).
        container_name: Name of the container whose image is moved (`CONTAINER_NAME`).
        api_key_secret_arn: ARN of the secret whose string is the key (`API_KEY_SECRET_ARN`).
    """

    service_arn: str
    cluster_arn: str
    service_name: str
    service_type: str
    container_name: str
    api_key_secret_arn: str

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> UpdateSettings:
        """Read the settings; each is the environment variable of its name in capitals.

        Raises:
            ValueError: Variables are missing or empty; the message names every one of them.
        """
        fields = cls.__dataclass_fields__
        missing = [name.upper() for name in fields if not environ.get(name.upper())]
        if missing:
            raise ValueError(f"environment variables missing or empty: {', '.join(missing)}")
        return cls(**{name: environ[name.upper()] for name in fields})
