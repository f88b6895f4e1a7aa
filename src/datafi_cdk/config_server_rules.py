"""What the values of one server must mean together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from . import validation
from .config_data import Data, given, section, strings, typed
from .config_network_rules import subnet_ids_faults
from .errors import Fault
from .validation import DEFAULT_CPU, DEFAULT_MEMORY_MIB, FARGATE_MEMORY_MIB, located

_DEFAULT_INTERVAL, _DEFAULT_TIMEOUT = 30, 5


def service_faults(
    service: Data, data: Data, default_variables: Sequence[str], default_port: int
) -> list[Fault]:
    """What holds for everything on Fargate.

    Args:
        service: The section of the server.
        data: The whole configuration.
        default_variables: What it reads from its secret unless told otherwise.
        default_port: Its HTTP port unless told otherwise.
    """
    cpu = service.get("cpu", DEFAULT_CPU)
    return [
        *_version_faults(service),
        *validation.fargate_faults(
            cpu if isinstance(cpu, int) and cpu in FARGATE_MEMORY_MIB else None,
            typed(service, "memory_mib", int) if "memory_mib" in service else DEFAULT_MEMORY_MIB,
            "memory_mib",
        ),
        *_scaling_faults(service),
        *_capacity_faults(service),
        *_network_faults(service, data),
        *_other_secret_faults(service, default_variables),
        *_health_check_faults(service),
        *validation.port_pair_faults(
            typed(service, "http_port", int) or default_port,
            typed(service, "grpc_port", int) or 50051,
        ),
        *validation.percent_pair_faults(
            typed(service, "min_healthy_percent", int) if "min_healthy_percent" in service else 100,
            typed(service, "max_healthy_percent", int) if "max_healthy_percent" in service else 200,
            _lowest_count(service),
        ),
    ]


def _version_faults(service: Data) -> list[Fault]:
    """Where the version is decided, in one place."""
    key = "image_version_parameter"
    if not given(service, key):
        return []
    allowed = "left out with image_version_parameter, which holds the version"
    others = [other for other in ("image_tag", "image_digest") if given(service, other)]
    if service.get("image_version_fixed") is True:
        others.append("image_version_fixed")
    return [Fault(other, allowed, "both", "remove one of the two") for other in others]


def _lowest_count(service: Data) -> int | None:
    """How many tasks run at least, if the file says it."""
    if given(service, "auto_scaling"):
        return typed(section(service, "auto_scaling"), "min", int)
    return typed(service, "desired_count", int) if given(service, "desired_count") else 1


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


def server_faults(server: Data, data: Data) -> list[Fault]:
    """What holds for every server, on Fargate or on Lambda.

    Args:
        server: The section of the server.
        data: The whole configuration.
    """
    name = typed(server, "name", str)
    root_domain = typed(section(data, "dns"), "root_domain", str)
    environment = _plain(server)
    variables = server.get("secret_variables") or {}
    faults = [
        *subnet_ids_faults(server, data),
        *validation.host_faults(f"{name}.{root_domain}" if name and root_domain else None),
        *validation.environment_faults(environment),
        *validation.secret_variable_faults(
            validation.by_variable(variables) if _are_variables(variables) else None,
            environment,
            has_secret=given(server, "secret_arn"),
        ),
    ]
    if given(server, "secret_arn") and server.get("secret_variables") in ([], {}):
        faults.append(validation.no_variables_fault())
    if given(server, "image_tag") and given(server, "image_digest"):
        allowed = "left out if image_tag is given"
        faults.append(Fault("image_digest", allowed, "both", "remove one of the two"))
    if given(server, "log_group_name") and given(server, "log_retention_days"):
        allowed = "left out with log_group_name, which has its own"
        faults.append(Fault("log_retention_days", allowed, "days", "remove one of the two"))
    return faults


def edge_server_faults(server: Data, data: Data) -> list[Fault]:
    """What holds for an edge server on Fargate as for one on Lambda.

    Args:
        server: The section of the server.
        data: The whole configuration.
    """
    faults = server_faults(server, data)
    for key, what in (("storage_bucket_name", "a bucket"), ("storage_kms_key_arn", "a key")):
        if given(server, key) and server.get("storage") is not True:
            allowed = "left out without storage: true"
            faults.append(Fault(key, allowed, what, "remove it, or say storage: true"))
    if given(server, "secret_arn") and not given(server, "secret_variables"):
        for key in ("image_digest", "image_version_parameter"):
            if given(server, key):
                allowed = f"given with {key}, which does not tell which key the image reads"
                faults.append(Fault("secret_variables", allowed, "nothing", "name the fields"))
    return faults


def key_without_secret_faults(data: Data, key: str, secret: str) -> list[Fault]:
    """A key of a secret that is not there.

    Args:
        data: The section.
        key: Where it names the key.
        secret: Where it names the secret.
    """
    if not given(data, key) or given(data, secret):
        return []
    allowed = "left out where there is no secret"
    return [Fault(key, allowed, "a key", f"name {secret} as well")]


def _plain(server: Data) -> dict[str, str]:
    """The plain variables of a server, as far as they are strings."""
    return {
        variable: value
        for variable, value in section(server, "environment").items()
        if isinstance(variable, str) and isinstance(value, str)
    }


def _are_variables(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(isinstance(field, str) for field in (*value, *value.values()))
    return isinstance(value, list | tuple) and all(isinstance(name, str) for name in value)


def serverless_faults(server: Data, data: Data) -> list[Fault]:
    """What holds for an edge server on Lambda only.

    Args:
        server: The section of the server.
        data: The whole configuration.
    """
    given_variables = server.get("secret_variables") or {}
    variables = validation.by_variable(given_variables) if _are_variables(given_variables) else {}
    faults = [
        *validation.lambda_variable_faults("environment", section(server, "environment")),
        *validation.lambda_variable_faults("secret_variables", variables),
        *validation.lambda_environment_faults(_plain(server), variables),
    ]
    if server.get("in_vpc") is not True:
        return faults + [
            Fault(key, "left out without in_vpc: true", "a list", "remove it, or say in_vpc: true")
            for key in ("security_group_ids", "subnet_ids")
            if server.get(key)
        ]
    return faults + _public_subnet_faults(server, data, "another one", "choose private ones")


def _network_faults(service: Data, data: Data) -> list[Fault]:
    """Public addresses, and where there are none."""
    if service.get("assign_public_ip") is not True:
        remedy = "choose private ones, or say assign_public_ip: true"
        return _public_subnet_faults(service, data, "private without assign_public_ip", remedy)
    if data.get("private") is True:
        allowed = "false with private: true, which has no public address"
        return [Fault("assign_public_ip", allowed, "true", "remove one of the two")]
    vpc = section(data, "vpc")
    has_public = vpc.get("public_subnet_ids") or service.get("subnet_ids")
    if vpc.get("availability_zones") and not has_public:
        allowed = "false where vpc names no public_subnet_ids"
        return [Fault("assign_public_ip", allowed, "true", "name them, or remove it")]
    return []


def _public_subnet_faults(server: Data, data: Data, allowed: str, remedy: str) -> list[Fault]:
    vpc = section(data, "vpc")
    public = set(strings(vpc, "public_subnet_ids")) - set(strings(vpc, "private_subnet_ids"))
    return [
        Fault("subnet_ids", allowed, f"{subnet}, a public one", remedy)
        for subnet in strings(server, "subnet_ids")
        if subnet in public
    ]


def _capacity_faults(service: Data) -> list[Fault]:
    """Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html."""
    key = "capacity_provider_strategies"
    parts = service.get(key)
    parts = [part for part in parts if isinstance(part, Mapping)] if isinstance(parts, list) else []
    faults = validation.duplicate_faults(
        key, [part["capacity_provider"] for part in parts if given(part, "capacity_provider")]
    )
    if parts and all(part.get("weight") == 0 for part in parts):
        allowed = "more than 0 for at least one, or no task is started"
        faults.append(Fault(f"{key}[0].weight", allowed, "0", "write 1"))
    with_base = [index for index, part in enumerate(parts) if part.get("base")]
    if len(with_base) > 1:
        place = f"{key}[{with_base[1]}].base"
        faults.append(Fault(place, "given for one part only", "another one", "leave it out"))
    return faults


def _other_secret_faults(service: Data, default_variables: Sequence[str]) -> list[Fault]:
    """Variables that are filled from other secrets, each from one, and nowhere else."""
    variables = service.get("secret_variables") or default_variables
    others = {
        "environment": section(service, "environment"),
        "secret_variables": validation.by_variable(variables) if _are_variables(variables) else (),
    }
    faults = []
    for variable, secret in section(service, "secrets").items():
        if not validation.is_variable(variable):
            faults.append(validation.variable_fault("secrets"))
            continue
        place = f"secrets.{variable}"
        faults += [
            Fault(place, "given once", "both", f"remove it from {other}")
            for other, names in others.items()
            if variable in names
        ]
        if isinstance(secret, Mapping):
            faults += located(place, _source_faults(secret))
    return faults


def _source_faults(secret: Data) -> list[Fault]:
    count = given(secret, "secret_arn") + given(secret, "parameter_arn")
    if count != 1:
        what = "both" if count else "neither"
        return [Fault("", "a mapping with secret_arn or parameter_arn", what, "name one of them")]
    if given(secret, "parameter_arn") and given(secret, "field"):
        return [Fault(".field", "left out with parameter_arn", "a field", "remove it")]
    return []


def _health_check_faults(service: Data) -> list[Fault]:
    faults = []
    for kind in ("http", "grpc"):
        check = section(service, f"{kind}_health_check")
        found = validation.health_check_path_faults(typed(check, "path", str))
        found += validation.health_check_code_faults(
            "codes", typed(check, "codes", str), is_grpc=kind == "grpc"
        )
        interval = typed(check, "interval_seconds", int) or _DEFAULT_INTERVAL
        timeout = typed(check, "timeout_seconds", int) or _DEFAULT_TIMEOUT
        if timeout >= interval:
            key = "timeout_seconds" if given(check, "timeout_seconds") else "interval_seconds"
            bound = f"less than interval_seconds ({interval})"
            allowed = (
                bound if key == "timeout_seconds" else f"more than timeout_seconds ({timeout})"
            )
            remedy = "shorten the timeout, or lengthen the interval"
            found.append(Fault(key, allowed, str(check.get(key)), remedy))
        faults += located(f"{kind}_health_check.", found)
    return faults
