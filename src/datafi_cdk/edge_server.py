"""EdgeServer: the container that connects to a company's data."""

from __future__ import annotations

from typing import Unpack

from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from .datafi_service import DatafiService
from .edge_storage import EdgeStorage
from .errors import Fault
from .ingress_base import IngressBase
from .service_options import ServiceOptions
from .service_settings import ServiceSettings
from .service_task import SecretFields
from .synthesis import concrete, other_app_faults
from .validation import (
    JWT_JWKS,
    by_variable,
    default_edge_variables,
    jwks_secret_faults,
    type_faults,
    unnamed_variables_fault,
)

__all__ = ["EdgeServer"]

_REPOSITORY = "datafi/es"
_HTTP_PORT = 80


class EdgeServer(DatafiService):
    """A Datafi edge server on ECS Fargate, reached as `<name>.<root domain>`.

    It answers HTTPS on port 443, and gRPC over TLS on ports 50051 and 443 of the ingress.

    Args:
        scope: Where the construct is made.
        construct_id: Its id in `scope`.
        cluster: The ECS cluster, whose VPC is that of the ingress.
        ingress: The load balancer in front of it.
        name: The first label of its host name, 1 to 63 of a-z, 0-9 and -, once per ingress.
        secret: A JSON secret with the server's key. Default: the container gets no secret.
        jwt_jwks_secret: A JSON secret with the field `JWT_JWKS`, the coordinator's public keys,
            which all servers of a deployment share. Default: the variable is not set from it.
        storage: Where the server keeps query results as Parquet files. Default: nowhere.
        options: The arguments of `ServiceOptions`. Of these,
            `secret_variables` is by default the key that the image reads: `KEY` with tag `latest`
            and `EDGE_KEY` with any other. To let the update API move the server between the two
            kinds, the secret holds both fields and both are named: `["KEY", "EDGE_KEY"]`. It must
            be given if the tag is not known, as with a digest, a parameter or another image.
            `environment` holds `DISABLE_SSL`, `LOG_LEVEL`, `MEMORY` (the data cache in MiB: half of
            the task's memory; left out if that is known at deployment only) and `PARQUET_STORAGE`,
            unless it says otherwise; others are `TIMEOUT` and `CACHE_LIFE` in seconds.

    Raises:
        InvalidInputError: With every argument that cannot work.
        TypeError: An argument is not known.

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
        ingress: IngressBase,
        name: str,
        secret: secretsmanager.ISecret | None = None,
        jwt_jwks_secret: secretsmanager.ISecret | None = None,
        storage: EdgeStorage | None = None,
        **options: Unpack[ServiceOptions],
    ) -> None:
        super().__init__(scope, construct_id, options)
        settings = self._settings
        self._refuse_types(cluster, ingress)
        http_port = _HTTP_PORT if settings.http_port is None else settings.http_port
        variables = settings.secret_variables
        if variables is None:
            variables = default_edge_variables(settings.reference) if secret else ()
        faults = jwks_secret_faults(
            jwt_jwks_secret,
            environment=settings.environment,
            secret_variables=by_variable(settings.secret_variables or ()),
            secrets=settings.secrets,
        )
        if storage is not None:
            faults += type_faults(
                "storage", storage, EdgeStorage, "an EdgeStorage"
            ) or other_app_faults(self, storage=storage)
        if secret and settings.secret_variables is None and not settings.has_known_tag:
            faults.append(unnamed_variables_fault())
        self._refuse_values(
            ingress=ingress,
            name=name,
            secret=secret,
            variables=variables,
            http_port=http_port,
            own_faults=[*faults, *self._image_faults()],
        )

        environment = {}
        if concrete(settings.memory_limit_mib) is not None:
            environment["MEMORY"] = str(round(settings.memory_limit_mib / 2))
        if storage:
            environment["PARQUET_STORAGE"] = storage.parquet_storage
        secrets = [SecretFields("Secret", secret, by_variable(variables))] if secret else []
        if jwt_jwks_secret:
            secrets.append(SecretFields("JwtJwksSecret", jwt_jwks_secret, {JWT_JWKS: JWT_JWKS}))
        self._make(
            cluster=cluster,
            ingress=ingress,
            name=name,
            image=_image(settings),
            environment=environment,
            secrets=secrets,
            http_port=http_port,
            grpc_health_check=elbv2.HealthCheck(
                path="/AWS.ALB/healthcheck", healthy_grpc_codes="12"
            ),
        )
        self.storage = storage
        if storage:
            storage.grant_read_write(self)
            # A bucket that is emptied at deletion is so after the last task has written to it.
            self.service.node.add_dependency(storage)

    def _image_faults(self) -> list[Fault]:
        """An image from the internet, where there is no way there."""
        image = self._settings.image
        is_elsewhere = image is None or isinstance(image, ecs.RepositoryImage)
        if not is_elsewhere or self._network.has_way_out:
            return []
        allowed = "one that is in ECR already, where the subnets have no way out"
        given = "one that is pulled by its name" if image else f"that of {self._upstream}"
        remedy = (
            "hand in ecs.ContainerImage.from_ecr_repository(…), "
            "or say egress_provided=True if there is another way out"
        )
        return [Fault("image", allowed, given, remedy)]

    @property
    def _upstream(self) -> str:
        return "pull_through_cache" if self._settings.pull_through_cache else _REPOSITORY


def _image(settings: ServiceSettings) -> ecs.ContainerImage:
    if settings.image:
        return settings.image
    if settings.pull_through_cache:
        return settings.pull_through_cache.edge_server_image(settings.reference)
    return ecs.ContainerImage.from_registry(settings.own_image(_REPOSITORY))
