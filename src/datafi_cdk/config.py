"""DatafiEdgeConfig: what a `datafi.yaml` may say."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)

from .config_file import read_yaml
from .config_rules import rule_faults
from .config_structure import structure_faults
from .errors import InvalidInputError
from .validation import (
    DEFAULT_COORDINATOR_NAME,
    DEFAULT_COORDINATOR_VARIABLES,
    DEFAULT_CPU,
    DEFAULT_MEMORY_MIB,
    by_variable,
)

__all__ = ["DatafiEdgeConfig"]


def _names_as_mapping(value: Any) -> Any:
    names_only = isinstance(value, list | tuple) and all(isinstance(name, str) for name in value)
    return by_variable(value) if names_only else value


SecretVariables = Annotated[dict[str, str], BeforeValidator(_names_as_mapping)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class AwsConfig(_Section):
    """Where the deployment goes."""

    account: str = Field(description="The AWS account, 12 digits in quotes.")
    region: str = Field(description="The AWS region, such as us-east-1.")


class LoadBalancerConfig(_Section):
    """The load balancer in front of every server."""

    idle_timeout_seconds: int = Field(
        default=3600, description="How long a connection may be silent, 1 to 4000 seconds."
    )


class DnsConfig(_Section):
    """Names and certificate."""

    root_domain: str = Field(description="The domain under which every server gets its name.")
    hosted_zone_id: str | None = Field(
        default=None,
        description="An existing zone that holds the root domain. Default: a new public zone.",
    )
    certificate_arn: str | None = Field(
        default=None,
        description="An existing certificate for the root domain and every name directly under "
        "it. Default: a new one, validated through the zone.",
    )
    enable_hosted_zone: bool = Field(
        default=True,
        description="Whether zone and records are made. Without, certificate_arn is required.",
    )
    enable_namespace: bool = Field(
        default=False,
        description="Whether the servers are registered by name in a private Cloud Map namespace, "
        "internal.<root_domain>. Who may connect to them stays as it is: the load balancer only.",
    )


class VpcConfig(_Section):
    """An existing network."""

    vpc_id: str = Field(description="The VPC, with public and private subnets in two zones.")


class ServiceConfig(_Section):
    """What an edge server and a coordinator have in common."""

    cpu: int = Field(default=DEFAULT_CPU, description="CPU units of a task, 1024 to a vCPU.")
    memory_mib: int = Field(default=DEFAULT_MEMORY_MIB, description="Memory of a task in MiB.")
    desired_count: int = Field(default=1, description="How many tasks run.")
    image_tag: str = Field(default="latest", description="The tag of the image.")
    secret_kms_key_arn: str | None = Field(
        default=None,
        description="The key that encrypts the secret, if it is a customer-managed one.",
    )
    environment: dict[str, str] = Field(
        default_factory=dict, description="More environment variables, none of them secret."
    )


class EdgeServerConfig(ServiceConfig):
    """An edge server on ECS Fargate."""

    name: str = Field(description="The first label of its host name.")
    storage: bool = Field(
        default=False, description="Whether it gets a bucket for query results (PARQUET_STORAGE)."
    )
    secret_arn: str | None = Field(
        default=None,
        description="Complete ARN of the JSON secret with its key. Default: it gets no secret. A "
        "name whose last word has six letters looks complete without its suffix: copy the ARN.",
    )
    secret_variables: SecretVariables | None = Field(
        default=None,
        description="Fields of the secret, or a mapping of variable to field. Default: KEY with "
        "image_tag latest, EDGE_KEY with any other.",
    )
    update_secret_arn: str | None = Field(
        default=None,
        description="Complete ARN of the secret whose string is the key of its update API. "
        "It is encrypted with the AWS-managed key. Default: one is generated.",
    )


class CoordinatorConfig(ServiceConfig):
    """The coordinator on ECS Fargate."""

    name: str = Field(
        default=DEFAULT_COORDINATOR_NAME, description="The first label of its host name."
    )
    registry: str = Field(
        default="datafi.azurecr.io", description="The host of the registry with its image."
    )
    registry_credentials_secret_arn: str = Field(
        description="Complete ARN of the JSON secret with username and password of the registry, "
        "encrypted with the AWS-managed key."
    )
    secret_arn: str = Field(
        description="Complete ARN of the JSON secret with its Redis and its signing key."
    )
    secret_variables: SecretVariables = Field(
        default_factory=lambda: by_variable(DEFAULT_COORDINATOR_VARIABLES),
        description="Fields of the secret, or a mapping of variable to field. Default: KEYVAL, "
        "JWT_KID and JWT_KEY.",
    )


class EdgeServersConfig(_Section):
    """The edge servers, at least one."""

    long_running: list[EdgeServerConfig] = Field(description="Those that run on ECS Fargate.")
    serverless: list[Any] = Field(
        default_factory=list, description="Those that run on AWS Lambda: none yet."
    )


class DatafiEdgeConfig(_Section):
    """One deployment of the Datafi data plane, as `datafi.yaml` describes it.

    The fields are the keys of the file. Values that are secret stay in Secrets Manager: the file
    names them by ARN.

    Raises:
        InvalidInputError: With every fault: unknown keys, wrong types, values that cannot work.

    Example:
        ```python
        config = DatafiEdgeConfig.from_file("datafi.yaml")
        DatafiEdgeStack(app, "DatafiEdge", config=config)
        ```
    """

    deployment_name: str = Field(
        description="Name of the deployment, one DNS label; its resources are tagged with it."
    )
    aws: AwsConfig | None = Field(
        default=None, description="Default: the account and region of whoever deploys."
    )
    load_balancer: LoadBalancerConfig = Field(
        default_factory=LoadBalancerConfig, description="The load balancer."
    )
    dns: DnsConfig = Field(description="Names and certificate.")
    vpc: VpcConfig | None = Field(
        default=None,
        description="Default: a new VPC with public and private subnets in two zones.",
    )
    edge_servers: EdgeServersConfig = Field(description="The edge servers.")
    coordinator: CoordinatorConfig | None = Field(
        default=None, description="The coordinator. Default: none."
    )
    allow_delete_resources: bool = Field(
        default=False,
        description="Whether deleting the stack may delete what holds data (zone, buckets, logs, "
        "generated secrets) and the load balancer.",
    )
    disable_stack: bool = Field(
        default=False,
        description="Whether no stack is made. What runs keeps running; only `cdk destroy`, "
        "with this off, deletes. In an app without other stacks, cdk finds none and exits with 1.",
    )

    @classmethod
    def from_file(cls, path: str | PathLike[str]) -> Self:
        """Read a configuration from a YAML file.

        Args:
            path: The file, relative to the working directory.

        Returns:
            The configuration.

        Raises:
            InvalidInputError: With every fault, each with its line; or because the file is missing
                or no YAML.

        Example:
            ```python
            config = DatafiEdgeConfig.from_file("datafi.yaml")
            ```
        """
        document = read_yaml(Path(path))
        faults = document.duplicates
        try:
            config = cls.model_validate(document.data)
        except InvalidInputError as error:
            faults = (*faults, *error.faults)
        if faults:
            raise InvalidInputError(document.with_lines(faults))
        return config

    @model_validator(mode="wrap")
    @classmethod
    def _find_every_fault(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Look for faults of structure and of meaning alike, whichever comes first."""
        if isinstance(data, cls):
            return data
        faults = rule_faults(_plain(data)) if isinstance(data, Mapping) else []
        try:
            config = handler(data)
        except ValidationError as error:
            faults = [*structure_faults(error, cls), *faults]
        if faults:
            raise InvalidInputError(faults)
        return config


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(exclude_unset=True)
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    return value
