"""EdgeServer: the container that connects to a company's data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aws_cdk import RemovalPolicy
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_servicediscovery as servicediscovery
from constructs import Construct

from .datafi_service import DatafiService, GrpcHealthCheck
from .edge_storage import EdgeStorage
from .errors import Fault
from .shared_ingress import SharedIngress
from .synthesis import concrete
from .validation import (
    DEFAULT_CPU,
    DEFAULT_MEMORY_MIB,
    default_edge_variables,
    type_faults,
)

__all__ = ["EdgeServer"]

_IMAGE = "datafi/es"
_HTTP_PORT = 80
_GRPC_HEALTH_CHECK = GrpcHealthCheck(path="/AWS.ALB/healthcheck", code=12)


class EdgeServer(DatafiService):
    """A Datafi edge server on ECS Fargate, reached as `<name>.<root domain>`.

    It answers HTTPS on port 443 and gRPC over TLS on port 50051 of the ingress.

    Args:
        scope: Where the construct is made.
        construct_id: Its id in `scope`.
        cluster: The ECS cluster, whose VPC is that of the ingress.
        ingress: The load balancer in front of it.
        name: The first label of its host name, 1 to 63 of a-z, 0-9 and -, once per ingress.
        image_tag: The tag of `datafi/es`. Default: `latest`.
        cpu: CPU units, 1024 to a vCPU, in a pair with memory that Fargate offers. Default: 1024.
        memory_limit_mib: Memory of the task in MiB. Default: 2048. Half of it goes to the data
            cache unless `environment` sets `MEMORY`.
        desired_count: How many tasks run. Default: 1.
        secret: A JSON secret with the server's key. Default: the container gets no secret.
        secret_variables: The variables to fill from `secret`: names of fields, or a mapping of
            variable to field. Each field must be there, or no task starts. Default: the key that
            the image reads, `KEY` with tag `latest` and `EDGE_KEY` with any other. To let the
            update API move the server between the two kinds, the secret holds both fields and
            both are named here: `["KEY", "EDGE_KEY"]`.
        environment: More environment variables, such as `TIMEOUT` or `CACHE_LIFE` in seconds.
            They can be read in the template: what is secret belongs into `secret`. Default: none
            but `DISABLE_SSL`, `LOG_LEVEL`, `MEMORY` and `PARQUET_STORAGE`.
        storage: Where the server keeps query results as Parquet files. Default: nowhere.
        cloud_map_namespace: A Cloud Map namespace of the cluster's VPC in which the tasks are
            registered under `name`. `connections` says who may then connect. Default: none.
        removal_policy: What becomes of the log group when it leaves the stack. Default: retained.

    Raises:
        InvalidInputError: With every argument that cannot work.

    Example:
        ```python
        edge = EdgeServer(
            self,
            "Es",
            cluster=cluster,
            ingress=ingress,
            name="es",
            secret=es_secret,
            secret_variables=["KEY", "JWT_JWKS"],
            environment={"TIMEOUT": "1200"},
        )
        ```
    """

    storage: EdgeStorage | None
    """Where the server keeps query results, or `None`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cluster: ecs.ICluster,
        ingress: SharedIngress,
        name: str,
        image_tag: str = "latest",
        cpu: int = DEFAULT_CPU,
        memory_limit_mib: int = DEFAULT_MEMORY_MIB,
        desired_count: int = 1,
        secret: secretsmanager.ISecret | None = None,
        secret_variables: Sequence[str] | Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
        storage: EdgeStorage | None = None,
        cloud_map_namespace: servicediscovery.INamespace | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        key_is_unknown = secret_variables is None and concrete(image_tag) is None
        if secret_variables is None:
            secret_variables = default_edge_variables(image_tag) if secret else ()

        def default_environment() -> dict[str, str]:
            defaults = {}
            if concrete(memory_limit_mib) is not None:
                defaults["MEMORY"] = str(round(memory_limit_mib / 2))
            if storage:
                defaults["PARQUET_STORAGE"] = storage.parquet_storage
            return defaults

        def own_faults() -> list[Fault]:
            faults = []
            if storage is not None:
                faults += type_faults("storage", storage, EdgeStorage, "an EdgeStorage")
            if secret and image_tag is not None and key_is_unknown:
                allowed = "given if image_tag is known at deployment only"
                remedy = "name the fields of the secret"
                faults.append(Fault("secret_variables", allowed, "nothing", remedy))
            return faults

        super().__init__(
            scope,
            construct_id,
            cluster=cluster,
            ingress=ingress,
            name=name,
            image=lambda: ecs.ContainerImage.from_registry(f"{_IMAGE}:{image_tag}"),
            image_tag=image_tag,
            cpu=cpu,
            memory_limit_mib=memory_limit_mib,
            desired_count=desired_count,
            secret=secret,
            secret_variables=secret_variables,
            environment={} if environment is None else environment,
            default_environment=default_environment,
            http_port=_HTTP_PORT,
            grpc_health_check=_GRPC_HEALTH_CHECK,
            cloud_map_namespace=cloud_map_namespace,
            removal_policy=removal_policy,
            own_faults=own_faults,
        )
        self.storage = storage
        if storage:
            storage.grant_read_write(self.task_definition.task_role)
