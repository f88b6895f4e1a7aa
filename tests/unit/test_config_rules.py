"""What the keys of a `datafi.yaml` must mean together: what is refused, and what works instead."""

import copy
from typing import Any

import pytest
from datafi_cdk import DatafiEdgeConfig, DatafiEdgeStack, InvalidInputError
from aws_cdk.assertions import Annotations, Match, Template
from datafi_cdk.validation import SSL_POLICIES
from deployment import (
    ACCOUNT,
    BUCKET,
    CERTIFICATE,
    CERTIFICATE_ARN,
    KEY_ARN,
    LISTENER,
    LOAD_BALANCER,
    REGION,
    SERVICE,
    edge_stack,
    minimal,
    new_app,
    properties,
    secret_arn,
    secrets,
    statements,
)
from deployment import FUNCTION as FUNCTION_TYPE
from test_config_keys import (
    CACHE_SECRET,
    DIGEST,
    EXISTING,
    NAMESPACE,
    PARAMETER,
    REPOSITORY,
    VPC,
    put,
)

WEB_ACL_ARN = "arn:aws:wafv2:us-east-1:111111111111:regional/webacl/acme/1a2b3c4d"
ES, IN_ES = "edge_servers.long_running[0]", "edge_servers.long_running[0]"
CO = {"registry_credentials_secret_arn": secret_arn("acr"), "secret_arn": secret_arn("co")}
OTHER_KEY_ARN = KEY_ARN.replace("1a2b3c4d", "5e6f7a8b")
LAMBDA = "edge_servers.serverless"
FUNCTION = {"name": "fn", "ecr_repository_arn": f"{REPOSITORY}/es"}
SCALING = {"min": 1, "max": 4, "cpu_percent": 60}
ISOLATED = {
    "vpc_id": "vpc-00000123",
    "availability_zones": ["us-east-1a", "us-east-1b"],
    "isolated_subnet_ids": ["subnet-00000005", "subnet-00000006"],
    "cidr": "10.1.0.0/16",
}
CALLERS = {"caller_role_arns": [f"arn:aws:iam::{ACCOUNT}:role/console"]}
WINDOW = {"days": ["MON"], "start": "22:00", "duration_minutes": 240}
FREEZE = {"start": "2026-12-20T00:00:00+01:00", "end": "2027-01-03T00:00:00Z"}
PRIVATE = {
    "private": True,
    "dns.certificate_arn": CERTIFICATE_ARN,
    f"{ES}.ecr_repository_arn": f"{REPOSITORY}/es",
}


def data(changes: dict[str, Any]) -> dict[str, Any]:
    """The smallest configuration with these keys."""
    made = copy.deepcopy(minimal())
    for key, value in changes.items():
        put(made, key, value)
    return made


REFUSALS: list[tuple[dict[str, Any], str, str]] = [
    ({"dns.hosted_zone_id": "Z1", "dns.parent_zone": {"hosted_zone_id": "Z2"}},
     "dns.parent_zone", "left out with hosted_zone_id"),
    ({**PRIVATE, "dns.parent_zone": {"hosted_zone_id": "Z2"}},
     "dns.parent_zone", "left out with private: true"),
    ({"dns.enable_hosted_zone": False, "dns.certificate_arn": CERTIFICATE_ARN,
      "dns.record_per_service": True}, "dns.record_per_service", "left out if enable_hosted_zone"),
    ({"dns.enable_hosted_zone": False}, "dns.certificate_arn", "given if enable_hosted_zone"),
    ({"private": True, f"{ES}.ecr_repository_arn": f"{REPOSITORY}/es"},
     "dns.certificate_arn", "ACM validates through no private zone"),
    ({"dns.certificate_arn": CERTIFICATE_ARN, "dns.hosted_zone_id": "Z1",
      "dns.validation_zone_id": "Z2"}, "dns.validation_zone_id", "left out if certificate_arn"),
    ({"dns.validation_zone_id": "Z2"}, "dns.validation_zone_id", "if a new public zone is made"),
    ({"dns.enable_namespace": True, "dns.namespace": NAMESPACE},
     "dns.namespace", "left out if enable_namespace"),
    ({"vpc": VPC, "new_vpc": {"max_azs": 3}}, "new_vpc", "left out if vpc is given"),
    ({"vpc": {**VPC, "availability_zones": ["us-east-1a"]}}, "vpc.availability_zones", "two zones"),
    ({"vpc": {**VPC, "private_subnet_ids": ["subnet-00000003"]}},
     "vpc.private_subnet_ids", "as many for each of the 2 availability_zones"),
    ({"vpc": {k: v for k, v in VPC.items() if k != "private_subnet_ids"}},
     "vpc.private_subnet_ids", "given together with availability_zones"),
    ({"vpc": {"vpc_id": "vpc-00000001", "private_subnet_ids": ["subnet-00000003"]}, "aws": {
        "account": "111111111111", "region": "us-east-1"}},
     "vpc.private_subnet_ids", "given together with availability_zones"),
    ({"load_balancer.existing": EXISTING}, "vpc", "given with an existing load balancer"),
    ({"new_vpc.nat_gateways": 3}, "new_vpc.nat_gateways", "at most one a zone (max_azs is 2)"),
    ({"new_vpc.cidr": "10.0.0.1/16"}, "new_vpc.cidr", "address ranges"),
    ({"load_balancer.allowed_cidrs": ["10.0.0.0"]}, "load_balancer.allowed_cidrs", "ranges"),
    ({"vpc": VPC,
      "load_balancer.existing": EXISTING, "load_balancer.access_logs": True},
     "load_balancer.access_logs", "left out with an existing load balancer"),
    ({"vpc": VPC,
      "load_balancer.existing": {**EXISTING, "security_group_ids": []}},
     "load_balancer.existing.security_group_ids", "at least one id"),
    ({"vpc": VPC,
      "load_balancer.existing": {**EXISTING, "lowest_priority": 9, "highest_priority": 9}},
     "load_balancer.existing.highest_priority", "more than lowest_priority (9)"),
    ({"vpc": VPC,
      "load_balancer.existing": {k: v for k, v in EXISTING.items() if k != "dns_name"}},
     "load_balancer.existing.load_balancer_arn, dns_name, canonical_hosted_zone_id",
     "given together"),
    ({"vpc": VPC,
      "load_balancer.existing": {
        k: EXISTING[k] for k in ("https_listener_arn", "security_group_ids")}},
     "load_balancer.existing.load_balancer_arn", "where records are made"),
    ({"pull_through_cache": {"repository_prefix": "acme"}}, "pull_through_cache", "one with"),
    ({f"{ES}.auto_scaling": {"min": 3, "max": 2, "cpu_percent": 60}},
     f"{IN_ES}.auto_scaling.max", "at least min (3)"),
    ({f"{ES}.auto_scaling": {"min": 1, "max": 2}},
     f"{IN_ES}.auto_scaling.cpu_percent, memory_percent, requests_per_target", "at least one"),
    ({f"{ES}.auto_scaling": SCALING, f"{ES}.desired_count": 2},
     f"{IN_ES}.desired_count", "left out if auto_scaling"),
    ({f"{ES}.image_tag": "v2", f"{ES}.image_digest": DIGEST},
     f"{IN_ES}.image_digest", "left out if image_tag"),
    ({f"{ES}.image_digest": DIGEST, f"{ES}.secret_arn": secret_arn("es")},
     f"{IN_ES}.secret_variables", "given with image_digest"),
    ({f"{ES}.image_tag": "v2", f"{ES}.image_version_parameter": "/acme/es"},
     f"{IN_ES}.image_tag", "left out with image_version_parameter"),
    ({f"{ES}.image_digest": DIGEST, f"{ES}.image_version_parameter": "/acme/es"},
     f"{IN_ES}.image_digest", "left out with image_version_parameter"),
    ({f"{ES}.image_version_fixed": True, f"{ES}.image_version_parameter": "/acme/es"},
     f"{IN_ES}.image_version_fixed", "left out with image_version_parameter"),
    ({f"{ES}.image_version_parameter": "/acme/es", f"{ES}.secret_arn": secret_arn("es")},
     f"{IN_ES}.secret_variables", "given with image_version_parameter"),
    ({f"{ES}.image_version_parameter": "/aws/es"},
     f"{IN_ES}.image_version_parameter", "not aws or ssm at its start"),
    ({f"{ES}.http_port": 50051}, f"{IN_ES}.http_port", "another port than that of gRPC"),
    ({f"{ES}.max_healthy_percent": 100},
     f"{IN_ES}.max_healthy_percent", "so far above min_healthy_percent (100) that of 1 task one"),
    ({f"{ES}.max_healthy_percent": 150},
     f"{IN_ES}.max_healthy_percent", "so far above min_healthy_percent (100) that of 1 task one"),
    ({f"{ES}.auto_scaling": SCALING, f"{ES}.min_healthy_percent": 60,
      f"{ES}.max_healthy_percent": 100}, f"{IN_ES}.max_healthy_percent", "so far above"),
    ({f"{ES}.secret_arn": secret_arn("es"), f"{ES}.secret_variables": []},
     f"{IN_ES}.secret_variables", "at least one, of the secret"),
    ({LAMBDA: [{**FUNCTION, "environment": {"TIMEOUT": "60"}}]},
     f"{LAMBDA}[0].environment.TIMEOUT", "left out, as the timeout sets it"),
    ({LAMBDA: [{**FUNCTION, "environment": {"LONG": "x" * 4096}}]},
     f"{LAMBDA}[0].environment", "at most 4096 bytes"),
    ({LAMBDA: [
        {**FUNCTION, "name": f"fn-{n}", "secret_arn": secret_arn("fn")} for n in range(31)],
      "jwt_jwks_secret_arn": secret_arn("jwks")},
     "edge_servers.serverless", "at most 60 variables filled from secrets in one stack"),
    ({"coordinator": {**CO, "ecr_repository_arn": f"{REPOSITORY}/co"}},
     "coordinator.registry_credentials_secret_arn", "left out if the image comes from ECR"),
    ({"coordinator": {"secret_arn": secret_arn("co"), "registry": "registry.example.com"},
      "pull_through_cache": {"datafi_registry_secret_arn": secret_arn("ecr-pullthroughcache/a")}},
     "coordinator.registry", "a registry of Azure, whose host ends in .azurecr.io"),
    ({f"{ES}.log_retention_days": 31}, f"{IN_ES}.log_retention_days", "one of 1, 3, 5"),
    ({f"{ES}.cpu_architecture": "ARM"}, f"{IN_ES}.cpu_architecture", "one of X86_64, ARM64"),
    ({f"{ES}.update_secret_kms_key_arn": KEY_ARN},
     f"{IN_ES}.update_secret_kms_key_arn", "left out where there is no secret"),
    ({f"{ES}.http_rule_priority": 0}, f"{IN_ES}.http_rule_priority", "from 1 to 50000"),
    ({"jwt_jwks_secret_kms_key_arn": KEY_ARN},
     "jwt_jwks_secret_kms_key_arn", "left out where there is no secret"),
    ({"coordinator": {"secret_arn": secret_arn("co")}},
     "coordinator.registry_credentials_secret_arn", "which is private"),
    ({"coordinator": {**CO, "bedrock_models": ["not a model"]}},
     "coordinator.bedrock_models", "ids or ARNs of models"),
    ({"coordinator": {
        **CO, "bedrock_models": ["arn:aws:bedrock:us-east-1:1:inference-profile/us.model"]}},
     "coordinator.bedrock_models", "ids or ARNs of models"),
    ({"coordinator": {**CO, "bedrock_models": ["arn:aws:bedrock:::foundation-model/modèle"]}},
     "coordinator.bedrock_models", "ids or ARNs of models"),
    ({**PRIVATE, "coordinator": CO}, "coordinator.egress_provided", "true where the subnets"),
    ({"edge_servers.serverless": [
        {"name": "es", "ecr_repository_arn": f"{REPOSITORY}/es"}]},
     "edge_servers.serverless[0].name", "the only one of its kind"),
    ({"edge_servers.serverless": [
        {"name": "fn", "ecr_repository_arn": f"{REPOSITORY}/es", "timeout_seconds": 899}]},
     "edge_servers.serverless[0].timeout_seconds", "from 1 to 898"),
    # Private mode
    ({**PRIVATE, "dns.certificate_arn": None, "dns.hosted_zone_id": "Z1"},
     "dns.certificate_arn", "ACM validates through no private zone"),
    ({**PRIVATE, f"{ES}.assign_public_ip": True}, f"{IN_ES}.assign_public_ip", "no public address"),
    ({**PRIVATE, "vpc": {k: v for k, v in ISOLATED.items() if k != "cidr"}},
     "load_balancer.allowed_cidrs", "where vpc.cidr is not"),
    ({**PRIVATE, "vpc": ISOLATED, "load_balancer.dual_stack": True},
     "load_balancer.allowed_cidrs", "IPv6 range is not known"),
    # The network
    ({"new_vpc.cidr": "fd00::/48"}, "new_vpc.cidr", "an IPv4 range from /16 to /28"),
    ({"new_vpc.cidr": "10.0.0.0/8"}, "new_vpc.cidr", "an IPv4 range from /16 to /28"),
    ({"new_vpc.cidr": "10.0.0.0/26"}, "new_vpc.cidr", "to /25, with room for 4 subnets of /27"),
    ({"new_vpc.max_azs": 3}, "new_vpc.max_azs", "at most 2 without the section aws"),
    ({"new_vpc.flow_logs": False, "new_vpc.flow_log_retention_days": 7},
     "new_vpc.flow_log_retention_days", "flow_logs: false"),
    ({"load_balancer.web_acl": True, "load_balancer.web_acl_arn": WEB_ACL_ARN},
     "load_balancer.web_acl_arn", "web_acl: true"),
    ({"new_vpc.interface_endpoints": ["kms", "kms"]},
     "new_vpc.interface_endpoints", "different entries"),
    ({"new_vpc.interface_endpoints": ["s3"]}, "new_vpc.interface_endpoints", "other than S3"),
    ({"new_vpc.interface_endpoints": ["KMS"]}, "new_vpc.interface_endpoints", "short name"),
    ({"vpc": {**VPC, "cidr": "fd00::/48"}}, "vpc.cidr", "an IPv4 range"),
    ({"vpc": {**VPC, "availability_zones": ["a", "us-east-1b"]}},
     "vpc.availability_zones", "availability zones"),
    ({"vpc": VPC, "aws": {"account": "111111111111", "region": "us-east-2"},
      "vpc.availability_zones": ["us-east-2a", "us-east-1b"]},
     "vpc.availability_zones", "availability zones of aws.region (us-east-2)"),
    ({"vpc": {**VPC, "availability_zones": ["us-east-1a"] * 2}},
     "vpc.availability_zones", "different entries"),
    ({"vpc": {**VPC, "public_subnet_ids": []}}, "vpc.public_subnet_ids", "on the internet"),
    ({"vpc": VPC, "cluster_name": ""}, "cluster_name", "the name of an ECS cluster"),
    # The load balancer
    ({"load_balancer.subnet_ids": ["subnet-00000001", "subnet-00000002"]},
     "load_balancer.subnet_ids", "left out with a new VPC"),
    ({"vpc": VPC, "load_balancer.subnet_ids": ["subnet-00000001"]},
     "load_balancer.subnet_ids", "at least two subnets"),
    ({"load_balancer.ssl_policy": "TLS12"}, "load_balancer.ssl_policy", "one of ELBSecurityPolicy"),
    ({"load_balancer.allowed_security_group_ids": ["sg-00000001", "sg-00000001"]},
     "load_balancer.allowed_security_group_ids", "different entries"),
    ({"load_balancer.allowed_prefix_list_ids": ["pl-zz"]},
     "load_balancer.allowed_prefix_list_ids", "the id of a managed prefix list"),
    ({"load_balancer.allowed_cidrs": [f"10.{i}.0.0/16" for i in range(20)],
      "load_balancer.allowed_prefix_list_ids": ["pl-00000001"]},
     "load_balancer.allowed_cidrs", "at most 20 ranges of a family"),
    ({"load_balancer.access_logs_bucket_name": "Acme_logs"},
     "load_balancer.access_logs_bucket_name", "the name of a bucket"),
    ({"load_balancer.access_logs_bucket_name": "10.0.0.1"},
     "load_balancer.access_logs_bucket_name", "the name of a bucket"),
    ({"load_balancer.access_logs_bucket_name": "acme-logs", "load_balancer.access_logs": False},
     "load_balancer.access_logs_bucket_name", "left out with access_logs: false"),
    ({"vpc": VPC,
      "load_balancer.existing": {k: v for k, v in EXISTING.items() if k != "grpc_listener_arn"},
      "load_balancer.grpc_over_https": False},
     "load_balancer.existing.grpc_listener_arn", "given with grpc_over_https: false"),
    ({"vpc": VPC,
      "load_balancer.existing": {**EXISTING, "grpc_listener_arn": EXISTING["https_listener_arn"]}},
     "load_balancer.existing.grpc_listener_arn", "the listener of port 50051"),
    ({"vpc": VPC,
      "load_balancer.existing": {
        **EXISTING, "grpc_listener_arn": EXISTING["grpc_listener_arn"].replace("shared", "other")}},
     "load_balancer.existing.grpc_listener_arn", "of the load balancer that https_listener_arn"),
    ({"vpc": VPC,
      "load_balancer.existing": {**EXISTING, "dns_name": ""}},
     "load_balancer.existing.dns_name", "the DNS name of a load balancer"),
    # Accounts and regions
    ({"aws": {"account": "222222222222", "region": "us-east-1"},
      "dns.certificate_arn": CERTIFICATE_ARN}, "dns.certificate_arn", "in aws.account"),
    # Images
    ({"pull_through_cache": {"docker_hub_secret_arn": secret_arn("hub")}},
     "pull_through_cache.docker_hub_secret_arn", "starts with ecr-pullthroughcache/"),
    ({"pull_through_cache": {"docker_hub_secret_arn": CACHE_SECRET, "repository_prefix": "Acme"}},
     "pull_through_cache.repository_prefix", "2 to 26 of a-z"),
    # Servers
    ({f"{ES}.security_group_ids": [f"sg-{i:08x}" for i in range(6)]},
     f"{IN_ES}.security_group_ids", "a list of at most 5"),
    ({f"{ES}.subnet_ids": ["subnet-00000001"]}, f"{IN_ES}.subnet_ids", "left out with a new VPC"),
    ({f"{ES}.subnet_ids": ["subnet-00000001"], "vpc": VPC},
      f"{IN_ES}.subnet_ids", "assign_public_ip"),
    ({f"{ES}.assign_public_ip": True, "private": False, "vpc": {**VPC, "public_subnet_ids": []},
      "load_balancer.subnet_ids": ["subnet-00000008", "subnet-00000009"]},
     f"{IN_ES}.assign_public_ip", "where vpc names no public_subnet_ids"),
    ({f"{ES}.storage_bucket_name": "acme-data"}, f"{IN_ES}.storage_bucket_name", "storage: true"),
    ({f"{ES}.storage_kms_key_arn": KEY_ARN}, f"{IN_ES}.storage_kms_key_arn", "storage: true"),
    ({f"{ES}.log_group_name": "acme", f"{ES}.log_retention_days": 7},
     f"{IN_ES}.log_retention_days", "left out with log_group_name"),
    ({f"{ES}.deployment_alarm_names": [""]}, f"{IN_ES}.deployment_alarm_names", "of an alarm"),
    ({f"{ES}.capacity_provider_strategies": [{"capacity_provider": "FARGATE"}] * 2},
     f"{IN_ES}.capacity_provider_strategies", "different entries"),
    ({f"{ES}.capacity_provider_strategies": [{"capacity_provider": "FARGATE", "weight": 0}]},
     f"{IN_ES}.capacity_provider_strategies[0].weight", "more than 0 for at least one"),
    ({f"{ES}.capacity_provider_strategies": [
        {"capacity_provider": "FARGATE", "base": 1},
        {"capacity_provider": "FARGATE_SPOT", "base": 1}]},
     f"{IN_ES}.capacity_provider_strategies[1].base", "for one part only"),
    ({f"{ES}.http_health_check.path": "health"}, f"{IN_ES}.http_health_check.path", "a path"),
    ({f"{ES}.http_health_check.codes": "600"}, f"{IN_ES}.http_health_check.codes", "'200-299'"),
    ({f"{ES}.grpc_health_check.codes": "200"}, f"{IN_ES}.grpc_health_check.codes", "'0-99'"),
    ({f"{ES}.http_health_check.interval_seconds": 5, f"{ES}.http_health_check.timeout_seconds": 5},
     f"{IN_ES}.http_health_check.timeout_seconds", "less than interval_seconds (5)"),
    ({f"{ES}.grpc_health_check.timeout_seconds": 30},
     f"{IN_ES}.grpc_health_check.timeout_seconds", "less than interval_seconds (30)"),
    ({f"{ES}.secrets": {"A": {"kms_key_arn": KEY_ARN}}}, f"{IN_ES}.secrets.A", "got neither"),
    ({f"{ES}.secrets": {"A": {"secret_arn": secret_arn("a"), "parameter_arn": PARAMETER}}},
     f"{IN_ES}.secrets.A", "got both"),
    ({f"{ES}.secrets": {"A": {"parameter_arn": PARAMETER, "field": "a"}}},
     f"{IN_ES}.secrets.A.field", "left out with parameter_arn"),
    ({f"{ES}.secrets": {"A": {"parameter_arn": PARAMETER}}, f"{ES}.environment": {"A": "x"}},
     f"{IN_ES}.secrets.A", "remove it from environment"),
    ({f"{ES}.secrets": {"KEY": {"parameter_arn": PARAMETER}}, f"{ES}.secret_arn": secret_arn("es")},
     f"{IN_ES}.secrets.KEY", "remove it from secret_variables"),
    ({f"{ES}.secrets": {"A": {"parameter_arn": PARAMETER, "colour": "red"}}},
     f"{IN_ES}.secrets.A.colour", "a known key (secret_arn, field, parameter_arn, kms_key_arn)"),
    # Priorities
    ({f"{ES}.http_rule_priority": 5, f"{ES}.grpc_rule_priority": 6},
     f"{IN_ES}.http_rule_priority", "more than that of the gRPC rules (6)"),
    ({f"{ES}.http_rule_priority": 1}, f"{IN_ES}.http_rule_priority", "more than that of the gRPC"),
    ({f"{ES}.grpc_rule_priority": 50000}, f"{IN_ES}.grpc_rule_priority", "less than that of the"),
    ({f"{ES}.update_rule_priority": 40000, f"{ES}.http_rule_priority": 40000},
     f"{IN_ES}.update_rule_priority", "the only one, got 40000, which"),
    ({"vpc": VPC,
      "load_balancer.existing": {**EXISTING, "lowest_priority": 100},
      f"{ES}.grpc_rule_priority": 7}, f"{IN_ES}.grpc_rule_priority", "from 100 to 50000"),
    ({"load_balancer.max_rules": 4}, "load_balancer.max_rules", "at least 5, the rules of all"),
    ({"load_balancer.max_rules": 1000,
      "edge_servers.long_running": [{"name": f"es-{i}"} for i in range(34)]},
     "edge_servers", "of at most 100 target groups, two to a service, got 103"),
    ({"load_balancer.max_rules": 1000, "update_api": CALLERS,
      "edge_servers.long_running": [{"name": f"es-{i}"} for i in range(51)]},
     "edge_servers", "of at most 100 target groups, two to a service, got 102"),
    ({"load_balancer.max_rules": 8, "coordinator": CO}, "load_balancer.max_rules", "at least 9"),
    ({"load_balancer.max_rules": 7, "coordinator": CO, "update_api.shared": True},
     "load_balancer.max_rules", "at least 8"),
    ({"load_balancer.max_rules": 2, "update_api": CALLERS},
     "load_balancer.max_rules", "at least 3"),
    ({f"{ES}.grpc_port": 80}, f"{IN_ES}.http_port", "another port than that of gRPC"),
    # Updates
    *(
        ({"coordinator": CO, f"{server}.update_secret_kms_key_arn": KEY_ARN},
         f"{server}.update_secret_kms_key_arn", "left out where there is no secret")
        for server in (ES, "coordinator")
    ),
    *(
        ({"coordinator": CO, f"{server}.{key}": value, "update_api": update_api},
         f"{server}.{key}", f"left out with update_api.{other}, got both")
        for server in (ES, "coordinator")
        for key, value in (("update_secret_arn", secret_arn("up")), ("update_rule_priority", 30000))
        for update_api, other in (
            ({"shared": True}, "shared: true"), (CALLERS, "caller_role_arns"))
    ),
    ({"update_api.shared": True, "load_balancer.max_rules": 1000, "coordinator": CO,
      "edge_servers.long_running": [{"name": f"es-{i}"} for i in range(40)]},
     "update_api.shared", "false with more than 40 servers, got 41"),
    ({"update_api": {"shared": True, "root_path_rule_priority": 50000}},
     "update_api.root_path_rule_priority", "the only one, got 50000, which that of update_api"),
    ({"update_api": {"shared": True, "secret_kms_key_arn": KEY_ARN}},
     "update_api.secret_kms_key_arn", "left out where there is no secret"),
    ({"update_api.secret_arn": secret_arn("up")},
     "update_api.secret_arn", "left out without shared: true"),
    ({"update_api": {**CALLERS, "shared": True, "secret_arn": secret_arn("up")}},
     "update_api.secret_arn", "left out with caller_role_arns"),
    ({"update_api": {**CALLERS, "root_path_rule_priority": 30000}},
     "update_api.root_path_rule_priority", "left out with caller_role_arns"),
    ({"update_api.update_freezes": [FREEZE, {**FREEZE, "end": FREEZE["start"]}]},
     "update_api.update_freezes[1].end", "later than 2026-12-20T00:00:00+01:00"),
    ({"update_api.update_freezes": [{"start": "2026-12-20T00:00:00"}]},
     "update_api.update_freezes[0].start", "a time as ISO 8601 with an offset"),
    ({"update_api.update_windows": [{**WINDOW, "start": "24:00"}]},
     "update_api.update_windows[0].start", "a time as HH:MM in UTC"),
    ({"update_api.update_windows": [{**WINDOW, "days": []}]},
     "update_api.update_windows[0].days", "at least one"),
    ({"update_api.update_windows": [{**WINDOW, "days": ["MON", "Tue"]}]},
     "update_api.update_windows[0].days", "'Tue'"),
    ({"update_api.update_windows": [{**WINDOW, "duration_minutes": 10081}]},
     "update_api.update_windows[0].duration_minutes", "from 1 to 10080"),
    ({"update_api.allowed_tags": ["latest", "v 1"]},
     "update_api.allowed_tags", "a tag, in which * and ? stand for any characters"),
    ({f"{ES}.task_role_arn": "arn:aws:iam::111111111111:role/r\N{SNOWMAN}"},
     f"{IN_ES}.task_role_arn", "the ARN of an IAM role"),
    ({f"{ES}.ecr_repository_arn": f"arn:aws:ecr:{REGION}:111111111111:repository/Es*"},
     f"{IN_ES}.ecr_repository_arn", "the ARN of an ECR repository"),
    ({"update_api.reserved_concurrent_executions": 0},
     "update_api.reserved_concurrent_executions", "from 1 to 100000"),
    ({"update_api.root_path_rule_priority": 40000, f"{ES}.http_rule_priority": 40000},
     "update_api.root_path_rule_priority", "the only one, got 40000, which"),
    ({"vpc": VPC, "load_balancer.existing": {**EXISTING, "lowest_priority": 100},
      "update_api.root_path_rule_priority": 7},
     "update_api.root_path_rule_priority", "from 100 to 50000"),
    # Lambda
    ({LAMBDA: [{**FUNCTION, "security_group_ids": ["sg-00000001"]}]},
     f"{LAMBDA}[0].security_group_ids", "left out without in_vpc: true"),
    ({LAMBDA: [{**FUNCTION, "subnet_ids": ["subnet-00000003"]}], "vpc": VPC},
     f"{LAMBDA}[0].subnet_ids", "left out without in_vpc: true"),
    ({LAMBDA: [{**FUNCTION, "subnet_ids": ["subnet-00000001"], "in_vpc": True}], "vpc": VPC},
     f"{LAMBDA}[0].subnet_ids", "choose private ones"),
    ({LAMBDA: [{**FUNCTION, "environment": {"AWS_REGION": "x"}}]},
     f"{LAMBDA}[0].environment.AWS_REGION", "Lambda does not set itself"),
    ({LAMBDA: [{**FUNCTION, "secret_arn": secret_arn("fn"), "secret_variables": ["A"]}]},
     f"{LAMBDA}[0].secret_variables.A", "two characters or more"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "place", "allowed"), REFUSALS)
def test_refuses(changes: dict[str, Any], place: str, allowed: str) -> None:
    """One fault, at the key, in words that say what would be right."""
    with pytest.raises(InvalidInputError) as refusal:
        DatafiEdgeConfig.model_validate(data(changes))
    ((found, sentence),) = [(fault.place, str(fault)) for fault in refusal.value.faults]
    assert found == place
    assert allowed in sentence


def test_a_way_out_is_asked_for() -> None:
    """Without NAT, images are in ECR, and a coordinator needs a way out that is said to exist."""
    needy = {"new_vpc.nat_gateways": 0, "coordinator": CO}
    with pytest.raises(InvalidInputError) as refusal:
        DatafiEdgeConfig.model_validate(data(needy))
    assert {fault.place for fault in refusal.value.faults} == {
        f"{IN_ES}.ecr_repository_arn",
        "coordinator.egress_provided",
    }
    said = {f"{ES}.egress_provided": True, "coordinator.egress_provided": True}
    edge_stack(data({**needy, **said})).resource_count_is(SERVICE, 2)


def subnets(template: Template) -> Any:
    """The subnets of the one service."""
    network = properties(template, SERVICE)["NetworkConfiguration"]["AwsvpcConfiguration"]
    return network["Subnets"]


def test_isolated_subnets_take_the_tasks() -> None:
    """In a VPC that has no others, tasks and an internal load balancer are in isolated subnets."""
    template = edge_stack(data({**PRIVATE, "vpc": ISOLATED}))
    assert subnets(template) == ISOLATED["isolated_subnet_ids"]
    balancer = properties(template, LOAD_BALANCER)
    assert balancer["Scheme"] == "internal"
    assert balancer["Subnets"] == ISOLATED["isolated_subnet_ids"]


def test_private_mode_leaves_nothing_public() -> None:
    """No public subnet, gateway or address; the zone is the VPC's; endpoints lead to AWS."""
    template = edge_stack(data(PRIVATE))
    for kind in ("AWS::EC2::InternetGateway", "AWS::EC2::NatGateway", "AWS::EC2::EIP"):
        template.resource_count_is(kind, 0)
    template.resource_count_is("AWS::EC2::VPCEndpoint", 5)
    assert properties(template, "AWS::Route53::HostedZone")["VPCs"]
    network = properties(template, SERVICE)["NetworkConfiguration"]["AwsvpcConfiguration"]
    assert network["AssignPublicIp"] == "DISABLED"


def test_an_existing_load_balancer_is_added_to_only() -> None:
    """Rules, records and target groups, and no load balancer or listener of ours."""
    template = edge_stack(data({"vpc": VPC, "load_balancer.existing": EXISTING}))
    for kind in (LOAD_BALANCER, "AWS::ElasticLoadBalancingV2::Listener"):
        template.resource_count_is(kind, 0)
    template.resource_count_is("AWS::ElasticLoadBalancingV2::ListenerRule", 5)
    elsewhere = {
        "https_listener_arn": EXISTING["https_listener_arn"],
        "security_group_ids": EXISTING["security_group_ids"],
    }
    kept = {"dns.enable_hosted_zone": False, "dns.certificate_arn": CERTIFICATE_ARN}
    changes = {"load_balancer.existing": elsewhere, "vpc": VPC, **kept}
    assert "LoadBalancerDnsName" not in edge_stack(data(changes)).find_outputs("*")


def test_private_mode_may_be_behind_an_existing_load_balancer() -> None:
    """An internal one that is there is taken: none is made, and the names are in a private zone."""
    changes = {**PRIVATE, "vpc": ISOLATED, "load_balancer.existing": EXISTING}
    template = edge_stack(data(changes))
    template.resource_count_is(LOAD_BALANCER, 0)
    assert properties(template, "AWS::Route53::HostedZone")["VPCs"]


def test_a_public_zone_is_named_twice_in_private_mode() -> None:
    """An existing zone takes the names, and validates the certificate if it is public."""
    zones = {"dns.hosted_zone_id": "Z1", "dns.validation_zone_id": "Z1"}
    template = edge_stack(data({**PRIVATE, "dns.certificate_arn": None, **zones}))
    options = properties(template, CERTIFICATE)["DomainValidationOptions"]
    assert {option["HostedZoneId"] for option in options} == {"Z1"}


@pytest.mark.parametrize(
    ("changes", "has_endpoint"),
    [
        ({}, True),
        ({"new_vpc.interface_endpoints": ["ssmmessages", "kms"]}, True),
        ({"new_vpc.nat_gateways": 1}, False),
        ({f"{ES}.enable_execute_command": False}, False),
    ],
)
def test_a_shell_without_nat_has_its_endpoint(changes: dict[str, Any], has_endpoint: bool) -> None:
    """ECS Exec reaches Systems Manager through an endpoint where nothing else leads there."""
    made = edge_stack(data({**PRIVATE, f"{ES}.enable_execute_command": True, **changes}))
    endpoints = str(made.find_resources("AWS::EC2::VPCEndpoint"))
    assert ("ssmmessages" in endpoints) is has_endpoint
    assert (".kms" in endpoints) is ("new_vpc.interface_endpoints" in changes)


def test_storage_may_be_there_already() -> None:
    """No bucket is made, and the task may use the one that is named, with its key."""
    storage = {"storage": True, "storage_bucket_name": "acme-data", "storage_kms_key_arn": KEY_ARN}
    changes = {f"{ES}.{key}": value for key, value in storage.items()}
    template = edge_stack(data(changes))
    assert not any("Storage" in name for name in template.find_resources(BUCKET))
    granted = statements(template, "EdgeServeresTaskRole")
    assert (["kms:Decrypt", "kms:GenerateDataKey"], KEY_ARN, None) in granted
    assert "acme-data" in str(granted)
    del changes[f"{ES}.storage_bucket_name"]
    bucket = properties(edge_stack(data(changes)), BUCKET, "EdgeServeresStorage")
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"] == KEY_ARN


def test_variables_come_from_other_secrets_and_parameters() -> None:
    """Each is read by ECS, which may do so, also where a customer-managed key encrypts it."""
    other = {
        "TOKEN": {"secret_arn": secret_arn("other"), "field": "token", "kms_key_arn": KEY_ARN},
        "WHOLE": {"secret_arn": secret_arn("whole")},
        "PARAMETER": {"parameter_arn": PARAMETER, "kms_key_arn": OTHER_KEY_ARN},
        "SIMPLE": {"parameter_arn": PARAMETER.replace("acme/es", "simple")},
        "JWT_JWKS": {"parameter_arn": PARAMETER},
    }
    changes = {f"{ES}.secrets": other, "jwt_jwks_secret_arn": secret_arn("jwks")}
    template = edge_stack(data({**changes, "aws": {"account": ACCOUNT, "region": REGION}}))
    found = secrets(template)
    assert found["TOKEN"] == f"{secret_arn('other')}:token::"
    assert found["WHOLE"] == secret_arn("whole")
    assert str(found["PARAMETER"]).endswith(":parameter/acme/es']]}")
    assert str(found["SIMPLE"]).endswith(":parameter/simple']]}")
    assert found["JWT_JWKS"] == found["PARAMETER"]
    granted = statements(template, "EdgeServeresExecutionRole")
    of_keys = [
        (resource, condition)
        for actions, resource, condition in granted
        if "kms:Decrypt" in actions
    ]
    context = {"kms:EncryptionContext:SecretARN": secret_arn("other")}
    assert (KEY_ARN, {"StringLike": context}) in of_keys
    assert (OTHER_KEY_ARN, None) in of_keys
    assert len(of_keys) == 2
    assert any("ssm:GetParameters" in actions for actions, _, _ in granted)


@pytest.mark.parametrize("policy", SSL_POLICIES)
def test_each_tls_policy_is_that_of_aws(policy: str) -> None:
    """A policy goes by AWS's name in the file as in the template."""
    template = edge_stack(data({"load_balancer.ssl_policy": policy}))
    assert f"'SslPolicy': '{policy}'" in str(template.find_resources(LISTENER))


def test_subnets_by_their_ids_are_no_warning() -> None:
    """Load balancer, service and function are in the subnets that are named, without a word."""
    changes = {
        "vpc": VPC,
        "load_balancer.subnet_ids": ["subnet-00000007", "subnet-00000008"],
        f"{ES}.subnet_ids": ["subnet-00000007"],
        LAMBDA: [{**FUNCTION, "in_vpc": True, "subnet_ids": ["subnet-00000007"]}],
    }
    config = DatafiEdgeConfig.model_validate(data(changes))
    stack = DatafiEdgeStack(new_app(), "DatafiEdge", config=config)
    assert Annotations.from_stack(stack).find_warning("*", Match.any_value()) == []
    template = Template.from_stack(stack)
    assert properties(template, LOAD_BALANCER)["Subnets"] == ["subnet-00000007", "subnet-00000008"]
    assert subnets(template) == ["subnet-00000007"]
    assert properties(template, FUNCTION_TYPE, "EdgeServerfn")["VpcConfig"]["SubnetIds"] == [
        "subnet-00000007"
    ]


# What the configuration takes at the edges of its rules.
ACCEPTED: list[dict[str, Any]] = [
    {"new_vpc.cidr": "10.0.0.0/25"},
    {**PRIVATE, "new_vpc.cidr": "10.0.0.0/26"},
    {"new_vpc.cidr": "10.0.0.0/24", "new_vpc.max_azs": 3,
     "aws": {"account": "111111111111", "region": "us-east-1"}},
    {"new_vpc.interface_endpoints": ["ecr.api", "ssmmessages", "sqs"], "new_vpc.nat_gateways": 0,
     f"{ES}.ecr_repository_arn": f"{REPOSITORY}/es"},
    {"load_balancer.allowed_cidrs": [f"10.{i}.0.0/16" for i in range(20)] + ["fd00::/48"]},
    {"load_balancer.allowed_prefix_list_ids": ["pl-0a1b2c3d4e5f60718"]},
    {"load_balancer.access_logs_bucket_name": "acme.logs-1"},
    {"load_balancer.grpc_over_https": False, f"{ES}.http_rule_priority": 1},
    {"vpc": VPC, "load_balancer.existing": {
        k: v for k, v in EXISTING.items() if k != "grpc_listener_arn"}},
    {"vpc": {**VPC, "public_subnet_ids": []},
     "load_balancer.subnet_ids": ["subnet-00000008", "subnet-00000009"]},
    {"vpc": {**VPC, "public_subnet_ids": []}, **PRIVATE},
    {"vpc": {k: v for k, v in ISOLATED.items() if k != "cidr"}, **PRIVATE,
     "load_balancer.allowed_security_group_ids": ["sg-00000001"]},
    {"vpc": {**ISOLATED, "availability_zones": ["us-west-2-lax-1a", "us-west-2-lax-1b"]},
     **PRIVATE},
    {"vpc": VPC, "cluster_name": "acme_Cluster-1", f"{ES}.assign_public_ip": True},
    {"vpc": VPC, f"{ES}.subnet_ids": ["subnet-00000001"], f"{ES}.assign_public_ip": True},
    {"vpc": {**VPC, "isolated_subnet_ids": ["subnet-00000005", "subnet-00000006"]},
     f"{ES}.subnet_ids": ["subnet-00000005"], f"{ES}.egress_provided": True},
    {f"{ES}.security_group_ids": [f"sg-{i:08x}" for i in range(5)]},
    {f"{ES}.capacity_provider_strategies": [
        {"capacity_provider": "FARGATE", "base": 1, "weight": 0},
        {"capacity_provider": "FARGATE_SPOT", "weight": 1, "base": 0}]},
    {f"{ES}.http_health_check": {"path": "/", "codes": "200-299,301", "port": 1,
                                 "interval_seconds": 5, "timeout_seconds": 4}},
    {f"{ES}.grpc_health_check": {"codes": "0,12", "interval_seconds": 300, "timeout_seconds": 120}},
    {f"{ES}.http_rule_priority": 2, f"{ES}.grpc_rule_priority": 1},
    {f"{ES}.image_version_fixed": True, f"{ES}.image_digest": DIGEST},
    {f"{ES}.image_version_fixed": True, f"{ES}.secret_arn": secret_arn("es")},
    {f"{ES}.image_version_fixed": True, f"{ES}.ecr_repository_arn": f"{REPOSITORY}/es"},
    {f"{ES}.image_version_parameter": "/acme/es", f"{ES}.secret_arn": secret_arn("es"),
     f"{ES}.secret_variables": ["KEY"], f"{ES}.ecr_repository_arn": f"{REPOSITORY}/es"},
    {f"{ES}.http_rule_priority": 50000}, {f"{ES}.grpc_rule_priority": 1},
    {f"{ES}.deployment_alarm_names": ["Edge: too slow"]},
    {f"{ES}.log_group_name": "/acme/datafi-1_a.b#c"},
    {"pull_through_cache": {"docker_hub_secret_arn": CACHE_SECRET,
                            "repository_prefix": "acme/datafi_1.x"}},
    {LAMBDA: [{**FUNCTION, "environment": {"AB": "x", "A_": "x"}, "log_group_name": "x"}]},
    {LAMBDA: [{**FUNCTION, "in_vpc": True, "security_group_ids": ["sg-00000001"]}], "vpc": ISOLATED,
     **PRIVATE},
    {"dns.namespace": {**NAMESPACE, "name": "x"}},
    {"load_balancer.max_rules": 5},
    {"load_balancer.max_rules": 4, "load_balancer.grpc_over_https": False},
    {"load_balancer.max_rules": 4, "vpc": VPC, "load_balancer.existing": {
        k: v for k, v in EXISTING.items() if k != "grpc_listener_arn"}},
    {"load_balancer.max_rules": 6, LAMBDA: [FUNCTION]},
    {"load_balancer.max_rules": 3, "update_api": CALLERS},
    {"load_balancer.max_rules": 5, "update_api.shared": True},
    {"update_api": {**CALLERS, "shared": True, "redeploy_on_rotation": True},
     f"{ES}.secret_arn": secret_arn("es")},
    {"update_api": {"shared": True, "secret_arn": secret_arn("up"), "secret_kms_key_arn": KEY_ARN,
                    "root_path_rule_priority": 49999}},
    {"update_api": {"update_windows": [{**WINDOW, "start": "00:00", "duration_minutes": 10080},
                                       {**WINDOW, "start": "23:59", "duration_minutes": 1}],
                    "update_freezes": [FREEZE, {"start": "2027-02-01T00:00:00.5-0930"}],
                    "allowed_tags": ["*", "?.x-1", "v" * 128],
                    "reserved_concurrent_executions": 100_000}},
    {f"{ES}.update_secret_arn": secret_arn("up"), f"{ES}.update_secret_kms_key_arn": KEY_ARN,
     f"{ES}.update_rule_priority": 50000, "update_api.redeploy_on_rotation": True},
]  # fmt: skip


@pytest.mark.parametrize("changes", ACCEPTED)
def test_what_the_configuration_takes_the_stack_takes(changes: dict[str, Any]) -> None:
    """No construct refuses later, without a line, what the file may say."""
    edge_stack(data(changes)).resource_count_is(SERVICE, 1)


def test_one_function_takes_as_many_servers_as_a_stack_has_room_for() -> None:
    """Twenty-six servers with `shared` and the coordinator are taken by file and stack."""
    servers = [{"name": f"es-{i}"} for i in range(26)]
    changes = {"edge_servers.long_running": servers, "coordinator": CO, "update_api.shared": True}
    template = edge_stack(data({**changes, "load_balancer.max_rules": 100}))
    template.resource_count_is(SERVICE, 27)
