"""What may stand at each key of a `datafi.yaml`, told by the model of its section.

A strategy follows from the type of a field and the rule in its annotation. A field that has neither
a type nor a rule to tell it, as a new one may, is refused: give it examples here.
"""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Mapping
from typing import Any

from datafi_cdk.config_fields import UNKNOWN, Arn, KeyRule, Number, OneOf, model_in
from hypothesis import strategies as st
from pydantic import BaseModel
from pydantic.fields import FieldInfo

ACCOUNT = "111111111111"
REGION = "us-east-1"
CANARY = "c4n4ry/Secret+Value=="
"""What stands for a secret's value, and must be seen nowhere."""

_BALANCER = "app/shared/0123456789abcdef"


def arn(service: str, resource: str, region: str = REGION) -> str:
    """An ARN in the account of the deployment."""
    return f"arn:aws:{service}:{region}:{ACCOUNT}:{resource}"


SECRETS = [arn("secretsmanager", f"secret:{name}-AbCdEf") for name in ("es", "co", "acr", "jwks")]
CACHED = [
    arn("secretsmanager", f"secret:ecr-pullthroughcache/{n}-AbCdEf") for n in ("hub", "azure")
]
VARIABLES = [["KEY"], ["EDGE_KEY"], {"KEY": "key"}, {"KEY": "a", "EDGE_KEY": "b"}, {"OTHER": "x"}]

EXAMPLES: Mapping[str, list[Any]] = {
    "access_logs_bucket_name": ["acme-logs"],
    "account": [ACCOUNT],
    "alarm_topic_arn": [arn("sns", "alarms")],
    "allowed_cidrs": ["203.0.113.0/24", "10.0.0.0/8", "2001:db8::/32"],
    "allowed_prefix_list_ids": ["pl-1a2b3c4d"],
    "allowed_security_group_ids": ["sg-7a8b9c0d"],
    "allowed_tags": ["v*", "latest", "?.?"],
    "arn": [arn("servicediscovery", "namespace/ns-1a2b3c")],
    "availability_zones": [f"{REGION}a", f"{REGION}b"],
    "bedrock_models": ["anthropic.claude-v2", arn("bedrock", "inference-profile/us.model")],
    "caller_role_arns": [arn("iam", "role/caller", ""), arn("iam", "role/pipeline", "")],
    "canonical_hosted_zone_id": ["Z35SXDOTRQ7X7K"],
    "certificate_arn": [arn("acm", "certificate/1a2b3c4d-0000-4000-8000-000000000000")],
    "cidr": ["10.1.0.0/16", "10.2.0.0/20", "172.16.0.0/24"],
    "cluster_name": ["acme"],
    "codes": ["200", "200-299", "12", "0-99"],
    "delegation_role_arn": [arn("iam", "role/delegation", "")],
    "deployment_alarm_names": ["unhealthy", "Too many errors"],
    "deployment_name": ["acme", "datafi-edge"],
    "dns_name": ["shared.elb.example.com"],
    "docker_hub_secret_arn": CACHED[:1],
    "datafi_registry_secret_arn": CACHED[1:],
    "ecr_repository_arn": [arn("ecr", "repository/es"), arn("ecr", "repository/acme/datafi")],
    "end": ["2027-01-03T00:00:00Z", "2027-01-04T06:00:00+01:00"],
    "environment": [{"CACHE_LIFE": "1800"}, {"LOG_LEVEL": "DEBUG", "OTHER": ""}],
    "execution_role_arn": [arn("iam", "role/execution", "")],
    "field": ["token", "a.b-c"],
    "grpc_listener_arn": [arn("elasticloadbalancing", f"listener/{_BALANCER}/2222222222222222")],
    "hosted_zone_id": ["Z1D633PJN98FT9"],
    "https_listener_arn": [arn("elasticloadbalancing", f"listener/{_BALANCER}/1111111111111111")],
    "id": ["ns-1a2b3c"],
    "image_digest": [f"sha256:{'0' * 64}"],
    "image_tag": ["latest", "next", "v1.2.3"],
    "image_version_parameter": ["/acme/es"],
    "interface_endpoints": ["kms", "ssm", "ssmmessages", "bedrock-runtime"],
    "isolated_subnet_ids": ["subnet-55555555", "subnet-66666666"],
    "load_balancer_arn": [arn("elasticloadbalancing", f"loadbalancer/{_BALANCER}")],
    "log_group_name": ["/acme/datafi"],
    "memory_mib": [2048, 1024, 4096, 512, 8192, 30720],
    "name": ["es", "es-2", "co", "a", "analytics", "e" * 63],
    "namespace_name": ["internal.example.com"],
    "parameter_arn": [arn("ssm", "parameter/acme/es")],
    "path": ["/", "/health", "/AWS.ALB/healthcheck", "/coordinator.Coordinator/Ping"],
    "private_subnet_ids": ["subnet-33333333", "subnet-44444444"],
    "public_subnet_ids": ["subnet-11111111", "subnet-22222222"],
    "region": [REGION],
    "registry": ["datafi.azurecr.io", "registry.example.com:5000"],
    "registry_credentials_secret_arn": [SECRETS[2]],
    "repository_prefix": ["acme/datafi", "acme"],
    "role_arn": [arn("iam", "role/lambda", "")],
    "root_domain": ["edge.example.com", "datafi.example.org"],
    "rotation_function_arn": [arn("lambda", "function:rotate")],
    "secret_variables": VARIABLES,
    "secrets": [{"OTHER": {"secret_arn": SECRETS[3]}}],
    "security_group_ids": ["sg-1a2b3c4d", "sg-4d5e6f7a"],
    "start": ["2026-12-20T00:00:00+01:00", "2026-12-24T18:00:00Z"],
    "start_of_window": ["22:00", "00:00", "09:30"],
    "storage_bucket_name": ["acme-results"],
    "subnet_ids": ["subnet-33333333", "subnet-44444444"],
    "task_role_arn": [arn("iam", "role/task", "")],
    "validation_zone_id": ["Z2FDTNDATAQYW2"],
    "vpc_id": ["vpc-1a2b3c4d"],
    "web_acl_arn": [arn("wafv2", "regional/webacl/acme/1a2b3c4d")],
}
"""By the name of a field, what it means together with the other examples."""

_IDS = tuple(
    name
    for name in EXAMPLES
    if name.endswith(("subnet_ids", "group_ids", "list_ids", "vpc_id", "function_arn"))
)
"""Ids that AWS gives: a file may have any of their form, templates only such as are given."""

_SPECIAL = {
    ("UpdateWindowConfig", "start"): EXAMPLES["start_of_window"],
    ("NamespaceConfig", "name"): EXAMPLES["namespace_name"],
}
_BY_RULE: Mapping[tuple[str, str], list[str]] = {
    ("secretsmanager", "secret:"): SECRETS,
    ("kms", "key/"): [arn("kms", "key/1a2b3c4d-0000-4000-8000-000000000000")],
}


def rule_of(field: FieldInfo) -> KeyRule | None:
    """The rule for one value of a field that can tell what may stand there."""
    rules = (rule for rule in field.metadata if isinstance(rule, KeyRule))
    return next((rule for rule in rules if hasattr(rule, "form") or _tells(rule)), None)


def _tells(rule: KeyRule) -> bool:
    return isinstance(rule, Number | OneOf)


def _bare(annotation: Any) -> Any:
    """An annotation without `None`."""
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        (annotation,) = (each for each in typing.get_args(annotation) if each is not type(None))
    return annotation


@functools.cache
def values(model: type[BaseModel], name: str) -> st.SearchStrategy[Any]:
    """What may stand at a key, mostly what goes with the rest, and sometimes anything of its form.

    Raises:
        AssertionError: The field tells neither by its type nor by a rule what may stand there.
    """
    field = model.model_fields[name]
    annotation = _bare(field.annotation)
    inside = model_in(annotation)
    origin = typing.get_origin(annotation)
    if origin is dict and inside is not None:
        return st.dictionaries(st.sampled_from(["OTHER", "TOKEN"]), section(inside), max_size=2)
    if origin is list and inside is not None:
        return st.lists(section(inside), min_size=1, max_size=2)
    if inside is not None:
        return section(inside)
    examples = _examples(model, name, field)
    rule = rule_of(field)
    one: st.SearchStrategy[Any] | None = st.sampled_from(examples) if examples else None
    if annotation is bool:
        one = st.booleans()
    elif isinstance(rule, OneOf):
        one = st.sampled_from(rule.values)
    elif isinstance(rule, Number):
        near = st.integers(rule.lowest, min(rule.lowest + 20, rule.highest))
        one = near | st.sampled_from([rule.lowest, rule.highest])
    elif _has_any_form(name, examples) and rule is not None and hasattr(rule, "form"):
        assert one is not None
        any_of_its_form = st.from_regex(rule.form, fullmatch=True).filter(
            lambda value: not rule.faults(name, value, UNKNOWN)
        )
        one = st.one_of(one, one, one, any_of_its_form)
    where = f"{model.__name__}.{name}"
    assert one is not None, f"{where}: add what may stand there to EXAMPLES"
    if origin is list:
        return st.lists(one, min_size=1, max_size=2, unique=True)
    return one


def _has_any_form(name: str, examples: list[Any] | None) -> bool:
    """Whether templates take all of a form; of ARNs and ids they take only such as AWS makes."""
    are_arns = name == "bedrock_models" or any("arn:" in str(each) for each in examples or ())
    return bool(examples) and name not in _IDS and not are_arns


def _examples(model: type[BaseModel], name: str, field: FieldInfo) -> list[Any] | None:
    special = _SPECIAL.get((model.__name__, name))
    if special:
        return special
    if name in EXAMPLES:
        return EXAMPLES[name]
    rule = rule_of(field)
    if isinstance(rule, Arn):
        for (service, start), examples in _BY_RULE.items():
            if rule.service == service and rule.resource.startswith(start):
                return examples
    return None


@functools.cache
def section(model: type[BaseModel], most: int = 3) -> st.SearchStrategy[dict[str, Any]]:
    """A section: what it must have, and a few of the other keys."""
    required = [name for name, field in model.model_fields.items() if field.is_required()]
    optional = [name for name in model.model_fields if name not in required]
    if not optional:
        return st.fixed_dictionaries({name: values(model, name) for name in required})
    chosen = st.lists(st.sampled_from(optional), max_size=most, unique=True)
    return chosen.flatmap(
        lambda names: st.fixed_dictionaries(
            {name: values(model, name) for name in (*required, *names)}
        )
    )
