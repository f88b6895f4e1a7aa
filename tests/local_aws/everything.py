"""A list of all that is in an embedded AWS, of whatever service."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from datafi_cdk.local import EmbeddedAws

# Service, call, key of the answer, key of an entry's name, and arguments.
_LISTS: tuple[tuple[str, str, str, str, dict[str, Any]], ...] = (
    ("acm", "list_certificates", "CertificateSummaryList", "CertificateArn", {}),
    ("cloudformation", "describe_stacks", "Stacks", "StackId", {}),
    ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName", {}),
    ("dynamodb", "list_tables", "TableNames", "", {}),
    ("ec2", "describe_addresses", "Addresses", "AllocationId", {}),
    ("ec2", "describe_flow_logs", "FlowLogs", "FlowLogId", {}),
    ("ec2", "describe_internet_gateways", "InternetGateways", "InternetGatewayId", {}),
    ("ec2", "describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId", {}),
    ("ec2", "describe_route_tables", "RouteTables", "RouteTableId", {}),
    ("ec2", "describe_security_groups", "SecurityGroups", "GroupId", {}),
    ("ec2", "describe_subnets", "Subnets", "SubnetId", {}),
    ("ec2", "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId", {}),
    ("ec2", "describe_vpcs", "Vpcs", "VpcId", {}),
    ("ecr", "describe_repositories", "repositories", "repositoryName", {}),
    ("ecs", "list_clusters", "clusterArns", "", {}),
    ("ecs", "list_task_definitions", "taskDefinitionArns", "", {"status": "ACTIVE"}),
    ("elbv2", "describe_load_balancers", "LoadBalancers", "LoadBalancerArn", {}),
    ("elbv2", "describe_target_groups", "TargetGroups", "TargetGroupArn", {}),
    ("events", "list_rules", "Rules", "Name", {}),
    ("iam", "list_policies", "Policies", "PolicyName", {"Scope": "Local"}),
    ("iam", "list_roles", "Roles", "RoleName", {}),
    ("lambda", "list_functions", "Functions", "FunctionName", {}),
    ("lambda", "list_layers", "Layers", "LayerName", {}),
    ("logs", "describe_log_groups", "logGroups", "logGroupName", {}),
    ("route53", "list_hosted_zones", "HostedZones", "Id", {}),
    ("s3", "list_buckets", "Buckets", "Name", {}),
    (
        "secretsmanager",
        "list_secrets",
        "SecretList",
        "ARN",
        {"IncludePlannedDeletion": True},
    ),
    ("servicediscovery", "list_namespaces", "Namespaces", "Id", {}),
    ("servicediscovery", "list_services", "Services", "Id", {}),
    ("sns", "list_topics", "Topics", "TopicArn", {}),
    ("sqs", "list_queues", "QueueUrls", "", {}),
    ("ssm", "describe_parameters", "Parameters", "Name", {}),
    ("wafv2", "list_web_acls", "WebACLs", "Id", {"Scope": "REGIONAL"}),
)


def everything(aws: EmbeddedAws) -> set[str]:
    """All that is there, each as the kind and the name or id, such as `s3 Buckets: assets`.

    Keys that wait for their deletion are left out, for AWS lets none go at once. Revisions of task
    definitions are left out if they are INACTIVE, as nothing removes these.
    """
    return {
        f"{service} {key}: {entry[name] if name else entry}"
        for service, call, key, name, arguments in _LISTS
        for entry in _entries(aws.client(service), call, key, arguments)
    } | {f"kms Keys: {key}" for key in _keys(aws)}


def _entries(client: Any, call: str, key: str, arguments: dict[str, Any]) -> Iterator[Any]:
    if client.can_paginate(call):
        for page in client.get_paginator(call).paginate(**arguments):
            yield from page.get(key, [])
    else:
        yield from getattr(client, call)(**arguments).get(key, [])


def _keys(aws: EmbeddedAws) -> Iterator[str]:
    kms = aws.client("kms")
    for key in kms.list_keys()["Keys"]:
        described = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
        if described["KeyState"] != "PendingDeletion":
            yield str(key["KeyId"])
