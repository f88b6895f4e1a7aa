"""Coordinator: the container that handles authentication, catalog and policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aws_cdk import RemovalPolicy
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_servicediscovery as servicediscovery
from constructs import Construct

from .datafi_service import DatafiService, GrpcHealthCheck
from .secret_access import grant_key_of, without_key
from .shared_ingress import SharedIngress
from .synthesis import concrete
from .validation import (
    DEFAULT_COORDINATOR_NAME,
    DEFAULT_COORDINATOR_VARIABLES,
    DEFAULT_CPU,
    DEFAULT_MEMORY_MIB,
    registry_faults,
    required_faults,
    secret_faults,
)

__all__ = ["Coordinator"]

_IMAGE = "co"
_GRPC_HEALTH_CHECK = GrpcHealthCheck(path="/coordinator.Coordinator/Ping", code=0)


class Coordinator(DatafiService):
    """A Datafi coordinator on ECS Fargate, reached as `<name>.<root domain>`, one per ingress.

    It answers HTTPS on port 443 and gRPC over TLS on port 50051 of the ingress.

    Args:
        scope: Where the construct is made.
        construct_id: Its id in `scope`.
        cluster: The ECS cluster, whose VPC is that of the ingress.
        ingress: The load balancer in front of it.
        registry_credentials: A JSON secret with `username` and `password` of the registry, from
            which ECS pulls the image.
        secret: A JSON secret with the Redis of the workspace and the signing key.
        name: The first label of its host name, 1 to 63 of a-z, 0-9 and -. Default: `co`.
        image_tag: The tag of the image `co`. Default: `latest`.
        registry: The host of the registry. Default: `datafi.azurecr.io`.
        cpu: CPU units, 1024 to a vCPU, in a pair with memory that Fargate offers. Default: 1024.
        memory_limit_mib: Memory of the task in MiB. Default: 2048.
        desired_count: How many tasks run. Default: 1.
        secret_variables: The variables to fill from `secret`: names of fields, or a mapping of
            variable to field. Each field must be there, or no task starts. Default: `KEYVAL`,
            `JWT_KID` and `JWT_KEY`.
        environment: More environment variables, such as `TOKEN_ISSUER`, the OIDC issuer of the
            users. They can be read in the template: what is secret belongs into `secret`. Default:
            none but `DISABLE_SSL`, `LOG_LEVEL`, `MODE`, `GLOBAL_COORDINATOR` and `JWT_ISS`, which
            follows from the host name.
        http_port: The HTTP port in the container. Default: 8001.
        cloud_map_namespace: A Cloud Map namespace of the cluster's VPC in which the tasks are
            registered under `name`. `connections` says who may then connect. Default: none.
        removal_policy: What becomes of the log group when it leaves the stack. Default: retained.

    Raises:
        InvalidInputError: With every argument that cannot work, or because the ingress has a
            coordinator.

    Example:
        ```python
        coordinator = Coordinator(
            self,
            "Coordinator",
            cluster=cluster,
            ingress=ingress,
            secret=co_secret,
            registry_credentials=acr_secret,
            environment={"TOKEN_ISSUER": "https://login.example.com/"},
        )
        ```
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cluster: ecs.ICluster,
        ingress: SharedIngress,
        registry_credentials: secretsmanager.ISecret,
        secret: secretsmanager.ISecret,
        name: str = DEFAULT_COORDINATOR_NAME,
        image_tag: str = "latest",
        registry: str = "datafi.azurecr.io",
        cpu: int = DEFAULT_CPU,
        memory_limit_mib: int = DEFAULT_MEMORY_MIB,
        desired_count: int = 1,
        secret_variables: Sequence[str] | Mapping[str, str] = DEFAULT_COORDINATOR_VARIABLES,
        environment: Mapping[str, str] | None = None,
        http_port: int = 8001,
        cloud_map_namespace: servicediscovery.INamespace | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            cluster=cluster,
            ingress=ingress,
            name=name,
            image=lambda: ecs.ContainerImage.from_registry(
                f"{registry}/{_IMAGE}:{image_tag}",
                credentials=without_key(self, "CredentialsWithoutKey", registry_credentials),
            ),
            image_tag=image_tag,
            cpu=cpu,
            memory_limit_mib=memory_limit_mib,
            desired_count=desired_count,
            secret=secret,
            secret_variables=secret_variables,
            environment={} if environment is None else environment,
            default_environment=lambda: {
                "MODE": "prod",
                "GLOBAL_COORDINATOR": "https://co-global.api.home.datafi.us",
                "JWT_ISS": f"https://{ingress.host(name)}/",
            },
            http_port=http_port,
            grpc_health_check=_GRPC_HEALTH_CHECK,
            cloud_map_namespace=cloud_map_namespace,
            removal_policy=removal_policy,
            own_faults=lambda: [
                *required_faults(registry=registry, secret=secret),
                *registry_faults(concrete(registry)),
                *secret_faults("registry_credentials", registry_credentials),
                *ingress.second_coordinator_faults(),
            ],
        )
        ingress.claim_coordinator(self)
        grant_key_of(registry_credentials, self.task_definition.obtain_execution_role())
