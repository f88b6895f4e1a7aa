"""Configurations to which random ones rarely come: that break some rules, or use some keys."""

from __future__ import annotations

from typing import Any

from config_values import ACCOUNT, EXAMPLES, REGION, SECRETS

_VPC = {
    "vpc_id": EXAMPLES["vpc_id"][0],
    "availability_zones": EXAMPLES["availability_zones"],
    "public_subnet_ids": EXAMPLES["public_subnet_ids"],
    "private_subnet_ids": EXAMPLES["private_subnet_ids"],
}
_LISTENER = EXAMPLES["https_listener_arn"][0]
_EXISTING = {
    "https_listener_arn": _LISTENER,
    "security_group_ids": EXAMPLES["security_group_ids"],
}


def _servers(count: int, **given: Any) -> list[dict[str, Any]]:
    return [{"name": f"es-{number}", **given} for number in range(count)]


def _data(**changes: Any) -> dict[str, Any]:
    return {
        "deployment_name": "acme",
        "dns": {"root_domain": "edge.example.com"},
        "edge_servers": {"long_running": _servers(1)},
        **changes,
    }


def _server(**given: Any) -> dict[str, Any]:
    return _data(edge_servers={"long_running": _servers(1, **given)}, vpc=_VPC)


def _existing(**given: Any) -> dict[str, Any]:
    return _data(vpc=_VPC, load_balancer={"existing": {**_EXISTING, **given}})


_FUNCTIONS = _servers(
    61, ecr_repository_arn=EXAMPLES["ecr_repository_arn"][0], secret_arn=SECRETS[0]
)

_ISOLATED = {key: _VPC[key] for key in _VPC if key != "private_subnet_ids"}

TARGETED: list[Any] = [
    _data(
        hardened=True,
        allow_delete_resources=True,
        vpc={**_ISOLATED, "isolated_subnet_ids": EXAMPLES["isolated_subnet_ids"]},
    ),
    _data(hardened=True, monitoring=True),
    _data(hardened=True, load_balancer={"access_logs": False}),
    _data(hardened=True, edge_servers={"serverless": [{**_FUNCTIONS[0], "in_vpc": False}]}),
    _server(environment={"OTHER": "x"}, secrets={"OTHER": {"secret_arn": SECRETS[3]}}),
    _server(cpu=300),
    _server(security_group_ids=[f"sg-{number:08x}" for number in range(6)]),
    _existing(security_group_ids=[]),
    _data(
        vpc=_VPC,
        load_balancer={
            "existing": {**_EXISTING, "grpc_listener_arn": None},
            "grpc_over_https": False,
        },
    ),
    _data(load_balancer={"access_logs": False, "access_logs_bucket_name": "acme-logs"}),
    _data(load_balancer={"allowed_cidrs": [f"10.0.{number}.0/24" for number in range(90)]}),
    _data(
        private=True,
        vpc={**_VPC, "cidr": "10.1.0.0/16"},
        load_balancer={"dual_stack": True},
        dns={"root_domain": "edge.example.com", "certificate_arn": EXAMPLES["certificate_arn"][0]},
    ),
    _existing(grpc_listener_arn=_LISTENER),
    _existing(lowest_priority=2, highest_priority=1),
    _data(new_vpc={"max_azs": 3}),
    _data(new_vpc={"nat_gateways": 3}, aws={"account": ACCOUNT, "region": REGION}),
    _data(edge_servers={"long_running": _servers(30)}),
    _data(edge_servers={"long_running": _servers(51)}, load_balancer={"max_rules": 1000}),
    _data(edge_servers={"serverless": _FUNCTIONS}),
    _data(edge_servers={}),
    _server(subnet_ids=EXAMPLES["public_subnet_ids"]),
    _data(
        vpc={key: value for key, value in _VPC.items() if key != "public_subnet_ids"},
        edge_servers={"long_running": _servers(1, assign_public_ip=True)},
    ),
    _data(
        edge_servers={"long_running": _servers(41)},
        load_balancer={"max_rules": 200},
        update_api={"shared": True},
    ),
    _data(private=True, vpc=_VPC),
]
"""Each breaks a rule."""

_KEY = "arn:aws:kms:us-east-1:111111111111:key/1a2b3c4d-0000-4000-8000-000000000000"
_STORAGE = {
    "storage": True,
    "storage_bucket_name": "acme-results",
    "storage_kms_key_arn": _KEY,
}
_COORDINATOR = {
    "secret_arn": SECRETS[1],
    "registry_credentials_secret_arn": SECRETS[2],
    "registry_credentials_kms_key_arn": _KEY,
    "auto_scaling": {"min": 1, "max": 3, "cpu_percent": 50},
    "bedrock_models": EXAMPLES["bedrock_models"],
    "cpu": 512,
    "grpc_port": 9090,
    "grpc_rule_priority": 7,
    "http_rule_priority": 40_007,
    "max_healthy_percent": 150,
    "min_healthy_percent": 0,
    "update_secret_arn": SECRETS[0],
    "update_secret_kms_key_arn": _KEY,
}
_FUNCTION = {
    "name": "analytics",
    "ecr_repository_arn": EXAMPLES["ecr_repository_arn"][0],
    "in_vpc": True,
    "security_group_ids": EXAMPLES["security_group_ids"],
    "subnet_ids": EXAMPLES["private_subnet_ids"],
    **_STORAGE,
}
_BALANCER = {
    key: EXAMPLES[key][0] for key in ("load_balancer_arn", "dns_name", "canonical_hosted_zone_id")
}

WORKING: list[Any] = [
    _data(
        vpc={**_VPC, "isolated_subnet_ids": EXAMPLES["isolated_subnet_ids"]},
        edge_servers={
            "long_running": _servers(
                1,
                secret_arn=SECRETS[0],
                secret_kms_key_arn=_KEY,
                secrets={"TOKEN": {"secret_arn": SECRETS[3], "field": "token"}},
                **_STORAGE,
            ),
            "serverless": [_FUNCTION],
        },
        coordinator=_COORDINATOR,
        update_api={"update_freezes": [{"start": EXAMPLES["start"][0], "end": EXAMPLES["end"][0]}]},
    ),
    _existing(**_BALANCER, lowest_priority=1000, highest_priority=1999),
    _data(
        aws={"account": ACCOUNT, "region": REGION},
        new_vpc={
            "cidr": "10.1.0.0/16",
            "max_azs": 3,
            "flow_logs": True,
            "flow_log_retention_days": 7,
            "interface_endpoints": ["kms", "ssm"],
        },
        dns={
            "root_domain": "edge.example.com",
            "parent_zone": {
                "hosted_zone_id": EXAMPLES["hosted_zone_id"][0],
                "delegation_role_arn": EXAMPLES["delegation_role_arn"][0],
            },
        },
        update_api={"shared": True, "secret_arn": SECRETS[0], "secret_kms_key_arn": _KEY},
    ),
]
"""Each works, and uses keys that depend on others."""
