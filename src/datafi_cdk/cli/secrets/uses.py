"""Which secrets a configuration names, and what is read of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ...config import DatafiEdgeConfig
from ...config_services import CoordinatorConfig, EdgeServerConfig, ServerlessEdgeServerConfig
from ...validation import JWT_JWKS, by_variable, default_edge_variables
from .values import REGISTRY_FIELDS, UPDATE_SECRET

Server = EdgeServerConfig | ServerlessEdgeServerConfig | CoordinatorConfig

_CACHE_FIELDS = ("username", "accessToken")


@dataclass(frozen=True)
class SecretUse:
    """A secret that the configuration names.

    Args:
        place: The key of the file that names it: `edge_servers.long_running[0].secret_arn`.
        arn: Its complete ARN.
        fields: What is read: variable of the container (or name of the credential) to field of the
            JSON secret; `None` for the whole string.
        server: The name of the server that reads it; empty if it is for several.
        kms_key_arn: The customer-managed key that the file names for it. Default: none.
    """

    place: str
    arn: str
    fields: Mapping[str, str | None]
    server: str = ""
    kms_key_arn: str | None = None


def servers(config: DatafiEdgeConfig) -> Iterator[tuple[str, Server]]:
    """Every server with its place in the file, the coordinator last."""
    for index, server in enumerate(config.edge_servers.long_running):
        yield f"edge_servers.long_running[{index}].", server
    for index, function in enumerate(config.edge_servers.serverless):
        yield f"edge_servers.serverless[{index}].", function
    if config.coordinator:
        yield "coordinator.", config.coordinator


def own_variables(server: Server) -> dict[str, str]:
    """What a server reads of its own secret, if it has one: variable to field."""
    if server.secret_variables is not None:
        return dict(server.secret_variables)
    return by_variable(default_edge_variables(server.image_tag or "latest"))


def key_variable(server: Server) -> str | None:
    """The variable from which an edge server's image reads its key, if its tag tells."""
    if server.image_digest or getattr(server, "image_version_parameter", None):
        return None
    return default_edge_variables(server.image_tag or "latest")[0]


def filled_elsewhere(server: Server) -> set[str]:
    """The variables of a server that are plain, or filled from other secrets."""
    return {*server.environment, *getattr(server, "secrets", {})}


def secret_uses(config: DatafiEdgeConfig) -> list[SecretUse]:
    """Every secret that a configuration names, in the order of its servers.

    Args:
        config: The configuration.
    """
    return [
        *(use for place, server in servers(config) for use in _of_server(place, server)),
        *_shared(config),
    ]


def _of_server(place: str, server: Server) -> Iterator[SecretUse]:
    def use(
        key: str, arn: str | None, fields: Mapping[str, str | None], kms_key_arn: str | None
    ) -> Iterator[SecretUse]:
        if arn:
            yield SecretUse(f"{place}{key}", arn, fields, server.name, kms_key_arn)

    own_key = getattr(server, "secret_kms_key_arn", None)
    yield from use("secret_arn", server.secret_arn, own_variables(server), own_key)
    if isinstance(server, ServerlessEdgeServerConfig):
        return
    for variable, other in server.secrets.items():
        fields = {variable: other.field}
        yield from use(f"secrets.{variable}", other.secret_arn, fields, other.kms_key_arn)
    if isinstance(server, CoordinatorConfig):
        yield from use(
            "registry_credentials_secret_arn",
            server.registry_credentials_secret_arn,
            by_variable(REGISTRY_FIELDS),
            server.registry_credentials_kms_key_arn,
        )
    yield from use(
        "update_secret_arn",
        server.update_secret_arn,
        {UPDATE_SECRET: None},
        server.update_secret_kms_key_arn,
    )


def _shared(config: DatafiEdgeConfig) -> Iterator[SecretUse]:
    if config.jwt_jwks_secret_arn:
        yield SecretUse(
            "jwt_jwks_secret_arn",
            config.jwt_jwks_secret_arn,
            {JWT_JWKS: JWT_JWKS},
            kms_key_arn=config.jwt_jwks_secret_kms_key_arn,
        )
    if config.update_api.secret_arn:
        yield SecretUse(
            "update_api.secret_arn",
            config.update_api.secret_arn,
            {UPDATE_SECRET: None},
            kms_key_arn=config.update_api.secret_kms_key_arn,
        )
    if config.pull_through_cache:
        for key in ("docker_hub_secret_arn", "datafi_registry_secret_arn"):
            arn = getattr(config.pull_through_cache, key)
            if arn:
                yield SecretUse(f"pull_through_cache.{key}", arn, by_variable(_CACHE_FIELDS))
