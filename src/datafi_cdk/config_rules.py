"""What the values of a configuration must mean together, beyond their types.

The rules look at the data as it was given, so that they find their faults even where the
structure has faults of its own: a value of the wrong type counts as not given here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from . import validation
from .errors import Fault
from .validation import (
    DEFAULT_COORDINATOR_NAME,
    DEFAULT_CPU,
    DEFAULT_MEMORY_MIB,
    located,
    shown,
)

_Value = TypeVar("_Value", str, int)
_Data = Mapping[str, Any]

_ARN = r"arn:aws[a-z-]*:{service}:(?P<region>[a-z0-9-]+):[0-9]{{12}}:{resource}"
_ANY_ARN = re.compile(r"arn:aws[a-z-]*:[a-z]+:")
_SECRET_ARN = re.compile(
    _ARN.format(service="secretsmanager", resource=r"secret:[A-Za-z0-9/_+=.@-]+-[A-Za-z0-9]{6}")
)
_KEY_ARN = re.compile(_ARN.format(service="kms", resource="key/[A-Za-z0-9-]+"))
_CERTIFICATE_ARN = re.compile(_ARN.format(service="acm", resource="certificate/[A-Za-z0-9-]+"))
_ACCOUNT = re.compile(r"[0-9]{12}")
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-[0-9]+")
_VPC_ID = re.compile(r"vpc-[0-9a-f]+")
_HOSTED_ZONE_ID = re.compile(r"Z[A-Z0-9]{1,31}")


def rule_faults(data: _Data) -> list[Fault]:
    """Every rule that the data of a configuration breaks.

    Args:
        data: The keys of the file, of any shape.
    """
    aws, dns, vpc = (_section(data, key) for key in ("aws", "dns", "vpc"))
    region = _typed(aws, "region", str)
    if region is not None and not _REGION.fullmatch(region):
        region = None
    return [
        *validation.label_faults(_typed(data, "deployment_name", str), "deployment_name", "acme"),
        *located("aws.", _aws_faults(aws)),
        *located("load_balancer.", _load_balancer_faults(_section(data, "load_balancer"))),
        *located("dns.", _dns_faults(dns, region)),
        *located("vpc.", _vpc_faults(vpc, has_aws=data.get("aws") is not None)),
        *_edge_server_faults(data, region),
        *located("coordinator.", _coordinator_faults(data, region)),
        *_duplicate_name_faults(data),
    ]


def _section(data: _Data, key: str) -> _Data:
    value = data.get(key)
    return value if isinstance(value, Mapping) else {}


def _typed(data: _Data, key: str, kind: type[_Value]) -> _Value | None:
    value = data.get(key)
    return value if isinstance(value, kind) and not isinstance(value, bool) else None


def _long_running(data: _Data) -> Iterator[tuple[str, _Data]]:
    servers = _section(data, "edge_servers").get("long_running")
    for index, server in enumerate(servers if isinstance(servers, list) else ()):
        if isinstance(server, Mapping):
            yield f"edge_servers.long_running[{index}].", server


def _form_faults(
    data: _Data, key: str, form: re.Pattern[str], allowed: str, remedy: str
) -> list[Fault]:
    value = _typed(data, key, str)
    if value is None or form.fullmatch(value):
        return []
    return [Fault(key, allowed, shown(value), remedy)]


def _aws_faults(aws: _Data) -> list[Fault]:
    return [
        *_form_faults(aws, "account", _ACCOUNT, "12 digits", "write the whole account number"),
        *_form_faults(aws, "region", _REGION, "an AWS region", "write it as 'us-east-1'"),
    ]


def _load_balancer_faults(load_balancer: _Data) -> list[Fault]:
    seconds = _typed(load_balancer, "idle_timeout_seconds", int)
    return validation.idle_timeout_faults("idle_timeout_seconds", seconds)


def _dns_faults(dns: _Data, region: str | None) -> list[Fault]:
    faults = [
        *validation.root_domain_faults(_typed(dns, "root_domain", str)),
        *_form_faults(
            dns,
            "hosted_zone_id",
            _HOSTED_ZONE_ID,
            "the id of a hosted zone",
            "copy it from Route 53, where it starts with Z",
        ),
        *_arn_faults(
            dns, "certificate_arn", _CERTIFICATE_ARN, "the ARN of an ACM certificate", region
        ),
    ]
    if dns.get("certificate_arn") is None:
        faults += validation.certificate_domain_faults(_typed(dns, "root_domain", str))
    if dns.get("enable_hosted_zone") is False:
        if dns.get("certificate_arn") is None:
            allowed = "given if enable_hosted_zone is false"
            remedy = "name an issued certificate, as no zone is there to validate a new one"
            faults.append(Fault("certificate_arn", allowed, "nothing", remedy))
        if dns.get("hosted_zone_id") is not None:
            allowed = "left out if enable_hosted_zone is false"
            faults.append(Fault("hosted_zone_id", allowed, "a zone", "remove one of the two"))
    return faults


def _vpc_faults(vpc: _Data, *, has_aws: bool) -> list[Fault]:
    faults = _form_faults(
        vpc, "vpc_id", _VPC_ID, "the id of a VPC", "copy it from the VPC, where it starts with vpc-"
    )
    if vpc.get("vpc_id") is not None and not has_aws:
        allowed = "given together with aws.account and aws.region, in which it is looked up"
        faults.append(Fault("vpc_id", allowed, "neither of them", "add the section aws"))
    return faults


def _edge_server_faults(data: _Data, region: str | None) -> list[Fault]:
    faults = []
    edge_servers = _section(data, "edge_servers")
    if edge_servers.get("long_running") == []:
        allowed = "a list of at least one server"
        remedy = "add a server"
        faults.append(Fault("edge_servers.long_running", allowed, "an empty list", remedy))
    if edge_servers.get("serverless"):
        allowed = "an empty list, as serverless edge servers are not supported yet"
        remedy = "move its entries to long_running"
        faults.append(Fault("edge_servers.serverless", allowed, "a list with entries", remedy))
    for place, server in _long_running(data):
        faults += located(place, _service_faults(server, data, region))
        if server.get("secret_kms_key_arn") is not None and server.get("secret_arn") is None:
            allowed = "left out where there is no secret"
            remedy = "name secret_arn as well"
            faults.append(Fault(f"{place}secret_kms_key_arn", allowed, "a key", remedy))
        faults += located(place, _secret_arn_faults(server, "update_secret_arn", region))
    return faults


def _coordinator_faults(data: _Data, region: str | None) -> list[Fault]:
    coordinator = _section(data, "coordinator")
    return [
        *_service_faults(coordinator, data, region),
        *validation.registry_faults(_typed(coordinator, "registry", str)),
        *_secret_arn_faults(coordinator, "registry_credentials_secret_arn", region),
    ]


def _service_faults(service: _Data, data: _Data, region: str | None) -> list[Fault]:
    name = _typed(service, "name", str)
    root_domain = _typed(_section(data, "dns"), "root_domain", str)
    environment = {
        variable: value
        for variable, value in _section(service, "environment").items()
        if isinstance(variable, str) and isinstance(value, str)
    }
    variables = service.get("secret_variables") or {}
    return [
        *validation.name_faults(name),
        *validation.host_faults(f"{name}.{root_domain}" if name and root_domain else None),
        *validation.fargate_faults(
            _typed(service, "cpu", int) if "cpu" in service else DEFAULT_CPU,
            _typed(service, "memory_mib", int) if "memory_mib" in service else DEFAULT_MEMORY_MIB,
            "memory_mib",
        ),
        *validation.desired_count_faults(_typed(service, "desired_count", int)),
        *validation.image_tag_faults(_typed(service, "image_tag", str)),
        *validation.environment_faults(environment),
        *validation.secret_variable_faults(
            validation.by_variable(variables) if _are_variables(variables) else None,
            environment,
            has_secret=service.get("secret_arn") is not None,
        ),
        *_secret_arn_faults(service, "secret_arn", region),
        *_arn_faults(
            service, "secret_kms_key_arn", _KEY_ARN, "the ARN of a KMS key, not of an alias", region
        ),
    ]


def _are_variables(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(isinstance(field, str) for field in (*value, *value.values()))
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _secret_arn_faults(data: _Data, key: str, region: str | None) -> list[Fault]:
    allowed = "the complete ARN of a secret, with its six-character suffix"
    return _arn_faults(data, key, _SECRET_ARN, allowed, region)


def _arn_faults(
    data: _Data, key: str, form: re.Pattern[str], allowed: str, region: str | None
) -> list[Fault]:
    arn = _typed(data, key, str)
    if arn is None:
        return []
    match = form.fullmatch(arn)
    if match is None:
        given = shown(arn) if _ANY_ARN.match(arn) else validation.concealed(arn)
        return [Fault(key, allowed, given, "copy it from the AWS console")]
    if region is not None and match["region"] != region:
        remedy = f"name one in {region}, or change aws.region"
        return [Fault(key, f"in aws.region ({region})", shown(arn), remedy)]
    return []


def _duplicate_name_faults(data: _Data) -> list[Fault]:
    faults = []
    owners: dict[str, str] = {}
    coordinator = data.get("coordinator")
    places = list(_long_running(data))
    if isinstance(coordinator, Mapping):
        places.append(("coordinator.", {"name": DEFAULT_COORDINATOR_NAME, **coordinator}))
    for place, service in places:
        name = _typed(service, "name", str)
        if name is None:
            continue
        owner = owners.setdefault(name, place)
        if owner != place:
            given = f"{shown(name)}, which {owner.rstrip('.')} has"
            remedy = "choose another name for one of the two"
            faults.append(Fault(f"{place}name", "the only one of its kind", given, remedy))
    return faults
