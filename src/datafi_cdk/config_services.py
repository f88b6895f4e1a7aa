"""The sections of a `datafi.yaml` about servers."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from . import validation
from .config_fields import Arn, Checked, Entries, ForEditors, Number, OneOf, Text
from .config_sections import (
    BUCKET_NAME,
    KEY_ARN,
    PRIORITY,
    ROLE_ARN,
    SECRET_ARN,
    SECURITY_GROUP_ID,
    SUBNET_ID,
    Section,
)
from .validation import (
    DEFAULT_COORDINATOR_NAME,
    DEFAULT_COORDINATOR_VARIABLES,
    DEFAULT_CPU,
    DEFAULT_MEMORY_MIB,
    DEFAULT_REGISTRY,
    FARGATE_MEMORY_MIB,
    FORMS,
    LOG_RETENTION_DAYS,
    MOST_TASKS,
    by_variable,
)

_PORT = Number(1, 65535)
_NAME = Checked(validation.name_faults, FORMS["label"])
_TAG = Checked(validation.image_tag_faults, FORMS["image_tag"])
_DIGEST = Checked(validation.image_digest_faults, FORMS["image_digest"])
_PARAMETER_NAME = Checked(validation.parameter_name_faults, FORMS["parameter_name"])
_VARIABLES = ForEditors({"propertyNames": {"pattern": f"^({FORMS['variable']})$"}})
_COOLDOWN = Number(0, 2_147_483_647)
_MEMORIES = sorted({memory for memories in FARGATE_MEMORY_MIB.values() for memory in memories})
_REPOSITORY_ARN = Arn("ecr", "repository/[a-z0-9._/-]+", "the ARN of an ECR repository")


def _names_as_mapping(value: Any) -> Any:
    names_only = isinstance(value, list | tuple) and all(isinstance(name, str) for name in value)
    return by_variable(value) if names_only else value


SecretVariables = Annotated[
    dict[str, str],
    BeforeValidator(_names_as_mapping),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "array", "items": {"type": "string"}},
                {"type": "object", "additionalProperties": {"type": "string"}},
                {"type": "null"},
            ]
        }
    ),
]


class AutoScalingConfig(Section):
    """How the number of tasks follows the load. At least one target is given."""

    min: Annotated[int, Number(0, MOST_TASKS)] = Field(description="The lowest number of tasks.")
    max: Annotated[int, Number(1, MOST_TASKS)] = Field(description="The highest number of tasks.")
    cpu_percent: Annotated[int | None, Number(1, 100)] = Field(
        default=None,
        description="Average use of CPU to keep, in percent. Default: CPU does not count.",
    )
    memory_percent: Annotated[int | None, Number(1, 100)] = Field(
        default=None,
        description="Average use of memory to keep, in percent. Default: memory does not count.",
    )
    requests_per_target: Annotated[int | None, Number(1, 1_000_000)] = Field(
        default=None,
        description="HTTPS requests a minute to each task to keep. Default: they do not count.",
    )
    scale_in_cooldown_seconds: Annotated[int, _COOLDOWN] = Field(
        default=60, description="How long after a change no task is taken away."
    )
    scale_out_cooldown_seconds: Annotated[int, _COOLDOWN] = Field(
        default=60, description="How long after a change no task is added."
    )


class CapacityProviderConfig(Section):
    """A part of the tasks, and where it runs."""

    capacity_provider: Annotated[str, OneOf(("FARGATE", "FARGATE_SPOT"))] = Field(
        description="FARGATE, or FARGATE_SPOT, which AWS may take back with two minutes' notice."
    )
    weight: Annotated[int, Number(0, 1000)] = Field(
        default=1, description="Its share of the tasks beyond all bases."
    )
    base: Annotated[int | None, Number(0, 100_000)] = Field(
        default=None,
        description="How many tasks at least run there; for one part only. Default: none.",
    )


class HealthCheckConfig(Section):
    """How the load balancer asks a port for its health. What is left out is as by default."""

    path: str | None = Field(
        default=None,
        description="The path, or the gRPC method. Default: /, or what the server answers.",
    )
    codes: str | None = Field(
        default=None,
        description="HTTP or gRPC codes of a healthy server, such as 200-299 or 0,12. "
        "Default: 200; of gRPC 12 for an edge server, 0 for a coordinator.",
    )
    port: Annotated[int | None, _PORT] = Field(
        default=None,
        description="The port of the container that is asked. Default: the one that takes traffic.",
    )
    interval_seconds: Annotated[int | None, Number(5, 300)] = Field(
        default=None, description="How often it asks. Default: 30."
    )
    timeout_seconds: Annotated[int | None, Number(2, 120)] = Field(
        default=None, description="How long an answer may take. Default: 5."
    )
    healthy_threshold_count: Annotated[int | None, Number(2, 10)] = Field(
        default=None, description="Good answers in a row that make it healthy. Default: 5."
    )
    unhealthy_threshold_count: Annotated[int | None, Number(2, 10)] = Field(
        default=None, description="Bad answers in a row that make it unhealthy. Default: 2."
    )


class OtherSecretConfig(Section):
    """What fills one variable: a secret, or a parameter of the Parameter Store."""

    secret_arn: Annotated[str | None, SECRET_ARN] = Field(
        default=None, description="Complete ARN of a secret. Default: see parameter_arn."
    )
    field: Annotated[str | None, Checked(validation.field_faults, FORMS["field"])] = Field(
        default=None, description="A field of that secret, if it is JSON. Default: all of it."
    )
    parameter_arn: Annotated[
        str | None,
        Arn(
            "ssm",
            "parameter/[A-Za-z0-9_./-]+",
            "the ARN of a parameter of the Parameter Store",
            local=True,
        ),
    ] = Field(
        default=None,
        description="ARN of a parameter, in account and region of the deployment. Default: a "
        "secret.",
    )
    kms_key_arn: Annotated[str | None, KEY_ARN] = Field(
        default=None,
        description="The key that encrypts it, if it is a customer-managed one. "
        "Default: a key of AWS.",
    )


class ServerConfig(Section):
    """What every server has, on Fargate or on Lambda."""

    image_tag: Annotated[str | None, _TAG] = Field(
        default=None, description="The tag of the image. Default: latest."
    )
    image_digest: Annotated[str | None, _DIGEST] = Field(
        default=None,
        description="The digest of the image, sha256:…, in place of a tag. Default: the tag.",
    )
    cpu_architecture: Annotated[str, OneOf(("X86_64", "ARM64"))] = Field(
        default="X86_64", description="The architecture that the image is made for."
    )
    environment: Annotated[dict[str, str], _VARIABLES] = Field(
        default_factory=dict, description="More environment variables, none of them secret."
    )
    security_group_ids: Annotated[list[str], SECURITY_GROUP_ID, Entries(most=5)] = Field(
        default_factory=list,
        description="Its security groups, at most five. Default: a new one.",
    )
    subnet_ids: Annotated[list[str], SUBNET_ID, Entries()] = Field(
        default_factory=list,
        description="Its subnets in the existing network. Default: the private ones, or the public "
        "ones with assign_public_ip.",
    )
    log_group_name: Annotated[
        str | None,
        Text(
            "[A-Za-z0-9_./#-]{1,512}",
            "the name of a log group",
            "copy it from CloudWatch Logs",
        ),
    ] = Field(default=None, description="An existing log group for its output. Default: a new one.")
    log_retention_days: Annotated[int, OneOf(tuple(LOG_RETENTION_DAYS))] = Field(
        default=30, description="How long a new log group keeps its output, in days."
    )
    http_rule_priority: Annotated[int | None, PRIORITY] = Field(
        default=None, description="The priority of its HTTP rule. Default: from its host name."
    )


class ServiceConfig(ServerConfig):
    """What an edge server and a coordinator on Fargate have in common."""

    image_version_fixed: bool = Field(
        default=False,
        description="Whether the version is fixed in this file; the update API then answers 409. "
        "Default: a version that was rolled out stays until the tag or the digest changes here.",
    )
    image_version_parameter: Annotated[str | None, _PARAMETER_NAME] = Field(
        default=None,
        description="The full name of an existing parameter of the Parameter Store (String) that "
        "holds the tag or the digest, in place of image_tag and image_digest. Default: one that is "
        "made, and starts with these.",
    )
    cpu: Annotated[int, OneOf(tuple(FARGATE_MEMORY_MIB))] = Field(
        default=DEFAULT_CPU, description="CPU units of a task, 1024 to a vCPU."
    )
    memory_mib: Annotated[int, ForEditors({"enum": _MEMORIES})] = Field(
        default=DEFAULT_MEMORY_MIB,
        description="Memory of a task in MiB, in a pair with cpu that Fargate offers.",
    )
    ephemeral_storage_gib: Annotated[int | None, Number(21, 200)] = Field(
        default=None, description="Disk of a task in GiB. Default: 20."
    )
    desired_count: Annotated[int | None, Number(0, MOST_TASKS)] = Field(
        default=None, description="How many tasks run. Default: 1, or as auto_scaling says."
    )
    auto_scaling: AutoScalingConfig | None = Field(
        default=None,
        description="Lets the number of tasks follow the load. Default: it stays as it is.",
    )
    capacity_provider_strategies: list[CapacityProviderConfig] = Field(
        default_factory=list, description="Where tasks run. Default: on Fargate, not on Spot."
    )
    ecr_repository_arn: Annotated[str | None, _REPOSITORY_ARN] = Field(
        default=None,
        description="An ECR repository that holds the image. Default: the image's own registry.",
    )
    secret_kms_key_arn: Annotated[str | None, KEY_ARN] = Field(
        default=None,
        description="The key that encrypts the secret, if it is a customer-managed one. "
        "Default: a key of AWS.",
    )
    secrets: Annotated[dict[str, OtherSecretConfig], _VARIABLES] = Field(
        default_factory=dict,
        description="Variables that are filled from other secrets, or from parameters.",
    )
    task_role_arn: Annotated[str | None, ROLE_ARN] = Field(
        default=None, description="What the software may do. Default: a new role."
    )
    execution_role_arn: Annotated[str | None, ROLE_ARN] = Field(
        default=None, description="What ECS may do to start a task. Default: a new role."
    )
    assign_public_ip: bool = Field(
        default=False,
        description="Whether tasks are in public subnets with public addresses.",
    )
    egress_provided: bool = Field(
        default=False,
        description="Says that subnets without a NAT gateway have another way out.",
    )
    enable_execute_command: bool = Field(
        default=False, description="Whether ECS Exec may open a shell in the container."
    )
    http_port: Annotated[int | None, _PORT] = Field(
        default=None,
        description="The HTTP port in the container. Default: 80, of a coordinator 8001.",
    )
    grpc_port: Annotated[int, _PORT] = Field(
        default=50051, description="The gRPC port in the container."
    )
    http_health_check: HealthCheckConfig | None = Field(
        default=None, description="Default: / answers 200."
    )
    grpc_health_check: HealthCheckConfig | None = Field(
        default=None, description="Default: what the software answers."
    )
    health_check_grace_period_seconds: Annotated[int | None, Number(0, 2_147_483_647)] = Field(
        default=None, description="How long a new task may be unhealthy. Default: 60."
    )
    deregistration_delay_seconds: Annotated[int, Number(0, 3600)] = Field(
        default=5, description="How long requests of a task that goes may take."
    )
    grpc_rule_priority: Annotated[int | None, PRIORITY] = Field(
        default=None, description="The priority of its gRPC rules. Default: from its host name."
    )
    circuit_breaker: bool = Field(
        default=True, description="Whether a deployment whose tasks do not start is rolled back."
    )
    deployment_alarm_names: Annotated[
        list[str],
        Text(".{1,255}", "the name of an alarm", "copy it from CloudWatch"),
        Entries(),
    ] = Field(default_factory=list, description="Alarms that roll a deployment back.")
    min_healthy_percent: Annotated[int, Number(0, 100)] = Field(
        default=100, description="How many tasks stay during a deployment, in percent."
    )
    max_healthy_percent: Annotated[int, Number(100, 200)] = Field(
        default=200, description="How many tasks there may be during one, in percent."
    )
    update_secret_arn: Annotated[str | None, SECRET_ARN] = Field(
        default=None,
        description="Complete ARN of the secret whose string is the key of its update API. "
        "Default: one is generated.",
    )
    update_secret_kms_key_arn: Annotated[str | None, KEY_ARN] = Field(
        default=None,
        description="The key that encrypts that secret, if it is a customer-managed one. "
        "Default: a key of AWS.",
    )
    update_rule_priority: Annotated[int | None, PRIORITY] = Field(
        default=None,
        description="The priority of the rule of its update API. Default: it follows from the "
        "name.",
    )


class StorageConfig(Section):
    """Where an edge server keeps query results."""

    storage: bool = Field(
        default=False, description="Whether it has a bucket for query results (PARQUET_STORAGE)."
    )
    storage_bucket_name: Annotated[str | None, BUCKET_NAME] = Field(
        default=None, description="An existing bucket for them. Default: a new one."
    )
    storage_kms_key_arn: Annotated[str | None, KEY_ARN] = Field(
        default=None,
        description="The key that encrypts the bucket, new or existing. Default: a key of S3.",
    )


class EdgeServerConfig(ServiceConfig, StorageConfig):
    """An edge server on ECS Fargate."""

    name: Annotated[str, _NAME] = Field(description="The first label of its host name.")
    secret_arn: Annotated[str | None, SECRET_ARN] = Field(
        default=None,
        description="Complete ARN of the JSON secret with its key. Default: it gets no secret. A "
        "name whose last word has six letters looks complete without its suffix: copy the ARN.",
    )
    secret_variables: SecretVariables | None = Field(
        default=None,
        description="Fields of the secret, or a mapping of variable to field. Default: KEY with "
        "image_tag latest, EDGE_KEY with any other.",
    )


class ServerlessEdgeServerConfig(ServerConfig, StorageConfig):
    """An edge server on AWS Lambda, for HTTP only."""

    name: Annotated[str, _NAME] = Field(description="The first label of its host name.")
    ecr_repository_arn: Annotated[str, _REPOSITORY_ARN] = Field(
        description="The ECR repository with an image that speaks the Lambda runtime."
    )
    memory_mib: Annotated[int, Number(128, 10_240)] = Field(
        default=DEFAULT_MEMORY_MIB, description="Its memory in MiB."
    )
    timeout_seconds: Annotated[int, Number(1, 898)] = Field(
        default=28, description="How long a request may take (TIMEOUT)."
    )
    ephemeral_storage_mib: Annotated[int | None, Number(512, 10_240)] = Field(
        default=None, description="Its disk in MiB. Default: 512."
    )
    in_vpc: bool = Field(
        default=False, description="Whether it runs in the private subnets of the VPC."
    )
    role_arn: Annotated[str | None, ROLE_ARN] = Field(
        default=None, description="What it may do. Default: a new role."
    )
    secret_arn: Annotated[str | None, SECRET_ARN] = Field(
        default=None,
        description="Complete ARN of the JSON secret with its key. CloudFormation reads it when it "
        "deploys, and must be allowed to. Default: it gets no secret.",
    )
    secret_variables: SecretVariables | None = Field(
        default=None,
        description="Fields of the secret, or a mapping of variable to field. Default: KEY with "
        "image_tag latest, EDGE_KEY with any other.",
    )
    reserved_concurrent_executions: Annotated[int | None, Number(1, 100_000)] = Field(
        default=None,
        description="How many requests it answers at once; needed if hardened. Default: what the "
        "account has left.",
    )
    environment_kms_key_arn: Annotated[str | None, KEY_ARN] = Field(
        default=None,
        description="The key that encrypts its environment. Default: a new one if it has a secret.",
    )


class CoordinatorConfig(ServiceConfig):
    """The coordinator on ECS Fargate."""

    name: Annotated[str, _NAME] = Field(
        default=DEFAULT_COORDINATOR_NAME, description="The first label of its host name."
    )
    registry: Annotated[str, Checked(validation.registry_faults, FORMS["registry"])] = Field(
        default=DEFAULT_REGISTRY, description="The host of the registry with its image."
    )
    registry_credentials_secret_arn: Annotated[str | None, SECRET_ARN] = Field(
        default=None,
        description="Complete ARN of the JSON secret with username and password of the registry. "
        "Default: none, if the image comes from ECR.",
    )
    registry_credentials_kms_key_arn: Annotated[str | None, KEY_ARN] = Field(
        default=None,
        description="The key that encrypts that secret, if it is a customer-managed one. "
        "Default: a key of AWS.",
    )
    secret_arn: Annotated[str, SECRET_ARN] = Field(
        description="Complete ARN of the JSON secret with its Redis and its signing key."
    )
    secret_variables: SecretVariables = Field(
        default_factory=lambda: by_variable(DEFAULT_COORDINATOR_VARIABLES),
        description="Fields of the secret, or a mapping of variable to field. Default: KEYVAL, "
        "JWT_KID and JWT_KEY.",
    )
    bedrock_models: Annotated[
        list[str],
        Checked(lambda value: validation.bedrock_model_faults([value]), FORMS["bedrock_model"]),
        Entries(),
    ] = Field(
        default_factory=list,
        description="Models of Amazon Bedrock that it may invoke, each by id or ARN.",
    )


class EdgeServersConfig(Section):
    """The edge servers, at least one."""

    long_running: list[EdgeServerConfig] = Field(
        default_factory=list, description="Those that run on ECS Fargate."
    )
    serverless: list[ServerlessEdgeServerConfig] = Field(
        default_factory=list, description="Those that run on AWS Lambda."
    )
