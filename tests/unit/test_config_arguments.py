"""What the constructs take, a `datafi.yaml` can say: each argument has its key, or a reason."""

import inspect
import re
from typing import Any

import pytest
from datafi_cdk import (
    AutoScaling,
    Coordinator,
    DatafiEdgeConfig,
    EdgeDns,
    EdgeMonitoring,
    EdgeNetwork,
    EdgeServer,
    EdgeStorage,
    PullThroughCache,
    ServerlessEdgeServer,
    ServiceOptions,
    SharedIngress,
    UpdateApi,
    UpdateFreeze,
    UpdateRouter,
    UpdateWindow,
)
from test_config_keys import keys

STACK = "what the stack makes is handed in"
ONE_POLICY = "file: allow_delete_resources"
ONE_KEY = "one key for all that a hardened stack makes"
HARDENED = "set by hardened"
ONE_QUEUE = "one queue for all functions of the stack"
CODE_ONLY = "only an app has such an object: import the construct"
FUNCTION: dict[str, str] = {
    "vpc": HARDENED,
    "vpc_subnets": HARDENED,
    "dead_letter_queue": ONE_QUEUE,
    "encryption_key": ONE_KEY,
}
SERVER: dict[str, str] = {
    "ingress": STACK,
    "name": "key: name",
    "secret": "key: secret_arn",
    "secret_variables": "key: secret_variables",
    "environment": "key: environment",
    "image_tag": "key: image_tag",
    "image_digest": "key: image_digest",
    "security_groups": "key: security_group_ids",
    "vpc_subnets": "key: subnet_ids",
    "log_group": "key: log_group_name",
    "log_retention": "key: log_retention_days",
    "encryption_key": ONE_KEY,
    "http_rule_priority": "key: http_rule_priority",
    "removal_policy": ONE_POLICY,
}
SERVICE: dict[str, str] = {
    **SERVER,
    "cluster": STACK,
    "image": "key: ecr_repository_arn",
    "image_version": "key: image_version_parameter",
    "pull_through_cache": STACK,
    "cpu": "key: cpu",
    "memory_limit_mib": "key: memory_mib",
    "cpu_architecture": "key: cpu_architecture",
    "ephemeral_storage_gib": "key: ephemeral_storage_gib",
    "desired_count": "key: desired_count",
    "auto_scaling": "key: auto_scaling.min",
    "capacity_provider_strategies": "key: capacity_provider_strategies[0].capacity_provider",
    "secrets": "key: secrets.OTHER.secret_arn",
    "assign_public_ip": "key: assign_public_ip",
    "egress_provided": "key: egress_provided",
    "cloud_map_namespace": STACK,
    "task_role": "key: task_role_arn",
    "execution_role": "key: execution_role_arn",
    "logging": CODE_ONLY,
    "enable_execute_command": "key: enable_execute_command",
    "extensions": CODE_ONLY,
    "http_port": "key: http_port",
    "grpc_port": "key: grpc_port",
    "http_health_check": "key: http_health_check.path",
    "grpc_health_check": "key: grpc_health_check.path",
    "health_check_grace_period": "key: health_check_grace_period_seconds",
    "deregistration_delay": "key: deregistration_delay_seconds",
    "grpc_rule_priority": "key: grpc_rule_priority",
    "circuit_breaker": "key: circuit_breaker",
    "deployment_alarms": "key: deployment_alarm_names",
    "min_healthy_percent": "key: min_healthy_percent",
    "max_healthy_percent": "key: max_healthy_percent",
}
JWKS = "file: jwt_jwks_secret_arn"
ES, LAMBDA = "edge_servers.long_running[0].", "edge_servers.serverless[0]."
WINDOW, FREEZE = "update_api.update_windows[0].", "update_api.update_freezes[0]."

# Of each construct: where its keys stand, and for each argument its key there (`key: `), its key
# in the whole file (`file: `), or why it has none.
ARGUMENTS: dict[Any, tuple[str, dict[str, str]]] = {
    EdgeServer: (ES, {**SERVICE, "jwt_jwks_secret": JWKS, "storage": "key: storage"}),
    Coordinator: (
        "coordinator.",
        {
            **SERVICE,
            "registry": "key: registry",
            "registry_credentials": "key: registry_credentials_secret_arn",
            "bedrock_models": "key: bedrock_models",
        },
    ),
    ServerlessEdgeServer: (
        LAMBDA,
        {
            **SERVER,
            "repository": "key: ecr_repository_arn",
            "memory_size": "key: memory_mib",
            "timeout": "key: timeout_seconds",
            "architecture": "key: cpu_architecture",
            "ephemeral_storage_size": "key: ephemeral_storage_mib",
            "jwt_jwks_secret": JWKS,
            "environment_encryption": "key: environment_kms_key_arn",
            "dead_letter_queue": ONE_QUEUE,
            "reserved_concurrent_executions": HARDENED,
            "storage": "key: storage",
            "vpc": "key: in_vpc",
            "role": "key: role_arn",
        },
    ),
    AutoScaling: (
        f"{ES}auto_scaling.",
        {
            **{
                name: f"key: {name}"
                for name in ("min", "max", "cpu_percent", "memory_percent", "requests_per_target")
            },
            "scale_in_cooldown": "key: scale_in_cooldown_seconds",
            "scale_out_cooldown": "key: scale_out_cooldown_seconds",
        },
    ),
    SharedIngress: (
        "load_balancer.",
        {
            "vpc": STACK,
            "dns": STACK,
            "internal": "file: private",
            "vpc_subnets": "key: subnet_ids",
            "allowed_cidrs": "key: allowed_cidrs",
            "allowed_prefix_lists": "key: allowed_prefix_list_ids",
            "allowed_security_groups": "key: allowed_security_group_ids",
            "dual_stack": "key: dual_stack",
            "grpc_over_https": "key: grpc_over_https",
            "ssl_policy": "key: ssl_policy",
            "idle_timeout": "key: idle_timeout_seconds",
            "deletion_protection": "file: allow_delete_resources",
            "access_logs": "key: access_logs",
            "access_logs_bucket": "key: access_logs_bucket_name",
            "server_access_logs_bucket": "the stack makes one for all its buckets",
            "web_acl": "key: web_acl",
            "web_acl_arn": "key: web_acl_arn",
            "encryption_key": ONE_KEY,
            "max_rules": "key: max_rules",
            "removal_policy": ONE_POLICY,
        },
    ),
    SharedIngress.from_attributes: (
        "load_balancer.existing.",
        {
            "https_listener_arn": "key: https_listener_arn",
            "grpc_listener_arn": "key: grpc_listener_arn",
            "security_group_ids": "key: security_group_ids",
            "root_domain": "file: dns.root_domain",
            "dns": STACK,
            "load_balancer_arn": "key: load_balancer_arn",
            "load_balancer_dns_name": "key: dns_name",
            "load_balancer_canonical_hosted_zone_id": "key: canonical_hosted_zone_id",
            "vpc": STACK,
            "dual_stack": "file: load_balancer.dual_stack",
            "grpc_over_https": "file: load_balancer.grpc_over_https",
            "priority_range": "key: lowest_priority",
            "max_rules": "file: load_balancer.max_rules",
        },
    ),
    EdgeDns: (
        "dns.",
        {
            "root_domain": "key: root_domain",
            "hosted_zone": "key: hosted_zone_id",
            "private_zone_vpc": "file: private",
            "parent_zone": "key: parent_zone.hosted_zone_id",
            "delegation_role": "key: parent_zone.delegation_role_arn",
            "certificate": "key: certificate_arn",
            "validation_zone": "key: validation_zone_id",
            "enable_hosted_zone": "key: enable_hosted_zone",
            "record_per_service": "key: record_per_service",
            **FUNCTION,
            "reserved_concurrent_executions": HARDENED,
            "removal_policy": ONE_POLICY,
        },
    ),
    EdgeNetwork: (
        "new_vpc.",
        {
            "max_azs": "key: max_azs",
            "nat_gateways": "key: nat_gateways",
            "public_subnets": "file: private",
            "ip_addresses": "key: cidr",
            "dual_stack": "file: load_balancer.dual_stack",
            "flow_logs": "key: flow_logs",
            "flow_log_retention": "key: flow_log_retention_days",
            "interface_endpoints": "key: interface_endpoints",
            "encryption_key": ONE_KEY,
            "removal_policy": ONE_POLICY,
        },
    ),
    PullThroughCache: (
        "pull_through_cache.",
        {
            "docker_hub_credentials": "key: docker_hub_secret_arn",
            "datafi_registry_credentials": "key: datafi_registry_secret_arn",
            "datafi_registry": "file: coordinator.registry",
            "repository_prefix": "key: repository_prefix",
        },
    ),
    EdgeStorage: (
        ES,
        {
            "bucket": "key: storage_bucket_name",
            "encryption_key": "key: storage_kms_key_arn",
            "server_access_logs_bucket": STACK,
            "removal_policy": ONE_POLICY,
        },
    ),
    UpdateApi: (
        ES,
        {
            "ingress": STACK,
            "services": STACK,
            "secret": "key: update_secret_arn",
            "callers": "file: update_api.caller_role_arns",
            "allowed_tags": "file: update_api.allowed_tags",
            "update_windows": f"file: {WINDOW}days",
            "update_freezes": f"file: {FREEZE}start",
            "redeploy_on_rotation": "file: update_api.redeploy_on_rotation",
            "rotation_function": CODE_ONLY,
            "rotate_after": "only with a rotation function, which is code",
            **FUNCTION,
            "reserved_concurrent_executions": "file: update_api.reserved_concurrent_executions",
            "every_path": "file: update_api.shared",
            "http_rule_priority": "key: update_rule_priority",
            "removal_policy": ONE_POLICY,
        },
    ),
    UpdateRouter: (
        "update_api.",
        {
            "ingress": STACK,
            "update_apis": STACK,
            **FUNCTION,
            "reserved_concurrent_executions": HARDENED,
            "http_rule_priority": "key: root_path_rule_priority",
            "removal_policy": ONE_POLICY,
        },
    ),
    EdgeMonitoring: (
        "",
        {
            "services": STACK,
            "ingress": STACK,
            "update_apis": STACK,
            "alarm_topic": "key: alarm_topic_arn",
            "removal_policy": ONE_POLICY,
        },
    ),
    UpdateWindow: (
        WINDOW,
        {"days": "key: days", "start": "key: start", "duration": "key: duration_minutes"},
    ),
    UpdateFreeze: (FREEZE, {"start": "key: start", "end": "key: end"}),
}


@pytest.mark.parametrize("construct", ARGUMENTS, ids=lambda construct: construct.__qualname__)
def test_each_argument_has_a_key_or_a_reason(construct: Any) -> None:
    """An argument that is added to a construct needs a key in the file, or a reason above."""
    called = construct.__init__ if inspect.isclass(construct) else construct
    signature = inspect.signature(called).parameters
    taken = set(signature) - {"scope", "construct_id", "options", "self"}
    if "options" in signature:
        taken |= set(ServiceOptions.__annotations__)
    assert taken == set(ARGUMENTS[construct][1])


@pytest.mark.parametrize("construct", ARGUMENTS, ids=lambda construct: construct.__qualname__)
def test_each_key_that_is_named_is_there(construct: Any) -> None:
    """The keys that the arguments are said to have are keys of the file."""
    place, arguments = ARGUMENTS[construct]
    known = set(keys(DatafiEdgeConfig))
    for argument, said in arguments.items():
        match = re.fullmatch(r"(key|file): (\S+)", said)
        if match:
            key = match[2] if match[1] == "file" else f"{place}{match[2]}"
            assert key in known, argument


def test_only_objects_are_left_to_code() -> None:
    """What a string can name has a key: only drivers, extensions and functions are code."""
    left = {
        argument
        for _, arguments in ARGUMENTS.values()
        for argument, said in arguments.items()
        if said == CODE_ONLY
    }
    assert left == {"logging", "extensions", "rotation_function"}
