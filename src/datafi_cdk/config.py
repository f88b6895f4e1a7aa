"""DatafiEdgeConfig: what a `datafi.yaml` may say."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, Field, ModelWrapValidatorHandler, ValidationError, model_validator

from . import validation
from .config_fields import Arn, Checked, Text
from .config_file import read_yaml
from .config_rules import rule_faults
from .config_sections import (
    KEY_ARN,
    SECRET_ARN,
    AwsConfig,
    DnsConfig,
    LoadBalancerConfig,
    NewVpcConfig,
    PullThroughCacheConfig,
    Section,
    VpcConfig,
)
from .config_services import CoordinatorConfig, EdgeServersConfig
from .config_structure import structure_faults
from .config_update import UpdateApiConfig
from .errors import InvalidInputError
from .validation import FORMS, type_faults

__all__ = ["DatafiEdgeConfig"]

_DEPLOYMENT_NAME = Checked(lambda value: validation.label_faults(value, "", "acme"), FORMS["label"])
_TOPIC_ARN = Arn("sns", "[A-Za-z0-9_-]{1,256}", "the ARN of an SNS topic", local=True)
_CLUSTER_NAME = Text(
    "[A-Za-z0-9_-]{1,255}", "the name of an ECS cluster", "copy it from the ECS console"
)


class DatafiEdgeConfig(Section):
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

    deployment_name: Annotated[str, _DEPLOYMENT_NAME] = Field(
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
        default=None, description="An existing network. Default: a new one (new_vpc)."
    )
    new_vpc: NewVpcConfig = Field(
        default_factory=NewVpcConfig, description="The network that is made if there is none."
    )
    cluster_name: Annotated[str | None, _CLUSTER_NAME] = Field(
        default=None,
        description="An existing ECS cluster in the existing network. Default: a new one.",
    )
    private: bool = Field(
        default=False,
        description="Private mode: an internal load balancer, a private zone, and no public "
        "address; a new VPC has no NAT gateway unless new_vpc says so.",
    )
    pull_through_cache: PullThroughCacheConfig | None = Field(
        default=None,
        description="Images through the account's own ECR. Default: from their registries.",
    )
    jwt_jwks_secret_arn: Annotated[str | None, SECRET_ARN] = Field(
        default=None,
        description="Complete ARN of a JSON secret with the field JWT_JWKS, the coordinator's "
        "public keys, for every edge server that has none of its own. Default: none.",
    )
    jwt_jwks_secret_kms_key_arn: Annotated[str | None, KEY_ARN] = Field(
        default=None,
        description="The key that encrypts that secret, if it is a customer-managed one. "
        "Default: a key of AWS.",
    )
    edge_servers: EdgeServersConfig = Field(description="The edge servers.")
    coordinator: CoordinatorConfig | None = Field(
        default=None, description="The coordinator. Default: none."
    )
    update_api: UpdateApiConfig = Field(
        default_factory=UpdateApiConfig, description="The update APIs of the servers on Fargate."
    )
    hardened: bool = Field(
        default=False,
        description="Whether all that NIST 800-53 r5, HIPAA and PCI DSS ask for is on: a "
        "customer-managed key, a web ACL, functions in the network, deletion protection.",
    )
    kms_key_arn: Annotated[str | None, KEY_ARN] = Field(
        default=None,
        description="The customer-managed key that encrypts new logs, buckets and secrets. "
        "Default: those of AWS; with hardened a new one.",
    )
    alarm_topic_arn: Annotated[str | None, _TOPIC_ARN] = Field(
        default=None,
        description="The SNS topic that is told of alarms: those of monitoring, and one of events "
        "that no function could handle. Default: nobody is told, and only monitoring makes alarms.",
    )
    monitoring: bool = Field(
        default=False,
        description="Whether there are a dashboard and alarms (docs/runbook.md). It needs the "
        "extra monitoring of the library; with hardened also alarm_topic_arn.",
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
        if not isinstance(path, str | PathLike):
            raise InvalidInputError(type_faults("path", path, Path, "a str or a Path"))
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
        faults = rule_faults(_plain(data), cls) if isinstance(data, Mapping) else []
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
