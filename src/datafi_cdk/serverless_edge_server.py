"""ServerlessEdgeServer: the edge server as a Lambda function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Unpack

import jsii
from aws_cdk import Duration, RemovalPolicy, Size
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from .dead_letters import dead_letters, grant_send
from .edge_storage import EdgeStorage
from .errors import Fault
from .function_network import grant_network, keep_way_out
from .ingress_base import IngressBase
from .lambda_target import lambda_target_group
from .log_encryption import new_log_group
from .managed_policy_role import ManagedPolicyRole
from .role_access import role_of_this_stack
from .secret_access import grant_key
from .security_group_access import in_stack_of
from .serverless_settings import SPARE_SECONDS, ServerlessSettings, count_references
from .service_metrics import MetricOptions, target_group_metric
from .stack_size import watch_size
from .synthesis import refuse
from .tracing import explain_tracing

__all__ = ["ServerlessEdgeServer"]

_DEFAULT_MEMORY_SIZE = 2048
_DEFAULT_TIMEOUT = Duration.seconds(28)


@jsii.implements(iam.IGrantable, ec2.IConnectable)
class ServerlessEdgeServer(Construct):
    """A Datafi edge server on AWS Lambda, reached as `<name>.<root domain>`.

    It answers HTTPS on port 443 of the ingress, beside servers on Fargate and under names like
    theirs. Its image is in ECR, in the region of the stack, and speaks the Lambda runtime, as with
    the Lambda Web Adapter.

    A load balancer passes at most 1 MB to a function, and takes at most 1 MB of JSON as its answer,
    in which binary content is longer by a third; it passes neither gRPC nor WebSockets; and of a
    header or query parameter that is sent several times the last one only, unless the target group
    has `lambda.multi_value_headers.enabled`. Lambda takes at most 4 KB of variables, secret ones
    included. Sources:
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html and
    https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html

    **Who can read the secrets.** No template and no asset holds a value. CloudFormation reads it
    when it deploys the function, with the permissions of whoever deploys (with the CDK command: its
    CloudFormation execution role): `secretsmanager:GetSecretValue`, and `kms:Decrypt` where the
    secret has a key of its own. From then on it is a variable of the function, encrypted with
    `environment_encryption`, and whoever has `lambda:GetFunctionConfiguration` and `kms:Decrypt` on
    that key reads it, in the console as well. Whoever deploys needs `kms:Encrypt`, `kms:Decrypt`
    and `kms:CreateGrant` on it. The function gets no access to the secret itself, and the new value
    of a rotated secret only when a deployment changes the function. A stack takes at most 60 such
    references. Sources:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html
    and https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html

    What is granted to it is granted to the function's role, and who may connect to it, or it to
    whom, is in `connections`.

    Args:
        scope: Where the construct is made.
        construct_id: Its id in `scope`.
        ingress: The load balancer in front of it.
        name: The first label of its host name, 1 to 63 of a-z, 0-9 and -, once per ingress.
        repository: The repository of its image.
        image_tag: The tag of the image. What is pushed to the tag later reaches the function with
            its next change only. Default: `latest`.
        image_digest: The digest of the image, `sha256:…`, in place of a tag. Default: a tag.
        memory_size: Memory in MiB, 128 to 10240; CPU comes with it. Default: 2048.
        timeout: How long the server may take to answer, 1 to 898 whole seconds: its variable
            `TIMEOUT`. The function lives 2 s longer, so that the server answers before it is
            killed. Default: 28 s.
        architecture: The architecture that the image is made for. Default: X86_64.
        ephemeral_storage_size: The size of `/tmp`, 512 to 10240 MiB. Default: 512 MiB.
        secret: A JSON secret with the server's key. Default: the function gets no secret.
        secret_variables: The variables to fill from `secret`: names of fields, or a mapping of
            variable to field. It must be given with a digest, or a tag that is known only at
            deployment. Default: the key that the image reads, `KEY` with tag `latest` and
            `EDGE_KEY` with any other.
        jwt_jwks_secret: A JSON secret with the field `JWT_JWKS`, the coordinator's public keys,
            which all servers of a deployment share. Default: the variable is not set from it.
        environment: More variables, which can be read in the template. Default: `DISABLE_SSL`,
            `LOG_LEVEL`, `MEMORY` (the data cache in MiB: half of `memory_size`, left out if that is
            known at deployment only) and `PARQUET_STORAGE`; what is given here wins. `TIMEOUT`
            follows from `timeout`.
        environment_encryption: The key that encrypts the variables, whose policy leaves permissions
            to IAM, as by default. Default: a new one with rotation if there are secrets, else that
            of AWS.
        storage: Where the server keeps query results as Parquet files. Default: nowhere.
        vpc: A VPC in which the function connects to private databases. The load balancer reaches it
            without. Default: none, and it reaches the internet.
        vpc_subnets: Its subnets there, private ones. Default: private ones with a way out.
        security_groups: Its security groups there, at most five. Default: a new one.
        role: What the function may do. The permissions it needs are added. Default: a new role.
        log_group: An existing log group for its output. Default: a new one.
        log_retention: How long a new log group keeps it. Default: one month.
        encryption_key: The customer's key for what is made here: the log group, to whose use
            CloudWatch Logs gets the right in the key's policy (of an imported key, by its owner),
            and the variables, unless `environment_encryption` says otherwise. Default: as there,
            and a key of AWS for the log group.
        dead_letter_queue: Where events go that the function could not deal with. Default: a queue
            that all functions of the library share in the stack.
        reserved_concurrent_executions: How many requests it answers at once, 1 or more; whatever
            is beyond gets an error of the load balancer. Default: what the account has left.
        http_rule_priority: The priority of its rule, 1 to 50000. Default: it follows from the host
            name.
        removal_policy: What becomes of a new log group and a new key when they leave the stack.
            Default: retained.

    Raises:
        InvalidInputError: With every argument that cannot work.

    Example:
        ```python
        edge = ServerlessEdgeServer(
            self,
            "Es",
            ingress=ingress,
            name="es",
            repository=ecr.Repository.from_repository_name(self, "Images", "datafi-es"),
            image_tag="v7",
            secret=es_secret,
        )
        ```
    """

    ingress: IngressBase
    """The load balancer in front of it."""
    name: str
    """The server's name: the first label of its host name."""
    host: str
    """The public host name."""
    url: str
    """The public address."""
    timeout_seconds: int
    """After how many seconds a request fails."""
    function: lambda_.DockerImageFunction
    """The function, with CloudWatch's metrics of it, such as `metric_errors()`."""
    target_group: elbv2.ApplicationTargetGroup
    """The target group that leads to the function."""
    log_group: logs.ILogGroup
    """Where its output goes."""
    storage: EdgeStorage | None
    """Where the server keeps query results, or `None`."""
    environment_encryption: kms.IKey | None
    """The key that encrypts its variables, or `None` if it is that of AWS."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        ingress: IngressBase,
        name: str,
        repository: ecr.IRepository,
        image_tag: str | None = None,
        image_digest: str | None = None,
        memory_size: int = _DEFAULT_MEMORY_SIZE,
        timeout: Duration = _DEFAULT_TIMEOUT,
        architecture: lambda_.Architecture = lambda_.Architecture.X86_64,
        ephemeral_storage_size: Size | None = None,
        secret: secretsmanager.ISecret | None = None,
        secret_variables: Sequence[str] | Mapping[str, str] | None = None,
        jwt_jwks_secret: secretsmanager.ISecret | None = None,
        environment: Mapping[str, str] | None = None,
        environment_encryption: kms.IKey | None = None,
        storage: EdgeStorage | None = None,
        vpc: ec2.IVpc | None = None,
        vpc_subnets: ec2.SubnetSelection | None = None,
        security_groups: Sequence[ec2.ISecurityGroup] | None = None,
        role: iam.IRole | None = None,
        log_group: logs.ILogGroup | None = None,
        log_retention: logs.RetentionDays | None = None,
        encryption_key: kms.IKey | None = None,
        dead_letter_queue: sqs.IQueue | None = None,
        reserved_concurrent_executions: int | None = None,
        http_rule_priority: int | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        watch_size(self)
        settings = ServerlessSettings(
            ingress=ingress,
            name=name,
            repository=repository,
            image_tag=image_tag,
            image_digest=image_digest,
            memory_size=memory_size,
            timeout=timeout,
            architecture=architecture,
            ephemeral_storage_size=ephemeral_storage_size,
            secret=secret,
            secret_variables=secret_variables,
            jwt_jwks_secret=jwt_jwks_secret,
            environment=environment,
            environment_encryption=environment_encryption or encryption_key,
            storage=storage,
            vpc=vpc,
            vpc_subnets=vpc_subnets,
            security_groups=security_groups,
            role=role,
            log_group=log_group,
            log_retention=log_retention,
            encryption_key=encryption_key,
            dead_letter_queue=dead_letter_queue,
            reserved_concurrent_executions=reserved_concurrent_executions,
            http_rule_priority=http_rule_priority,
            removal_policy=removal_policy,
        )
        refuse(self, settings.type_faults())
        refuse(self, settings.place_faults(self))
        refuse(self, settings.faults())
        refuse(self, count_references(self, len(settings.secret_environment())))

        self.ingress = ingress
        self.name = name
        self.host = ingress.claim_name(self, name)
        self.url = f"https://{self.host}"
        self.timeout_seconds = settings.seconds
        self.storage = storage
        self.log_group = log_group or new_log_group(
            self,
            "LogGroup",
            retention=log_retention or logs.RetentionDays.ONE_MONTH,
            encryption_key=encryption_key,
            removal_policy=removal_policy,
        )
        self.function = self._make_function(settings)
        self.target_group = lambda_target_group(self, "TargetGroup", self.function)
        ingress.add_http_rule(
            self,
            "HttpRule",
            hosts=[self.host],
            target_group=self.target_group,
            priority=http_rule_priority,
        )

    @property
    def grant_principal(self) -> iam.IPrincipal:
        """The function's role, to which permissions of the software are granted."""
        return self.function.grant_principal

    @property
    def connections(self) -> ec2.Connections:
        """The function's security groups.

        Raises:
            InvalidInputError: The function is in no VPC, and so has none.
        """
        if not self.function.is_bound_to_vpc:
            allowed = "given for a server that has security groups"
            refuse(self, [Fault("vpc", allowed, "nothing", "hand in a VPC")])
        return self.function.connections

    def metric_target_response_time(self, **options: Unpack[MetricOptions]) -> cloudwatch.Metric:
        """How long the function takes to answer, in seconds; average.

        Args:
            options: Period, statistic, label, color.
        """
        return self._of_targets("TargetResponseTime", cloudwatch.Stats.AVERAGE, options)

    def metric_request_count(self, **options: Unpack[MetricOptions]) -> cloudwatch.Metric:
        """How many requests reach the function; sum.

        Args:
            options: Period, statistic, label, color.
        """
        return self._of_targets("RequestCount", cloudwatch.Stats.SUM, options)

    def metric_http_5xx(self, **options: Unpack[MetricOptions]) -> cloudwatch.Metric:
        """How many requests the server answers with an HTTP status of 500 to 599; sum.

        Those that the function fails to answer, for which the load balancer answers 502, count in
        `function.metric_errors()` and `function.metric_throttles()`.

        Args:
            options: Period, statistic, label, color.
        """
        return self._of_targets("HTTPCode_Target_5XX_Count", cloudwatch.Stats.SUM, options)

    def _of_targets(self, name: str, statistic: str, options: MetricOptions) -> cloudwatch.Metric:
        return target_group_metric(self.ingress, self.target_group, name, statistic, options)

    def _make_function(self, settings: ServerlessSettings) -> lambda_.DockerImageFunction:
        secrets = settings.secret_environment()
        self.environment_encryption = settings.environment_encryption or (
            kms.Key(
                self,
                "EnvironmentKey",
                description=f"Variables of the Datafi edge server {self.name}",
                enable_key_rotation=True,
                removal_policy=settings.removal_policy,
            )
            if secrets
            else None
        )
        role = (
            role_of_this_stack(self, "ImportedRole", settings.role)
            if settings.role
            else ManagedPolicyRole(
                self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com")
            )
        )
        queue = dead_letters(self, settings.dead_letter_queue, settings.removal_policy)
        grant_send(role, queue)
        function = lambda_.DockerImageFunction(
            self,
            "Function",
            description=f"Datafi edge server {self.name}",
            code=lambda_.DockerImageCode.from_ecr(
                settings.repository, tag_or_digest=settings.tag_or_digest
            ),
            architecture=settings.architecture,
            memory_size=settings.memory_size,
            timeout=Duration.seconds(settings.seconds + SPARE_SECONDS),
            ephemeral_storage_size=settings.ephemeral_storage_size,
            environment={**settings.plain_environment(), **secrets},
            environment_encryption=self.environment_encryption,
            vpc=settings.vpc,
            vpc_subnets=settings.vpc_subnets,
            security_groups=in_stack_of(self, settings.security_groups)
            if settings.security_groups
            else None,
            role=role,
            log_group=self.log_group,
            tracing=lambda_.Tracing.ACTIVE,
            dead_letter_queue=queue,
            reserved_concurrent_executions=settings.reserved_concurrent_executions,
        )
        explain_tracing(role)
        if settings.vpc:
            keep_way_out(function, settings.vpc, settings.vpc_subnets)
        self._grant_needed(role, in_vpc=settings.vpc is not None)
        if self.storage:
            # A bucket that is emptied at deletion is so after the function has written to it.
            function.node.add_dependency(self.storage)
        return function

    def _grant_needed(self, role: iam.IRole, *, in_vpc: bool) -> None:
        """Log, key, storage and, in a VPC, network interfaces.

        A key is granted in the role's policy, as one in another stack would otherwise make the
        stacks depend on each other.
        """
        self.log_group.grant_write(role)
        if self.environment_encryption:
            grant_key(self, role, self.environment_encryption.key_arn, ["kms:Decrypt"])
        if self.storage:
            self.storage.grant_read_write(role)
        if in_vpc:
            grant_network(self, role)
