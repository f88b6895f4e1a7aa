"""What the values of a configuration must mean together, beyond what may stand at each key.

The rules look at the data as it was given, so that they find their faults even where the
structure has faults of its own: a value of the wrong type counts as not given here.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel

from . import validation
from .config_data import Data, edge_servers, given, section, typed
from .config_fields import UNKNOWN, Home, key_faults
from .config_hardened_rules import hardened_faults
from .config_network_rules import dns_faults, load_balancer_faults, vpc_faults, way_out
from .config_priority_rules import priority_faults, quota_faults
from .config_sections import ACCOUNT, REGION
from .config_server_rules import (
    edge_server_faults,
    key_without_secret_faults,
    server_faults,
    serverless_faults,
    service_faults,
)
from .config_update_rules import update_api_faults
from .errors import Fault
from .validation import (
    DEFAULT_COORDINATOR_NAME,
    DEFAULT_COORDINATOR_VARIABLES,
    JWT_JWKS,
    MOST_DYNAMIC_REFERENCES,
    default_edge_variables,
    located,
    shown,
)

_EDGE_SERVER_PORT, _COORDINATOR_PORT = 80, 8001


def rule_faults(data: Data, model: type[BaseModel]) -> list[Fault]:
    """Every rule that the data of a configuration breaks.

    Args:
        data: The keys of the file, of any shape.
        model: The model of the file.
    """
    account, region = (typed(section(data, "aws"), key, str) for key in ("account", "region"))
    home = Home(
        None if ACCOUNT.faults("", account, UNKNOWN) else account,
        None if REGION.faults("", region, UNKNOWN) else region,
    )
    return [
        *key_faults(model, data, home),
        *dns_faults(data),
        *load_balancer_faults(data),
        *vpc_faults(data),
        *key_without_secret_faults(data, "jwt_jwks_secret_kms_key_arn", "jwt_jwks_secret_arn"),
        *_pull_through_cache_faults(data),
        *_edge_servers_faults(data),
        *located("coordinator.", _coordinator_faults(data)),
        *update_api_faults(data),
        *hardened_faults(data),
        *_duplicate_name_faults(data),
        *_reference_faults(data),
        *priority_faults(data),
        *quota_faults(data),
    ]


def _pull_through_cache_faults(data: Data) -> list[Fault]:
    cache = section(data, "pull_through_cache")
    secrets = ("docker_hub_secret_arn", "datafi_registry_secret_arn")
    if not given(data, "pull_through_cache") or any(given(cache, key) for key in secrets):
        return []
    allowed = f"one with {' or '.join(secrets)}"
    return [Fault("pull_through_cache", allowed, "neither", "name a secret, or remove it")]


def _edge_servers_faults(data: Data) -> list[Fault]:
    faults = []
    kinds = section(data, "edge_servers")
    is_empty = all(kinds.get(kind) in (None, []) for kind in ("long_running", "serverless"))
    if isinstance(data.get("edge_servers"), Mapping) and is_empty:
        allowed = "of at least one server in long_running or serverless"
        faults.append(Fault("edge_servers", allowed, "none", "add a server"))
    for place, server in edge_servers(data, "long_running"):
        faults += located(
            place,
            [
                *edge_server_faults(server, data),
                *service_faults(server, data, _edge_variables(server), _EDGE_SERVER_PORT),
                *_way_out_faults(server, data),
                *key_without_secret_faults(server, "secret_kms_key_arn", "secret_arn"),
            ],
        )
    for place, server in edge_servers(data, "serverless"):
        faults += located(
            place, [*edge_server_faults(server, data), *serverless_faults(server, data)]
        )
    return faults


def _edge_variables(server: Data) -> tuple[str, ...]:
    """What an edge server reads from its secret unless told otherwise."""
    if not given(server, "secret_arn"):
        return ()
    return default_edge_variables(typed(server, "image_tag", str) or "latest")


def _way_out_faults(server: Data, data: Data) -> list[Fault]:
    if way_out(data, server) or given(server, "ecr_repository_arn"):
        return []
    allowed = "given where the subnets have no way out, by which an image could be pulled"
    remedy = "name the ECR repository that holds the image, or say egress_provided: true"
    return [Fault("ecr_repository_arn", allowed, "nothing", remedy)]


def _coordinator_faults(data: Data) -> list[Fault]:
    if not given(data, "coordinator"):
        return []
    coordinator = section(data, "coordinator")
    faults = [
        *server_faults(coordinator, data),
        *service_faults(coordinator, data, DEFAULT_COORDINATOR_VARIABLES, _COORDINATOR_PORT),
    ]
    from_ecr = given(coordinator, "ecr_repository_arn") or given(
        section(data, "pull_through_cache"), "datafi_registry_secret_arn"
    )
    if given(section(data, "pull_through_cache"), "datafi_registry_secret_arn"):
        registry = typed(coordinator, "registry", str)
        faults += validation.cached_registry_faults("registry", registry)
    if from_ecr and given(coordinator, "registry_credentials_secret_arn"):
        allowed = "left out if the image comes from ECR"
        remedy = "remove it, or what makes the image come from there"
        faults.append(Fault("registry_credentials_secret_arn", allowed, "a secret", remedy))
    if not from_ecr and not given(coordinator, "registry_credentials_secret_arn"):
        allowed = "given if the image comes from its own registry, which is private"
        remedy = "name a secret with username and password"
        faults.append(Fault("registry_credentials_secret_arn", allowed, "nothing", remedy))
    if not way_out(data, coordinator):
        allowed = "true where the subnets have no NAT gateway"
        remedy = (
            "provide a way out to the Redis, the token issuer and the global coordinator, "
            "and say so"
        )
        faults.append(Fault("egress_provided", allowed, "false", remedy))
    return [
        *faults,
        *key_without_secret_faults(
            coordinator, "registry_credentials_kms_key_arn", "registry_credentials_secret_arn"
        ),
    ]


def _reference_faults(data: Data) -> list[Fault]:
    """The variables of functions that are filled from secrets, each by a dynamic reference."""
    count = 0
    for _, server in edge_servers(data, "serverless"):
        variables = server.get("secret_variables") or ["KEY"]
        is_list = isinstance(variables, list | Mapping) and given(server, "secret_arn")
        own = variables if is_list else []
        count += len(own) + (given(data, "jwt_jwks_secret_arn") and JWT_JWKS not in own)
    if count <= MOST_DYNAMIC_REFERENCES:
        return []
    allowed = f"of at most {MOST_DYNAMIC_REFERENCES} variables filled from secrets in one stack"
    remedy = "deploy some servers in another stack"
    return [Fault("edge_servers.serverless", allowed, str(count), remedy)]


def _duplicate_name_faults(data: Data) -> list[Fault]:
    faults = []
    owners: dict[str, str] = {}
    coordinator = data.get("coordinator")
    places = [*edge_servers(data, "long_running"), *edge_servers(data, "serverless")]
    if isinstance(coordinator, Mapping):
        places.append(("coordinator.", {"name": DEFAULT_COORDINATOR_NAME, **coordinator}))
    for place, server in places:
        name = typed(server, "name", str)
        if name is None:
            continue
        owner = owners.setdefault(name, place)
        if owner != place:
            taken = f"{shown(name)}, which {owner.rstrip('.')} has"
            remedy = "choose another name for one of the two"
            faults.append(Fault(f"{place}name", "the only one of its kind", taken, remedy))
    return faults
