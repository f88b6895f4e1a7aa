"""ServiceOptions: what every server on ECS Fargate takes beside what it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_servicediscovery as servicediscovery

from .auto_scaling import AutoScaling
from .image_version import ImageVersion
from .pull_through_cache import PullThroughCache

__all__ = ["ServiceOptions"]


class ServiceOptions(TypedDict, total=False):
    """The keyword arguments that `EdgeServer` and `Coordinator` have in common, all optional.

    Example:
        ```python
        common: ServiceOptions = {"cpu": 2048, "memory_limit_mib": 4096}
        EdgeServer(self, "Es", cluster=cluster, ingress=ingress, name="es", **common)
        ```
    """

    image_tag: str | None
    """The tag of the server's own image. An edge server's `latest` reads its key from `KEY`, `next`
    and all others from `EDGE_KEY`. Default: `latest`."""
    image_digest: str | None
    """The digest of the server's own image, `sha256:…`, in place of a tag. Default: a tag."""
    image: ecs.ContainerImage | None
    """Any other image, such as one from ECR, with its tag. Where the subnets have no way out it is
    in ECR (`ecs.ContainerImage.from_ecr_repository(…)`). Default: the server's own."""
    image_version: ImageVersion | None
    """Where the version is decided, in place of `image_tag` and `image_digest`; with `image`, that
    of its repository. Default: it is kept in a parameter of Systems Manager, which starts with the
    tag of the code and which the update API writes; a change of the tag in the code wins. The
    version of an image that CDK builds, or whose tag is a token, is fixed."""
    pull_through_cache: PullThroughCache | None
    """Takes the server's own image through ECR. Default: straight from its registry."""
    cpu: int
    """CPU units, 1024 to a vCPU, in a pair with memory that Fargate offers. Default: 1024."""
    memory_limit_mib: int
    """Memory of the task in MiB. Default: 2048."""
    cpu_architecture: ecs.CpuArchitecture
    """The architecture that the image is made for. Default: X86_64."""
    ephemeral_storage_gib: int | None
    """Disk of the task in GiB, 21 to 200. Default: 20."""
    desired_count: int | None
    """How many tasks run. Default: 1. Left out with `auto_scaling`."""
    auto_scaling: AutoScaling | None
    """Lets the number of tasks follow the load. The template then carries no desired count, so that
    a deployment never resets it. Default: it stays as it is."""
    capacity_provider_strategies: Sequence[ecs.CapacityProviderStrategy] | None
    """Where tasks run: on `FARGATE`, on `FARGATE_SPOT`, which AWS may take back with two minutes'
    notice, or on both by weight (0 to 1000; at least one above 0), one of them with a `base`. The
    cluster needs both capacity providers (`cluster.enable_fargate_capacity_providers()`). Source:
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-capacity-providers.html.
    Default: Fargate."""
    secret_variables: Sequence[str] | Mapping[str, str] | None
    """The variables to fill from `secret`: names of fields, or a mapping of variable to field. Each
    field must be there, or no task starts."""
    secrets: Mapping[str, ecs.Secret]
    """Variables to fill from other secrets, of Secrets Manager or of the Parameter Store. If an
    *imported* one has a customer-managed key, let the server use it, which CDK does not:
    `key.grant_decrypt(server.task_definition.obtain_execution_role())`. Default: none."""
    environment: Mapping[str, str]
    """More environment variables. They can be read in the template: what is secret belongs into
    a secret. Default: none but the server's own."""
    vpc_subnets: ec2.SubnetSelection | None
    """The subnets of the tasks. Default: the private ones; public ones with `assign_public_ip`."""
    security_groups: Sequence[ec2.ISecurityGroup] | None
    """The security groups of the tasks, at most five, to which the load balancer's access is added.
    Servers of one stack that share an existing group share its import as well: what two imports
    make of one rule is one in EC2, and goes with the first server that goes. Default: a new one,
    which lets in the load balancer only."""
    assign_public_ip: bool
    """Whether tasks get public addresses, and so need no NAT gateway. Default: `False`."""
    egress_provided: bool
    """Says that isolated subnets have a way out which CDK does not see, such as a transit gateway
    or a proxy. Without one, tasks in existing isolated subnets need endpoints of the VPC for
    `ecr.api`, `ecr.dkr`, `logs` and `secretsmanager` and the gateway endpoint of S3. Source:
    https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html. Default: `False`."""
    cloud_map_namespace: servicediscovery.INamespace | None
    """A Cloud Map namespace of the cluster's VPC in which the tasks are registered under `name`.
    `connections` says who may then connect. Default: none."""
    task_role: iam.IRole | None
    """What the software may do: its storage, its models, ECS Exec. It must trust
    `ecs-tasks.amazonaws.com`. CDK adds these rights to a new role and to an imported one of the
    same account; to one of another account, or imported with `mutable=False`, it adds *nothing*,
    without a word: give them yourself. Default: a new role."""
    execution_role: iam.IRole | None
    """What ECS may do to start the task: pull the image, read the secrets with their keys, write
    the log. For an existing role the same holds as for `task_role`. Default: a new role."""
    logging: ecs.LogDriver | None
    """Where the container's output goes, if not to CloudWatch Logs, such as
    `ecs.LogDrivers.firelens(…)`. Default: to `log_group`."""
    log_group: logs.ILogGroup | None
    """An existing log group for the container's output. Default: a new one."""
    log_retention: logs.RetentionDays | None
    """How long a new log group keeps it. Default: one month."""
    encryption_key: kms.IKey | None
    """The customer's key that encrypts a new log group. CloudWatch Logs' right to use it is added
    to its policy; to that of an imported one its owner adds it. Default: a key of AWS."""
    enable_execute_command: bool
    """Whether ECS Exec may open a shell in the container. What is done there is logged with the
    server's own output, unless the cluster's `execute_command_configuration` says otherwise; of an
    imported cluster, tell it. Default: `False`."""
    extensions: Sequence[ecs.ITaskDefinitionExtension]
    """Called with the task definition once the container is in it, to add others: log routers,
    trace collectors. Default: none."""
    http_port: int | None
    """The HTTP port in the container. Default: 80 for an edge server, 8001 for a coordinator."""
    grpc_port: int
    """The gRPC port in the container. Default: 50051."""
    http_health_check: elbv2.HealthCheck | None
    """How the load balancer asks the HTTP port for its health. What is left out of it is as by
    default; with a `port` of its own, the load balancer is let in there. Default: `/` answers
    200."""
    grpc_health_check: elbv2.HealthCheck | None
    """How it asks the gRPC port; as above. Default: what the software answers."""
    health_check_grace_period: Duration | None
    """How long a new task may be unhealthy. Default: 60 s."""
    deregistration_delay: Duration
    """How long requests of a task that goes may take, 0 to 3600 s. Default: 5 s."""
    http_rule_priority: int | None
    """The priority of the HTTP rule, 1 to 50000. Default: it follows from the host name."""
    grpc_rule_priority: int | None
    """The priority of the gRPC rules, 1 to 50000, less than that of the HTTP rule. Default: it
    follows from the host name."""
    circuit_breaker: ecs.DeploymentCircuitBreaker
    """What becomes of a deployment whose tasks do not start. Default: it is rolled back."""
    deployment_alarms: ecs.DeploymentAlarmConfig | None
    """Alarms that fail a deployment, by name, which is then rolled back, or with
    `behavior=ecs.AlarmBehavior.FAIL_ON_ALARM` stays as it is. An alarm on a metric of this
    very server needs a fixed `alarm_name` to be named here, as each would wait for the other.
    Default: none."""
    min_healthy_percent: int
    """How many tasks stay during a deployment, in percent of the desired count, 0 to 100.
    Default: 100."""
    max_healthy_percent: int
    """How many tasks there may be during a deployment, in percent, 100 to 200; rounded down, as the
    other is rounded up, so that few tasks need a high one. Default: 200."""
    removal_policy: RemovalPolicy
    """What becomes of a new log group when it leaves the stack. Default: retained."""
