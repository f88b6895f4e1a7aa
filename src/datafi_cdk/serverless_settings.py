"""ServerlessSettings: the arguments of a serverless edge server, and what cannot work of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from aws_cdk import Duration, Fn, RemovalPolicy, Size, SizeRoundingBehavior, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from . import validation
from .dead_letters import dead_letter_faults
from .edge_storage import EdgeStorage
from .errors import Fault
from .function_settings import concurrency_faults
from .ingress_base import IngressBase
from .plain_secrets import reference_faults
from .service_faults import argument_type_faults, secret_variable_faults
from .service_settings import DEFAULT_TAG
from .subnets import function_subnet_faults
from .synthesis import (
    concrete,
    other_app_faults,
    removal_policy_faults,
    seconds_faults,
)
from .validation import JWT_JWKS, MOST_DYNAMIC_REFERENCES, by_variable, number_faults

SPARE_SECONDS = 2
"""How much longer the function lives than the server may take to answer."""

_LONGEST_SECONDS = 900
"""The longest that a Lambda function runs.

Source: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

_REFERENCES: WeakKeyDictionary[Stack, int] = WeakKeyDictionary()

# Argument, class, what it is called.
_CLASSES: tuple[tuple[str, type, str], ...] = (
    ("ingress", IngressBase, "a SharedIngress"),
    ("name", str, "a string"),
    ("image_tag", str, "a string"),
    ("image_digest", str, "a string"),
    ("timeout", Duration, "a Duration"),
    ("architecture", lambda_.Architecture, "a lambda_.Architecture"),
    ("ephemeral_storage_size", Size, "a Size"),
    ("environment", Mapping, "a mapping"),
    ("storage", EdgeStorage, "an EdgeStorage"),
    ("vpc_subnets", ec2.SubnetSelection, "an ec2.SubnetSelection"),
    ("log_retention", logs.RetentionDays, "a logs.RetentionDays"),
)
# Argument, a member that only its interface has, what it is called.
_INTERFACES = (
    ("repository", "repository_uri", "a repository of ECR (IRepository)"),
    ("environment_encryption", "key_arn", "a key of KMS (IKey)"),
    ("encryption_key", "key_arn", "a key of KMS (IKey)"),
    ("vpc", "vpc_id", "a VPC (IVpc)"),
    ("role", "role_arn", "a role (IRole)"),
    ("log_group", "log_group_arn", "a log group (ILogGroup)"),
)
# Argument, a member of each entry, what they are called, how many at most.
_LISTS = (("security_groups", "security_group_id", "security groups (ISecurityGroup)", 5),)
_REQUIRED = (
    "ingress",
    "name",
    "repository",
    "memory_size",
    "timeout",
    "architecture",
    "removal_policy",
)


def count_references(construct: Construct, count: int) -> list[Fault]:
    """Count the dynamic references of a server, if its stack still takes them.

    Args:
        construct: The server.
        count: How many it has.
    """
    stack = Stack.of(construct)
    total = _REFERENCES.get(stack, 0) + count
    if total > MOST_DYNAMIC_REFERENCES:
        allowed = f"so few that a stack has at most {MOST_DYNAMIC_REFERENCES} dynamic references"
        given = f"{count}, which makes {total} in {stack.node.path}"
        remedy = "put further servers into another stack, or a nested one"
        return [Fault("secret_variables", allowed, given, remedy)]
    _REFERENCES[stack] = total
    return []


@dataclass(frozen=True, kw_only=True)
class ServerlessSettings:
    """The arguments of `ServerlessEdgeServer`, which documents them; `None` is "not given"."""

    ingress: IngressBase
    name: str
    repository: ecr.IRepository
    image_tag: str | None
    image_digest: str | None
    memory_size: int
    timeout: Duration
    architecture: lambda_.Architecture
    ephemeral_storage_size: Size | None
    secret: secretsmanager.ISecret | None
    secret_variables: Sequence[str] | Mapping[str, str] | None
    jwt_jwks_secret: secretsmanager.ISecret | None
    environment: Mapping[str, str] | None
    environment_encryption: kms.IKey | None
    storage: EdgeStorage | None
    vpc: ec2.IVpc | None
    vpc_subnets: ec2.SubnetSelection | None
    security_groups: Sequence[ec2.ISecurityGroup] | None
    role: iam.IRole | None
    log_group: logs.ILogGroup | None
    log_retention: logs.RetentionDays | None
    encryption_key: kms.IKey | None
    dead_letter_queue: sqs.IQueue | None
    reserved_concurrent_executions: int | None
    http_rule_priority: int | None
    removal_policy: RemovalPolicy

    @property
    def tag_or_digest(self) -> str:
        """The image, as CDK takes it: a digest is told by how it begins."""
        if self.image_digest is None:
            return self.image_tag or DEFAULT_TAG
        if concrete(self.image_digest) is None:
            return f"sha256:{Fn.select(1, Fn.split(':', self.image_digest))}"
        return self.image_digest

    @property
    def seconds(self) -> int:
        """How long the server may take to answer."""
        return int(self.timeout.to_seconds())

    def variables(self) -> dict[str, str]:
        """The variables filled from the fields of `secret`."""
        variables = self.secret_variables
        if variables is None:
            variables = validation.default_edge_variables(self.tag_or_digest) if self.secret else ()
        return by_variable(variables)

    def plain_environment(self) -> dict[str, str]:
        """The variables that everybody may read; the user's own win."""
        plain = {"DISABLE_SSL": "true", "LOG_LEVEL": "INFO", "TIMEOUT": str(self.seconds)}
        if concrete(self.memory_size) is not None:
            plain["MEMORY"] = str(round(self.memory_size / 2))
        if self.storage:
            plain["PARQUET_STORAGE"] = self.storage.parquet_storage
        return {**plain, **(self.environment or {})}

    def secret_environment(self) -> dict[str, str]:
        """The variables that CloudFormation fills when it deploys, as references to their secrets.

        Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html
        """
        fields = [(self.secret, variable, field) for variable, field in self.variables().items()]
        fields.append((self.jwt_jwks_secret, JWT_JWKS, JWT_JWKS))
        return {
            variable: secret.secret_value_from_json(field).unsafe_unwrap()
            for secret, variable, field in fields
            if secret
        }

    def type_faults(self) -> list[Fault]:
        """Arguments that are missing or of another type than theirs."""
        return [
            *validation.required_faults(**{name: getattr(self, name) for name in _REQUIRED}),
            *argument_type_faults(self, _CLASSES, _INTERFACES, _LISTS),
        ]

    def faults(self) -> list[Fault]:
        """Values that cannot work, alone or together; types are as they must be."""
        return [
            *self.ingress.unclaimable_name_faults(self.name),
            *self._function_faults(),
            *validation.environment_faults(self.environment or {}),
            *validation.lambda_variable_faults("environment", self.environment or {}),
            *self._environment_faults(),
            *reference_faults(self.ingress, self.environment or {}),
            *self._secret_faults(),
            *self._network_faults(),
            *dead_letter_faults(self.dead_letter_queue),
            *concurrency_faults(self.reserved_concurrent_executions),
            *validation.exclusive_faults(
                "log_retention", self.log_retention, "log_group", self.log_group
            ),
            *validation.priority_faults("http_rule_priority", concrete(self.http_rule_priority)),
            *removal_policy_faults(self.removal_policy),
        ]

    def place_faults(self, construct: Construct) -> list[Fault]:
        """What is of another app or region than the server; types are as they must be.

        Source: https://docs.aws.amazon.com/lambda/latest/dg/images-create.html
        """
        faults = other_app_faults(construct, ingress=self.ingress, storage=self.storage)
        own = concrete(Stack.of(construct).region)
        region = concrete(self.repository.env.region)
        if own is not None and region is not None and region != own:
            allowed = f"in the region of the stack ({own}), from which Lambda takes images"
            remedy = "push the image to a repository there, or let ECR replicate it"
            faults.append(Fault("repository", allowed, f"one in {region}", remedy))
        return faults

    def _function_faults(self) -> list[Fault]:
        return [
            *validation.image_tag_faults(concrete(self.image_tag)),
            *validation.image_digest_faults(concrete(self.image_digest)),
            *validation.exclusive_faults(
                "image_digest", self.image_digest, "image_tag", self.image_tag
            ),
            *number_faults("memory_size", concrete(self.memory_size), 128, 10240),
            *self._timeout_faults(),
            *self._disk_faults(),
        ]

    def _environment_faults(self) -> list[Fault]:
        known = {
            variable: (concrete(value) or "") if isinstance(value, str) else ""
            for variable, value in (self.environment or {}).items()
            if isinstance(variable, str)
        }
        return validation.lambda_environment_faults(known, self.variables())

    def _timeout_faults(self) -> list[Fault]:
        if self.timeout.is_unresolved():
            allowed = f"known at synthesis, as the function runs {SPARE_SECONDS} s longer"
            return [Fault("timeout", allowed, "a token", "write it as Duration.seconds(28)")]
        return seconds_faults("timeout", self.timeout, 1, _LONGEST_SECONDS - SPARE_SECONDS)

    def _disk_faults(self) -> list[Fault]:
        """Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-ephemeral-storage.html."""
        size = self.ephemeral_storage_size
        if size is None or size.is_unresolved():
            return []
        mebibytes = size.to_mebibytes(rounding=SizeRoundingBehavior.NONE)
        whole = int(mebibytes) if mebibytes == int(mebibytes) else mebibytes
        return number_faults("ephemeral_storage_size in MiB", whole, 512, 10240)

    def _secret_faults(self) -> list[Fault]:
        faults = [] if self.secret is None else validation.secret_faults("secret", self.secret)
        if (
            self.secret_variables is None
            and self.secret is not None
            and (self.image_digest is not None or concrete(self.tag_or_digest) is None)
        ):
            faults.append(validation.unnamed_variables_fault())
        variables, environment = self.variables(), self.environment or {}
        return [
            *faults,
            *secret_variable_faults(
                self.secret,
                variables if self.secret_variables is None else self.secret_variables,
                environment,
            ),
            *validation.lambda_variable_faults("secret_variables", variables),
            *validation.jwks_secret_faults(
                self.jwt_jwks_secret, environment=environment, secret_variables=variables
            ),
        ]

    def _network_faults(self) -> list[Fault]:
        if self.vpc is None:
            allowed = "left out where there is no vpc"
            return [
                Fault(argument, allowed, "given", "hand in the vpc as well")
                for argument in ("vpc_subnets", "security_groups")
                if getattr(self, argument) is not None
            ]
        return function_subnet_faults(self.vpc, self.vpc_subnets)
