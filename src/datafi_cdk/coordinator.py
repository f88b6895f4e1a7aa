"""Coordinator: the container that handles authentication, catalog and policies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from .bedrock_access import grant_models, model_faults
from .datafi_service import DatafiService
from .errors import Fault
from .ingress_base import IngressBase
from .secret_access import grant_key_of, without_key
from .service_options import ServiceOptions
from .service_task import SecretFields
from .synthesis import concrete
from .validation import (
    DEFAULT_COORDINATOR_NAME,
    DEFAULT_COORDINATOR_VARIABLES,
    DEFAULT_REGISTRY,
    by_variable,
    registry_faults,
    required_faults,
    secret_faults,
)

__all__ = ["Coordinator"]

_REPOSITORY = "co"
_HTTP_PORT = 8001


class Coordinator(DatafiService):
    """A Datafi coordinator on ECS Fargate, reached as `<name>.<root domain>`, one per ingress.

    It answers HTTPS on port 443, and gRPC over TLS on ports 50051 and 443 of the ingress.

    Args:
        scope: Where the construct is made.
        construct_id: Its id in `scope`.
        cluster: The ECS cluster, whose VPC is that of the ingress.
        ingress: The load balancer in front of it.
        secret: A JSON secret with the Redis of the workspace and the signing key.
        registry_credentials: A JSON secret with `username` and `password` of the registry, from
            which ECS pulls the image. Default: none, as with `image` or `pull_through_cache`; the
            coordinator's own image needs it.
        name: The first label of its host name, 1 to 63 of a-z, 0-9 and -. Default: `co`.
        registry: The host of the registry. Default: `datafi.azurecr.io`.
        bedrock_models: The models of Amazon Bedrock that it may invoke, each a model's id, such as
            `anthropic.claude-3-haiku-20240307-v1:0`, of the stack's own region, or the ARN of a
            model or an inference profile. By the id of a cross-region inference profile, such as
            `eu.anthropic.claude-3-haiku-20240307-v1:0`, or its ARN, it may invoke the model in
            every region, and that only through the profile. What is behind an application inference
            profile CDK does not see: name the ARNs of its models as well
            (`arn:aws:bedrock:*::foundation-model/…`). Default: none.
        options: The arguments of `ServiceOptions`. Of these,
            `secret_variables` is by default `KEYVAL`, `JWT_KID` and `JWT_KEY`.
            `environment` holds `DISABLE_SSL`, `LOG_LEVEL`, `MODE`, `GLOBAL_COORDINATOR` and
            `JWT_ISS`, which follows from the host name, unless it says otherwise; another is
            `TOKEN_ISSUER`, the OIDC issuer of the users.
            `egress_provided` must be said in subnets without a NAT gateway: Redis, token issuer and
            global coordinator are on the internet.

    Raises:
        InvalidInputError: With every argument that cannot work, or because the ingress has a
            coordinator.
        TypeError: An argument is not known.

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
        ingress: IngressBase,
        secret: secretsmanager.ISecret,
        registry_credentials: secretsmanager.ISecret | None = None,
        name: str = DEFAULT_COORDINATOR_NAME,
        registry: str = DEFAULT_REGISTRY,
        bedrock_models: Sequence[str] = (),
        **options: Unpack[ServiceOptions],
    ) -> None:
        super().__init__(scope, construct_id, options)
        settings = self._settings
        self._refuse_types(cluster, ingress)
        http_port = _HTTP_PORT if settings.http_port is None else settings.http_port
        variables = settings.secret_variables
        if variables is None:
            variables = DEFAULT_COORDINATOR_VARIABLES
        self._refuse_values(
            ingress=ingress,
            name=name,
            secret=secret,
            variables=variables,
            http_port=http_port,
            own_faults=[
                *required_faults(registry=registry, secret=secret),
                *registry_faults(concrete(registry)),
                *self._credentials_faults(registry_credentials),
                *model_faults(bedrock_models),
                *self._way_out_faults(),
                *ingress.second_coordinator_faults(),
            ],
        )
        self._make(
            cluster=cluster,
            ingress=ingress,
            name=name,
            image=self._image(registry, registry_credentials),
            environment={
                "MODE": "prod",
                "GLOBAL_COORDINATOR": "https://co-global.api.home.datafi.us",
                "JWT_ISS": f"https://{ingress.host(name)}/",
            },
            secrets=[SecretFields("Secret", secret, by_variable(variables))],
            http_port=http_port,
            grpc_health_check=elbv2.HealthCheck(
                path="/coordinator.Coordinator/Ping", healthy_grpc_codes="0"
            ),
        )
        ingress.claim_coordinator(self)
        if registry_credentials:
            grant_key_of(registry_credentials, self.task_definition.obtain_execution_role())
        if bedrock_models:
            grant_models(self, self, bedrock_models)

    def _credentials_faults(self, credentials: secretsmanager.ISecret | None) -> list[Fault]:
        others = [
            argument
            for argument in ("image", "pull_through_cache")
            if getattr(self._settings, argument) is not None
        ]
        if credentials is not None:
            return secret_faults("registry_credentials", credentials) + [
                Fault(
                    "registry_credentials",
                    f"left out if {argument} is given, which does not use it",
                    "both",
                    "leave one of the two out",
                )
                for argument in others
            ]
        if others:
            return []
        allowed = "given with the coordinator's own image, whose registry is private"
        remedy = "hand in a secret with username and password, or image or pull_through_cache"
        return [Fault("registry_credentials", allowed, "nothing", remedy)]

    def _way_out_faults(self) -> list[Fault]:
        if self._network.has_way_out:
            return []
        allowed = "True where the subnets have no way out that CDK sees"
        remedy = (
            "provide one to the Redis, the token issuer and the global coordinator and say so, "
            "or choose subnets with a NAT gateway"
        )
        return [Fault("egress_provided", allowed, "False", remedy)]

    def _image(
        self, registry: str, credentials: secretsmanager.ISecret | None
    ) -> ecs.ContainerImage:
        settings = self._settings
        if settings.image:
            return settings.image
        if settings.pull_through_cache:
            return settings.pull_through_cache.coordinator_image(settings.reference)
        return ecs.ContainerImage.from_registry(
            settings.own_image(f"{registry}/{_REPOSITORY}"),
            credentials=without_key(self, "CredentialsWithoutKey", credentials)
            if credentials
            else None,
        )
