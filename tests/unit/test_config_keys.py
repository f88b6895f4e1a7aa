"""Every key of a `datafi.yaml` has an effect on the template."""

import copy
import functools
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from datafi_cdk import DatafiEdgeConfig
from datafi_cdk.config_fields import model_in
from deployment import (
    ACCOUNT,
    CERTIFICATE_ARN,
    KEY_ARN,
    REGION,
    ROOT_DOMAIN,
    edge_stack,
    minimal,
    secret_arn,
)
from pydantic import BaseModel

BALANCER = (
    f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/shared/0123456789abcdef"
)
LISTENER = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:listener/app/shared/0123456789abcdef"
REPOSITORY = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository"
ROLE = f"arn:aws:iam::{ACCOUNT}:role"
DIGEST = f"sha256:{'0' * 64}"
PARAMETER = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/acme/es"
FUNCTION_ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:rotate"
WEB_ACL = f"arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/webacl/acme/1a2b3c4d"
CACHE_SECRET = secret_arn("ecr-pullthroughcache/hub")
NAMESPACE = {
    "id": "ns-1a2b3c",
    "arn": f"arn:aws:servicediscovery:{REGION}:{ACCOUNT}:namespace/ns-1a2b3c",
    "name": "internal.example.com",
}
EXISTING = {
    "https_listener_arn": f"{LISTENER}/1111111111111111",
    "grpc_listener_arn": f"{LISTENER}/2222222222222222",
    "security_group_ids": ["sg-001a2b3c"],
    "load_balancer_arn": BALANCER,
    "dns_name": "shared.elb.example.com",
    "canonical_hosted_zone_id": "Z35SXDOTRQ7X7K",
}
VPC = {
    "vpc_id": "vpc-00000123",
    "availability_zones": ["us-east-1a", "us-east-1b"],
    "public_subnet_ids": ["subnet-00000001", "subnet-00000002"],
    "private_subnet_ids": ["subnet-00000003", "subnet-00000004"],
    "cidr": "10.1.0.0/16",
}
HEALTH_CHECK: dict[str, Any] = {
    "path": "/other",
    "codes": "1-9",
    "port": 8081,
    "interval_seconds": 60,
    "timeout_seconds": 20,
    "healthy_threshold_count": 4,
    "unhealthy_threshold_count": 4,
}
SERVER: dict[str, Any] = {
    "image_tag": "v2",
    "image_digest": DIGEST,
    "cpu_architecture": "ARM64",
    "environment": {"CACHE_LIFE": "1800"},
    "security_group_ids": ["sg-004d5e6f"],
    "subnet_ids": ["subnet-00000003"],
    "log_group_name": "/acme/datafi",
    "log_retention_days": 7,
    "http_rule_priority": 40_000,
    "secret_arn": secret_arn("other"),
}
SERVICE: dict[str, Any] = {
    **SERVER,
    "image_version_fixed": True,
    "image_version_parameter": "/acme/es",
    "secret_kms_key_arn": KEY_ARN,
    "cpu": 512,
    "memory_mib": 3072,
    "ephemeral_storage_gib": 50,
    "desired_count": 2,
    **{
        f"auto_scaling.{key}": value
        for key, value in {
            "min": 2,
            "max": 20,
            "cpu_percent": 70,
            "memory_percent": 70,
            "requests_per_target": 500,
            "scale_in_cooldown_seconds": 300,
            "scale_out_cooldown_seconds": 30,
        }.items()
    },
    "capacity_provider_strategies[0].capacity_provider": "FARGATE_SPOT",
    "capacity_provider_strategies[0].weight": 3,
    "capacity_provider_strategies[0].base": 1,
    "ecr_repository_arn": f"{REPOSITORY}/other",
    "secrets.OTHER.secret_arn": secret_arn("third"),
    "secrets.OTHER.field": "token",
    "secrets.OTHER.kms_key_arn": KEY_ARN,
    "secrets.OTHER.parameter_arn": PARAMETER,
    "task_role_arn": f"{ROLE}/task",
    "execution_role_arn": f"{ROLE}/execution",
    "assign_public_ip": True,
    "enable_execute_command": True,
    "http_port": 8080,
    "grpc_port": 9090,
    **{f"http_health_check.{key}": value for key, value in HEALTH_CHECK.items()},
    "http_health_check.codes": "200-299",
    **{f"grpc_health_check.{key}": value for key, value in HEALTH_CHECK.items()},
    "health_check_grace_period_seconds": 90,
    "deregistration_delay_seconds": 30,
    "grpc_rule_priority": 4000,
    "circuit_breaker": False,
    "deployment_alarm_names": ["unhealthy"],
    "min_healthy_percent": 50,
    "max_healthy_percent": 150,
    "update_secret_arn": secret_arn("other"),
    "update_secret_kms_key_arn": KEY_ARN,
    "update_rule_priority": 45000,
}
ES, LAMBDA = "edge_servers.long_running[0]", "edge_servers.serverless[0]"

# Every key of the file, with a value that differs from that of `configured`.
CHANGES: dict[str, Any] = {
    "deployment_name": "other",
    "aws.account": "222222222222",
    "aws.region": "eu-west-1",
    "load_balancer.existing.https_listener_arn": f"{LISTENER}/3333333333333333",
    "load_balancer.existing.grpc_listener_arn": None,
    "load_balancer.existing.security_group_ids": ["sg-004d5e6f"],
    "load_balancer.existing.dns_name": "other.elb.example.com",
    "load_balancer.existing.canonical_hosted_zone_id": "Z1OTHER",
    "load_balancer.existing.lowest_priority": 100,
    "load_balancer.existing.highest_priority": 1000,
    "load_balancer.idle_timeout_seconds": 60,
    "load_balancer.subnet_ids": ["subnet-00000007", "subnet-00000008"],
    "load_balancer.ssl_policy": "ELBSecurityPolicy-TLS13-1-3-2021-06",
    "load_balancer.allowed_cidrs": ["203.0.113.0/24"],
    "load_balancer.allowed_prefix_list_ids": ["pl-001a2b3c"],
    "load_balancer.allowed_security_group_ids": ["sg-004d5e6f"],
    "load_balancer.dual_stack": True,
    "load_balancer.grpc_over_https": False,
    "load_balancer.access_logs": False,
    "load_balancer.access_logs_bucket_name": "acme-logs",
    "load_balancer.web_acl": True,
    "load_balancer.web_acl_arn": WEB_ACL,
    "dns.root_domain": "other.example.com",
    "dns.hosted_zone_id": "Z123",
    "dns.parent_zone.hosted_zone_id": "Z456",
    "dns.parent_zone.delegation_role_arn": f"{ROLE}/delegation",
    "dns.certificate_arn": CERTIFICATE_ARN.replace("1a2b3c4d", "ffffffff"),
    "dns.validation_zone_id": "Z456",
    "dns.enable_hosted_zone": False,
    "dns.record_per_service": True,
    "dns.enable_namespace": True,
    "dns.namespace.id": "ns-4d5e6f",
    "vpc.vpc_id": "vpc-00000456",
    "vpc.availability_zones": [],
    "vpc.public_subnet_ids": ["subnet-00000005", "subnet-00000006"],
    "vpc.private_subnet_ids": ["subnet-00000005", "subnet-00000006"],
    "vpc.cidr": "10.2.0.0/16",
    "new_vpc.cidr": "10.9.0.0/16",
    "new_vpc.max_azs": 3,
    "new_vpc.nat_gateways": 2,
    "new_vpc.flow_logs": False,
    "new_vpc.flow_log_retention_days": 7,
    "new_vpc.interface_endpoints": ["kms"],
    "cluster_name": "other",
    "private": True,
    "pull_through_cache.docker_hub_secret_arn": secret_arn("ecr-pullthroughcache/other"),
    "pull_through_cache.datafi_registry_secret_arn": secret_arn("ecr-pullthroughcache/other"),
    "pull_through_cache.repository_prefix": "acme",
    "jwt_jwks_secret_arn": secret_arn("jwks-2"),
    "jwt_jwks_secret_kms_key_arn": KEY_ARN,
    **{f"{ES}.{key}": value for key, value in SERVICE.items()},
    f"{ES}.name": "other",
    f"{ES}.storage": True,
    f"{ES}.storage_bucket_name": "acme-data",
    f"{ES}.storage_kms_key_arn": KEY_ARN,
    f"{ES}.secret_variables": {"KEY": "other"},
    **{f"{LAMBDA}.{key}": value for key, value in SERVER.items()},
    f"{LAMBDA}.name": "other",
    f"{LAMBDA}.ecr_repository_arn": f"{REPOSITORY}/other",
    f"{LAMBDA}.memory_mib": 3072,
    f"{LAMBDA}.timeout_seconds": 60,
    f"{LAMBDA}.ephemeral_storage_mib": 1024,
    f"{LAMBDA}.in_vpc": True,
    f"{LAMBDA}.role_arn": f"{ROLE}/function",
    f"{LAMBDA}.storage": True,
    f"{LAMBDA}.storage_bucket_name": "acme-data",
    f"{LAMBDA}.storage_kms_key_arn": KEY_ARN,
    f"{LAMBDA}.secret_variables": {"KEY": "other"},
    f"{LAMBDA}.environment_kms_key_arn": KEY_ARN,
    f"{LAMBDA}.reserved_concurrent_executions": 50,
    "hardened": True,
    "kms_key_arn": KEY_ARN,
    "alarm_topic_arn": f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms",
    "monitoring": True,
    **{f"coordinator.{key}": value for key, value in SERVICE.items()},
    "coordinator.name": "other",
    "coordinator.registry": "registry.example.com",
    "coordinator.registry_credentials_secret_arn": secret_arn("other"),
    "coordinator.registry_credentials_kms_key_arn": KEY_ARN,
    "coordinator.secret_variables": ["KEYVAL"],
    "coordinator.bedrock_models": ["anthropic.claude-3-haiku-20240307-v1:0"],
    "update_api.shared": True,
    "update_api.secret_arn": secret_arn("other"),
    "update_api.secret_kms_key_arn": KEY_ARN,
    "update_api.caller_role_arns": [f"{ROLE}/console"],
    "update_api.allowed_tags": ["latest", "v*"],
    "update_api.update_windows[0].days": ["SAT", "SUN"],
    "update_api.update_windows[0].start": "04:30",
    "update_api.update_windows[0].duration_minutes": 60,
    "update_api.update_freezes[0].start": "2026-12-18T00:00:00+01:00",
    "update_api.update_freezes[0].end": "2027-01-10T00:00:00Z",
    "update_api.redeploy_on_rotation": True,
    "update_api.reserved_concurrent_executions": 5,
    "update_api.rotation_function_arn": FUNCTION_ARN,
    "update_api.rotation_days": 7,
    "update_api.root_path_rule_priority": 48000,
    "allow_delete_resources": True,
}
# Keys without an effect of their own on a template, each with the reason.
NO_TEMPLATE = {
    "disable_stack": "no template is made; see the tests of the stack",
    "load_balancer.max_rules": "only says when the configuration is refused",
    "load_balancer.existing.load_balancer_arn": "says that records can be made; metrics go by "
    "the listener's",
    "dns.namespace.arn": "registration goes by the namespace's id",
    "dns.namespace.name": "registration goes by the namespace's id",
    "vpc.isolated_subnet_ids": "see test_isolated_subnets_take_the_tasks",
    f"{ES}.egress_provided": "lifts a refusal; see test_a_way_out_is_asked_for",
    "coordinator.egress_provided": "lifts a refusal; see test_a_way_out_is_asked_for",
}
SCALING = {"min": 1, "max": 10, "cpu_percent": 60, "memory_percent": 60, "requests_per_target": 900}
CHECK = {"path": "/health", "interval_seconds": 30, "timeout_seconds": 10}
COUNTS = {"healthy_threshold_count": 3, "unhealthy_threshold_count": 3}
# What must stand beside a key, by a pattern in it: later entries win.
BESIDE: dict[str, dict[str, Any]] = {
    "load_balancer.existing": {"load_balancer.existing": EXISTING, "vpc": VPC},
    "rotation_days": {"update_api.rotation_function_arn": FUNCTION_ARN},
    "dns.parent_zone": {
        "dns.certificate_arn": None,
        "dns.parent_zone": {"hosted_zone_id": "Z123"},
    },
    "dns.validation_zone_id": {"dns.certificate_arn": None, "dns.hosted_zone_id": "Z123"},
    "dns.namespace": {"dns.namespace": NAMESPACE},
    r"^vpc\.": {"vpc": VPC},
    r"^vpc\.cidr": {"private": True},
    "cluster_name": {"vpc": VPC},
    "hardened": {f"{LAMBDA}.reserved_concurrent_executions": 50},
    "subnet_ids": {"vpc": VPC},
    "flow_log_retention": {"new_vpc.flow_logs": True},
    "storage_": {f"{ES}.storage": True, f"{LAMBDA}.storage": True},
    r"secrets\.OTHER": {
        f"{server}.secrets": {"OTHER": {"secret_arn": secret_arn("second")}}
        for server in (ES, "coordinator")
    },
    r"secrets\.OTHER.parameter": {f"{ES}.secrets": {}, "coordinator.secrets": {}},
    "pull_through_cache": {
        "pull_through_cache": {
            "docker_hub_secret_arn": CACHE_SECRET,
            "datafi_registry_secret_arn": CACHE_SECRET,
        },
        "coordinator.registry_credentials_secret_arn": None,
    },
    "jwt_jwks": {"jwt_jwks_secret_arn": secret_arn("jwks")},
    "auto_scaling": {f"{ES}.auto_scaling": SCALING, "coordinator.auto_scaling": SCALING},
    "health_check.": {
        f"{server}.{kind}_health_check": {**CHECK, **COUNTS, "codes": codes}
        for server in (ES, "coordinator")
        for kind, codes in (("http", "200"), ("grpc", "0-5"))
    },
    "capacity_provider": {
        f"{server}.capacity_provider_strategies": [{"capacity_provider": "FARGATE"}]
        for server in (ES, "coordinator")
    },
    "update_secret": {
        f"{server}.update_secret_arn": secret_arn("update") for server in (ES, "coordinator")
    },
    r"^update_api\.secret": {
        "update_api.shared": True,
        "update_api.secret_arn": secret_arn("update"),
    },
    "update_windows": {
        "update_api.update_windows": [{"days": ["MON"], "start": "22:00", "duration_minutes": 240}]
    },
    "update_freezes": {
        "update_api.update_freezes": [
            {"start": "2026-12-20T00:00:00Z", "end": "2027-01-03T00:00:00Z"}
        ]
    },
    "image_digest|image_version_parameter": {
        f"{ES}.secret_variables": ["KEY"],
        f"{LAMBDA}.secret_variables": ["KEY"],
    },
    r"serverless\[0\].(security_group|subnet)_ids": {f"{LAMBDA}.in_vpc": True},
    r"^coordinator\.ecr_repository_arn": {
        "coordinator.ecr_repository_arn": f"{REPOSITORY}/co",
        "coordinator.registry_credentials_secret_arn": None,
    },
    "max_healthy_percent": {f"{ES}.desired_count": 2, "coordinator.desired_count": 2},
    "^private$": {"new_vpc.nat_gateways": 1},
}


def configured(key: str) -> dict[str, Any]:
    """A configuration in which the key can be changed."""
    data = minimal(
        aws={"account": ACCOUNT, "region": REGION},
        dns={"root_domain": ROOT_DOMAIN, "certificate_arn": CERTIFICATE_ARN},
        edge_servers={
            "long_running": [{"name": "es", "secret_arn": secret_arn("es")}],
            "serverless": [
                {
                    "name": "fn",
                    "ecr_repository_arn": f"{REPOSITORY}/es",
                    "secret_arn": secret_arn("fn"),
                }
            ],
        },
        coordinator={
            "registry_credentials_secret_arn": secret_arn("acr"),
            "secret_arn": secret_arn("co"),
        },
    )
    if key.startswith("aws."):
        return minimal(aws=data["aws"])
    for part, values in BESIDE.items():
        if re.search(part, key):
            for place, value in values.items():
                put(data, place, value)
    return data


def put(data: dict[str, Any], key: str, value: Any) -> None:
    """Set one key; `None` removes it."""
    target: Any = data
    *path, last = re.findall(r"[A-Za-z_]+|\d+", key)
    for step in path:
        target = target[int(step)] if step.isdigit() else target.setdefault(step, {})
    if value is None:
        target.pop(last, None)
    else:
        target[last] = copy.deepcopy(value)


def at(data: Any, key: str) -> Any:
    """What stands at a key, or `None`."""
    for step in re.findall(r"[A-Za-z_]+|\d+", key):
        data = data[int(step)] if step.isdigit() else (data or {}).get(step)
    return data


def keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Every key of a model that has no keys inside."""
    for name, field in model.model_fields.items():
        section = model_in(field.annotation)
        if section is None:
            yield f"{prefix}{name}"
        else:
            annotation = str(field.annotation)
            entry = "[0]" if "list[" in annotation else ".OTHER" if "dict[" in annotation else ""
            yield from keys(section, f"{prefix}{name}{entry}.")


@functools.cache
def _template(data: str) -> Any:
    return edge_stack(json.loads(data)).to_json()


def template(data: Mapping[str, Any]) -> Any:
    """The template of a configuration, synthesized once for all keys that share it."""
    return _template(json.dumps(data))


def test_changes_cover_every_key() -> None:
    """A key that is added to the configuration needs an entry above."""
    assert set(CHANGES) | set(NO_TEMPLATE) == set(keys(DatafiEdgeConfig))
    assert not set(CHANGES) & set(NO_TEMPLATE)


@pytest.mark.long
@pytest.mark.parametrize("key", CHANGES)
def test_every_key_has_an_effect(key: str) -> None:
    """The stack ignores no key: another value makes another template."""
    data = configured(key)
    changed = copy.deepcopy(data)
    put(changed, key, CHANGES[key])
    if key.endswith("availability_zones"):
        changed["vpc"] = {"vpc_id": "vpc-00000123"}
    assert at(data, key) != CHANGES[key]
    assert template(changed) != template(data)
