"""What the values of a configuration must mean together, beyond what may stand at each key.

The rules look at the data as it was given, so that they find their faults even where the
structure has faults of its own: a value of the wrong type counts as not given here.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel

from . import validation
from .config_data import Data, edge_servers, given, section, typed
from .config_fields import key_faults
from .config_network_rules import dns_faults, load_balancer_faults, vpc_faults, way_out
from .config_sections import REGION
from .errors import Fault
from .validation import (
    DEFAULT_COORDINATOR_NAME,
    DEFAULT_CPU,
    DEFAULT_MEMORY_MIB,
    FARGATE_MEMORY_MIB,
    located,
    shown,
)


def rule_faults(data: Data, model: type[BaseModel]) -> list[Fault]:
    """Every rule that the data of a configuration breaks.

    Args:
        data: The keys of the file, of any shape.
        model: The model of the file.
    """
    region = typed(section(data, "aws"), "region", str)
    if region is not None and REGION.faults("region", region, None):
        region = None
    return [
        *key_faults(model, data, region),
        *dns_faults(data),
        *load_balancer_faults(data),
        *vpc_faults(data),
        *_key_without_secret_faults(data, "jwt_jwks_secret_kms_key_arn", "jwt_jwks_secret_arn"),
        *_pull_through_cache_faults(data),
        *_edge_servers_faults(data),
        *located("coordinator.", _coordinator_faults(data)),
        *_duplicate_name_faults(data),
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
                *_edge_server_faults(server, data),
                *_service_faults(server),
                *_way_out_faults(server, data),
                *_key_without_secret_faults(server, "secret_kms_key_arn", "secret_arn"),
                *_key_without_secret_faults(
                    server, "update_secret_kms_key_arn", "update_secret_arn"
                ),
            ],
        )
    for place, server in edge_servers(data, "serverless"):
        faults += located(place, _edge_server_faults(server, data))
    return faults


def _way_out_faults(server: Data, data: Data) -> list[Fault]:
    if way_out(data) or server.get("egress_provided") is True:
        return []
    if given(server, "ecr_repository_arn") or server.get("assign_public_ip") is True:
        return []
    allowed = "given where the subnets have no way out, by which an image could be pulled"
    remedy = "name the ECR repository that holds the image, or say egress_provided: true"
    return [Fault("ecr_repository_arn", allowed, "nothing", remedy)]


def _coordinator_faults(data: Data) -> list[Fault]:
    if not given(data, "coordinator"):
        return []
    coordinator = section(data, "coordinator")
    faults = [*_server_faults(coordinator, data), *_service_faults(coordinator)]
    from_ecr = given(coordinator, "ecr_repository_arn") or given(
        section(data, "pull_through_cache"), "datafi_registry_secret_arn"
    )
    if not from_ecr and not given(coordinator, "registry_credentials_secret_arn"):
        allowed = "given if the image comes from its own registry, which is private"
        remedy = "name a secret with username and password"
        faults.append(Fault("registry_credentials_secret_arn", allowed, "nothing", remedy))
    if not way_out(data) and coordinator.get("egress_provided") is not True:
        allowed = "true where the subnets have no NAT gateway"
        remedy = (
            "provide a way out to the Redis, the token issuer and the global coordinator, "
            "and say so"
        )
        faults.append(Fault("egress_provided", allowed, "false", remedy))
    return [
        *faults,
        *_key_without_secret_faults(
            coordinator, "registry_credentials_kms_key_arn", "registry_credentials_secret_arn"
        ),
    ]


def _service_faults(service: Data) -> list[Fault]:
    """What holds for everything on Fargate."""
    cpu = service.get("cpu", DEFAULT_CPU)
    return [
        *validation.fargate_faults(
            cpu if isinstance(cpu, int) and cpu in FARGATE_MEMORY_MIB else None,
            typed(service, "memory_mib", int) if "memory_mib" in service else DEFAULT_MEMORY_MIB,
            "memory_mib",
        ),
        *_scaling_faults(service),
        *validation.port_pair_faults(
            typed(service, "http_port", int), typed(service, "grpc_port", int) or 50051
        ),
        *validation.percent_pair_faults(
            typed(service, "min_healthy_percent", int) if "min_healthy_percent" in service else 100,
            typed(service, "max_healthy_percent", int) if "max_healthy_percent" in service else 200,
        ),
    ]


def _scaling_faults(service: Data) -> list[Fault]:
    if not given(service, "auto_scaling"):
        return []
    scaling = section(service, "auto_scaling")
    targets = ("cpu_percent", "memory_percent", "requests_per_target")
    faults = located(
        "auto_scaling.",
        validation.scaling_pair_faults(
            typed(scaling, "min", int),
            typed(scaling, "max", int),
            {key: scaling.get(key) for key in targets},
        ),
    )
    if given(service, "desired_count"):
        allowed = "left out if auto_scaling is given, which sets the number"
        faults.append(Fault("desired_count", allowed, "both", "remove one of the two"))
    return faults


def _server_faults(server: Data, data: Data) -> list[Fault]:
    """What holds for every server, on Fargate or on Lambda."""
    name = typed(server, "name", str)
    root_domain = typed(section(data, "dns"), "root_domain", str)
    environment = {
        variable: value
        for variable, value in section(server, "environment").items()
        if isinstance(variable, str) and isinstance(value, str)
    }
    variables = server.get("secret_variables") or {}
    faults = [
        *validation.host_faults(f"{name}.{root_domain}" if name and root_domain else None),
        *validation.environment_faults(environment),
        *validation.secret_variable_faults(
            validation.by_variable(variables) if _are_variables(variables) else None,
            environment,
            has_secret=given(server, "secret_arn"),
        ),
    ]
    if given(server, "image_tag") and given(server, "image_digest"):
        allowed = "left out if image_tag is given"
        faults.append(Fault("image_digest", allowed, "both", "remove one of the two"))
    return faults


def _edge_server_faults(server: Data, data: Data) -> list[Fault]:
    """What holds for an edge server on Fargate as for one on Lambda."""
    faults = _server_faults(server, data)
    has_unknown_key = given(server, "image_digest") and given(server, "secret_arn")
    if has_unknown_key and not given(server, "secret_variables"):
        allowed = "given with image_digest, which does not tell which key the image reads"
        faults.append(Fault("secret_variables", allowed, "nothing", "name the fields"))
    return faults


def _key_without_secret_faults(data: Data, key: str, secret: str) -> list[Fault]:
    if not given(data, key) or given(data, secret):
        return []
    allowed = "left out where there is no secret"
    return [Fault(key, allowed, "a key", f"name {secret} as well")]


def _are_variables(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(isinstance(field, str) for field in (*value, *value.values()))
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


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
