"""Configurations that break rules to which random ones rarely come."""

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

TARGETED: list[Any] = [
    _server(cpu=300),
    _server(security_group_ids=[f"sg-{number:08x}" for number in range(6)]),
    _existing(security_group_ids=[]),
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
    _data(edge_servers={"long_running": _servers(21)}, update_api={"shared": True}),
]
