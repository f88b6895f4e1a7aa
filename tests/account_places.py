"""Everything that AWS tells of an account, but for what Secrets Manager itself holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from canary_search import Place
from datafi_cdk.local import EmbeddedAws


def account_places(aws: EmbeddedAws) -> Iterator[Place]:
    """What can be read now, each answer under the name of its call."""
    for found in (_stacks, _services, _functions, _parameters, _events, _logs, _other):
        for place, answer in found(aws):
            yield place, json.dumps(answer, default=str)


def _stacks(aws: EmbeddedAws) -> Iterator[tuple[str, Any]]:
    client = aws.client("cloudformation")
    for stack in client.describe_stacks()["Stacks"]:
        name = stack["StackName"]
        yield f"DescribeStacks {name}", stack
        yield f"GetTemplate {name}", client.get_template(StackName=name)["TemplateBody"]
        yield f"DescribeStackEvents {name}", client.describe_stack_events(StackName=name)
        yield f"DescribeStackResources {name}", client.describe_stack_resources(StackName=name)


def _services(aws: EmbeddedAws) -> Iterator[tuple[str, Any]]:
    client = aws.client("ecs")
    for status in ("ACTIVE", "INACTIVE"):
        for arn in client.list_task_definitions(status=status)["taskDefinitionArns"]:
            definition = client.describe_task_definition(taskDefinition=arn)
            yield f"DescribeTaskDefinition {arn}", definition
    for cluster in client.list_clusters()["clusterArns"]:
        services = client.list_services(cluster=cluster)["serviceArns"]
        tasks = client.list_tasks(cluster=cluster)["taskArns"]
        if services:
            described = client.describe_services(cluster=cluster, services=services)
            yield f"DescribeServices {cluster}", described
        if tasks:
            yield f"DescribeTasks {cluster}", client.describe_tasks(cluster=cluster, tasks=tasks)


def _functions(aws: EmbeddedAws) -> Iterator[tuple[str, Any]]:
    client = aws.client("lambda")
    for function in client.list_functions()["Functions"]:
        name = function["FunctionName"]
        configuration = client.get_function_configuration(FunctionName=name)
        yield f"GetFunctionConfiguration {name}", configuration


def _parameters(aws: EmbeddedAws) -> Iterator[tuple[str, Any]]:
    client = aws.client("ssm")
    for page in client.get_paginator("describe_parameters").paginate():
        for parameter in page["Parameters"]:
            name = parameter["Name"]
            yield f"GetParameter {name}", client.get_parameter(Name=name)
            history = client.get_paginator("get_parameter_history").paginate(Name=name)
            yield f"GetParameterHistory {name}", list(history)


def _events(aws: EmbeddedAws) -> Iterator[tuple[str, Any]]:
    client = aws.client("events")
    for rule in client.list_rules()["Rules"]:
        yield f"ListRules {rule['Name']}", rule
        targets = client.list_targets_by_rule(Rule=rule["Name"])
        yield f"ListTargetsByRule {rule['Name']}", targets


def _logs(aws: EmbeddedAws) -> Iterator[tuple[str, Any]]:
    client = aws.client("logs")
    for group in client.describe_log_groups()["logGroups"]:
        name = group["logGroupName"]
        pages = client.get_paginator("filter_log_events").paginate(logGroupName=name)
        yield f"FilterLogEvents {name}", [event for page in pages for event in page["events"]]


def _other(aws: EmbeddedAws) -> Iterator[tuple[str, Any]]:
    yield "ListSecrets", aws.client("secretsmanager").list_secrets()
    balancing = aws.client("elbv2")
    yield "DescribeLoadBalancers", balancing.describe_load_balancers()
    yield "DescribeTargetGroups", balancing.describe_target_groups()
    storage = aws.client("s3")
    for bucket in storage.list_buckets()["Buckets"]:
        for entry in storage.list_objects_v2(Bucket=bucket["Name"]).get("Contents", ()):
            content = storage.get_object(Bucket=bucket["Name"], Key=entry["Key"])["Body"].read()
            yield f"GetObject {bucket['Name']}/{entry['Key']}", content.decode("latin-1")
