"""What a configuration says of network, names and load balancer, as arguments of constructs."""

from __future__ import annotations

import hashlib
from typing import Any, cast

from aws_cdk import Annotations, Duration, Names
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct, IConstruct

from .config import DatafiEdgeConfig
from .config_sections import DnsConfig, ExistingLoadBalancerConfig, LoadBalancerConfig, VpcConfig
from .config_services import StorageConfig
from .places import stack_of
from .synthesis import concrete
from .validation import LOG_RETENTION_DAYS, SSL_POLICIES

_EXEC_ENDPOINT = "ssmmessages"
_UPDATE_ENDPOINTS = ("ecs", "events", "lambda", "ssm", "xray")


def secret_of(
    scope: Construct, construct_id: str, arn: str | None, key_arn: str | None = None
) -> secretsmanager.ISecret | None:
    """An existing secret, with its key if that is a customer-managed one."""
    return required_secret(scope, construct_id, arn, key_arn) if arn else None


def required_secret(
    scope: Construct, construct_id: str, arn: str, key_arn: str | None = None
) -> secretsmanager.ISecret:
    """The same, of an ARN that is there."""
    return secretsmanager.Secret.from_secret_attributes(
        scope,
        construct_id,
        secret_complete_arn=arn,
        encryption_key=key_of(scope, f"{construct_id}-Key", key_arn),
    )


def security_groups(
    scope: Construct, construct_id: str, ids: list[str]
) -> list[ec2.ISecurityGroup] | None:
    """Existing security groups, or `None` if there is none.

    One that several servers name is imported once, so that CDK makes each of its rules once: the
    same rule twice would be one in EC2, and go with the first server that goes.
    """
    kind = construct_id.rpartition("-")[2]
    return [
        cast(ec2.ISecurityGroup | None, scope.node.try_find_child(f"{kind}-{group}"))
        or ec2.SecurityGroup.from_security_group_id(scope, f"{kind}-{group}", group)
        for group in ids
    ] or None


def role_of(scope: Construct, construct_id: str, arn: str | None) -> iam.IRole | None:
    """An existing role, whose policy has a name of its own.

    CDK names policies by their place in the stack, so that stacks, also of several regions, would
    overwrite each other's in one role (aws/aws-cdk#16074).
    """
    if arn is None:
        return None
    place = f"{concrete(stack_of(scope).region) or ''}{construct_id}"
    distinction = hashlib.sha256(place.encode()).hexdigest()[:8]
    stack_name = Names.unique_resource_name(scope, max_length=100)
    return iam.Role.from_role_arn(
        scope, construct_id, arn, default_policy_name=f"{stack_name}{distinction}"
    )


def subnets(scope: Construct, construct_id: str, ids: list[str]) -> ec2.SubnetSelection | None:
    """Existing subnets, or `None` if there is none."""
    if not ids:
        return None
    selected = [
        ec2.Subnet.from_subnet_id(scope, f"{construct_id}-{subnet}", subnet) for subnet in ids
    ]
    for subnet in selected:
        _accept_unknown_routes(subnet)
    return ec2.SubnetSelection(subnets=selected)


def key_of(scope: Construct, construct_id: str, arn: str | None) -> kms.IKey | None:
    """An existing key."""
    return kms.Key.from_key_arn(scope, construct_id, arn) if arn else None


def storage_arguments(
    scope: Construct,
    construct_id: str,
    storage: StorageConfig,
    *,
    encryption_key: kms.IKey | None,
    server_access_logs_bucket: s3.IBucket | None,
) -> dict[str, Any]:
    """The arguments of an `EdgeStorage`: of an existing bucket it takes the key with the bucket.

    Args:
        scope: Where what is there already is imported.
        construct_id: What the ids of the imports start with.
        storage: What the server's section says of it.
        encryption_key: The key of a new bucket, unless the section names one.
        server_access_logs_bucket: Where requests to a new bucket are logged.
    """
    key = key_of(scope, f"{construct_id}-Key", storage.storage_kms_key_arn)
    if storage.storage_bucket_name is None:
        return {
            "encryption_key": key or encryption_key,
            "server_access_logs_bucket": server_access_logs_bucket,
        }
    bucket = s3.Bucket.from_bucket_attributes(
        scope,
        f"{construct_id}-Existing",
        bucket_name=storage.storage_bucket_name,
        encryption_key=key,
    )
    return {"bucket": bucket}


def load_balancer_arguments(scope: Construct, config: DatafiEdgeConfig) -> dict[str, Any]:
    """The arguments of a new `SharedIngress`.

    Args:
        scope: Where what is there already is imported.
        config: The configuration.
    """
    load_balancer = config.load_balancer
    bucket_name = load_balancer.access_logs_bucket_name
    return {
        "vpc_subnets": subnets(scope, "LoadBalancerSubnet", load_balancer.subnet_ids),
        "ssl_policy": elbv2.SslPolicy[SSL_POLICIES[load_balancer.ssl_policy]],
        "idle_timeout": Duration.seconds(load_balancer.idle_timeout_seconds),
        "allowed_cidrs": load_balancer.allowed_cidrs or None,
        "allowed_prefix_lists": load_balancer.allowed_prefix_list_ids or None,
        "allowed_security_groups": security_groups(
            scope, "Allowed", load_balancer.allowed_security_group_ids
        ),
        "dual_stack": load_balancer.dual_stack,
        "grpc_over_https": load_balancer.grpc_over_https,
        "access_logs": load_balancer.access_logs,
        "access_logs_bucket": s3.Bucket.from_bucket_name(scope, "AccessLogs", bucket_name)
        if bucket_name
        else None,
        "web_acl": load_balancer.web_acl or (config.hardened and load_balancer.web_acl_arn is None),
        "web_acl_arn": load_balancer.web_acl_arn,
        "max_rules": load_balancer.max_rules,
    }


def existing_load_balancer_arguments(
    load_balancer: LoadBalancerConfig, existing: ExistingLoadBalancerConfig
) -> dict[str, Any]:
    """The arguments of `SharedIngress.from_attributes`.

    Args:
        load_balancer: The section of the load balancer.
        existing: Its part about an existing one.
    """
    return {
        "https_listener_arn": existing.https_listener_arn,
        "grpc_listener_arn": existing.grpc_listener_arn,
        "security_group_ids": existing.security_group_ids,
        "load_balancer_arn": existing.load_balancer_arn,
        "load_balancer_dns_name": existing.dns_name,
        "load_balancer_canonical_hosted_zone_id": existing.canonical_hosted_zone_id,
        "priority_range": (existing.lowest_priority, existing.highest_priority),
        "dual_stack": load_balancer.dual_stack,
        "grpc_over_https": load_balancer.grpc_over_https,
        "max_rules": load_balancer.max_rules,
    }


def dns_arguments(scope: Construct, dns: DnsConfig) -> dict[str, Any]:
    """The arguments of an `EdgeDns`, but for a new private zone's VPC.

    Args:
        scope: Where what is there already is imported.
        dns: Its section.
    """
    parent = dns.parent_zone
    return {
        "root_domain": dns.root_domain,
        "hosted_zone": _zone(scope, "HostedZone", dns.hosted_zone_id),
        "parent_zone": _zone(scope, "ParentZone", parent.hosted_zone_id) if parent else None,
        "delegation_role": role_of(scope, "DelegationRole", parent.delegation_role_arn)
        if parent
        else None,
        "certificate": acm.Certificate.from_certificate_arn(
            scope, "Certificate", dns.certificate_arn
        )
        if dns.certificate_arn
        else None,
        "validation_zone": _zone(scope, "ValidationZone", dns.validation_zone_id),
        "enable_hosted_zone": dns.enable_hosted_zone,
        "record_per_service": dns.record_per_service,
    }


def _zone(scope: Construct, construct_id: str, zone_id: str | None) -> route53.IHostedZone | None:
    return route53.HostedZone.from_hosted_zone_id(scope, construct_id, zone_id) if zone_id else None


def network_arguments(config: DatafiEdgeConfig) -> dict[str, Any]:
    """The arguments of an `EdgeNetwork`.

    Args:
        config: The configuration, which names no VPC.
    """
    new_vpc = config.new_vpc
    nat_gateways = new_vpc.nat_gateways
    if nat_gateways is None:
        nat_gateways = 0 if config.private else 1
    return {
        "ip_addresses": ec2.IpAddresses.cidr(new_vpc.cidr) if new_vpc.cidr else None,
        "max_azs": new_vpc.max_azs,
        "nat_gateways": nat_gateways,
        "public_subnets": nat_gateways > 0 or not config.private,
        "dual_stack": config.load_balancer.dual_stack,
        "flow_logs": new_vpc.flow_logs,
        "flow_log_retention": retention_of(new_vpc.flow_log_retention_days),
        "interface_endpoints": [
            ec2.InterfaceVpcEndpointAwsService(name)
            for name in _endpoints(config, has_nat=nat_gateways > 0)
        ],
    }


def _endpoints(config: DatafiEdgeConfig, *, has_nat: bool) -> list[str]:
    """Services with endpoints beside those that every task needs.

    Source of what ECS Exec needs: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/vpc-endpoints.html
    """
    named = config.new_vpc.interface_endpoints
    if has_nat:
        return named
    services = [*config.edge_servers.long_running, config.coordinator]
    has_exec = any(
        service and service.enable_execute_command and not service.assign_public_ip
        for service in services
    )
    needed = [_EXEC_ENDPOINT] if has_exec else []
    if config.hardened and any(services):
        needed += _UPDATE_ENDPOINTS
    return [*named, *(each for each in needed if each not in named)]


def retention_of(days: int) -> logs.RetentionDays:
    """How long a log is kept, as CDK says it."""
    return logs.RetentionDays[LOG_RETENTION_DAYS[days]]


def existing_vpc(scope: Construct, vpc: VpcConfig) -> ec2.IVpc:
    """A VPC that is there already: looked up, or by its attributes.

    Args:
        scope: Where it is imported.
        vpc: Its section.
    """
    if not vpc.availability_zones:
        return ec2.Vpc.from_lookup(scope, "Vpc", vpc_id=vpc.vpc_id)
    existing = ec2.Vpc.from_vpc_attributes(
        scope,
        "Vpc",
        vpc_id=vpc.vpc_id,
        vpc_cidr_block=vpc.cidr,
        availability_zones=vpc.availability_zones,
        public_subnet_ids=vpc.public_subnet_ids or None,
        private_subnet_ids=vpc.private_subnet_ids or None,
        isolated_subnet_ids=vpc.isolated_subnet_ids or None,
    )
    _accept_unknown_routes(existing)
    return existing


def _accept_unknown_routes(place: IConstruct) -> None:
    """Let CDK not warn of subnets whose route table nobody asks for."""
    Annotations.of(place).acknowledge_warning(
        "@aws-cdk/aws-ec2:noSubnetRouteTableId", "No route is added to an existing subnet"
    )
