"""Every argument of `ServiceOptions`: its default, and what it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import jsii
import pytest
from datafi_cdk import AutoScaling, EdgeServer, ImageVersion
from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_servicediscovery as servicediscovery
from aws_cdk import aws_ssm as ssm
from aws_cdk.assertions import Template
from datafi_cdk.service_options import ServiceOptions
from deployment import (
    ACCOUNT,
    KEY_ARN,
    LISTENER_RULE,
    LOG_GROUP,
    POLICY,
    SECURITY_GROUP,
    SERVICE,
    TARGET_GROUP,
    TASK_DEFINITION,
    Surroundings,
    attributes,
    deployed,
    let_in,
    logical_id,
    new_stack,
    one,
    properties,
    secret,
    secret_arn,
    surroundings,
)

ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/existing"
DIGEST = f"sha256:{'0' * 64}"
Read = Callable[[Template, str], Any]
ABSENT = "<absent>"


@jsii.implements(ecs.ITaskDefinitionExtension)
class Sidecar:
    """A container that also listens on the ports of the server."""

    def extend(self, task_definition: ecs.TaskDefinition) -> None:
        """Add the container, and make it the one that CDK takes by default."""
        task_definition.default_container = task_definition.add_container(
            "Sidecar",
            image=ecs.ContainerImage.from_registry("public.ecr.aws/traces/collector"),
            port_mappings=[ecs.PortMapping(container_port=port) for port in (9999, 4317)],
        )


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError):
            return ABSENT
    return value


def task(*path: Any) -> Read:
    """A property of the task definition."""
    return lambda template, prefix: _at(properties(template, TASK_DEFINITION, prefix), path)


def container(*path: Any) -> Read:
    """A property of the server's container."""
    return task("ContainerDefinitions", 0, *path)


def service(*path: Any) -> Read:
    """A property of the service."""
    return lambda template, prefix: _at(properties(template, SERVICE, prefix), path)


def targets(kind: str, *path: Any) -> Read:
    """A property of a target group."""
    return lambda template, prefix: _at(properties(template, TARGET_GROUP, prefix + kind), path)


def delay(template: Template, prefix: str) -> str:
    """How long targets are drained."""
    made = properties(template, TARGET_GROUP, f"{prefix}Grpc")
    return attributes(made, "TargetGroupAttributes")["deregistration_delay.timeout_seconds"]


def log_group(*path: Any) -> Read:
    """Something of the log group."""
    return lambda template, prefix: _at(one(template, LOG_GROUP, prefix), path)


def network(*path: Any) -> Read:
    """Where the tasks are."""
    return service("NetworkConfiguration", "AwsvpcConfiguration", *path)


def count_of(resource_type: str, prefix: str = "") -> Read:
    """How many resources of a type belong to the server."""

    def read(template: Template, server: str) -> int:
        names = template.find_resources(resource_type)
        return len([name for name in names if name.startswith(server + prefix)])

    return read


def priority(rule: str) -> Read:
    """Whether the priority of a rule was given by hand, as the tests do with 7 and 8."""
    return lambda template, prefix: (
        properties(template, LISTENER_RULE, prefix + rule)["Priority"] in (7, 8)
    )


def environment(template: Template, prefix: str) -> Any:
    """The value of TIMEOUT."""
    entries = container("Environment")(template, prefix)
    return {entry["Name"]: entry["Value"] for entry in entries}.get("TIMEOUT", ABSENT)


def ports_let_in(template: Template, prefix: str) -> list[int]:
    """The ports of the tasks at which the load balancer is let in."""
    group = {"Fn::GetAtt": [logical_id(template, SECURITY_GROUP, prefix), "GroupId"]}
    return sorted(rule["FromPort"] for rule in let_in(template) if rule["GroupId"] == group)


class Case(NamedTuple):
    """An argument, a value of it, what it shows in, and that without and with the value."""

    argument: str
    value: Callable[[Surroundings], Any]
    read: Read
    default: Any
    effect: Any
    others: Mapping[str, Any] = MappingProxyType({})


def _group(made: Surroundings) -> ec2.ISecurityGroup:
    return ec2.SecurityGroup.from_security_group_id(made.stack, "Group", "sg-123")


def _namespace(made: Surroundings) -> servicediscovery.INamespace:
    return servicediscovery.PrivateDnsNamespace.from_private_dns_namespace_attributes(
        made.stack, "Names", namespace_name="a.b", namespace_id="ns-1", namespace_arn="arn"
    )


def _parameter(made: Surroundings) -> ssm.IStringParameter:
    return ssm.StringParameter.from_secure_string_parameter_attributes(
        made.stack, "Parameter", parameter_name="key"
    )


def _own_subnet(made: Surroundings) -> ec2.SubnetSelection:
    return ec2.SubnetSelection(subnets=[ec2.Subnet.from_subnet_id(made.stack, "Own", "subnet-own")])


def _strategies(_: Surroundings) -> list[ecs.CapacityProviderStrategy]:
    return [
        ecs.CapacityProviderStrategy(capacity_provider="FARGATE", base=1, weight=1),
        ecs.CapacityProviderStrategy(capacity_provider="FARGATE_SPOT", weight=3),
    ]


def _role(construct_id: str) -> Callable[[Surroundings], iam.IRole]:
    return lambda made: iam.Role.from_role_arn(made.stack, construct_id, ROLE_ARN)


_BREAKER = ("DeploymentConfiguration", "DeploymentCircuitBreaker")
_MADE_ROLE = "TaskRole"
_STRATEGIES = [
    {"Base": 1, "CapacityProvider": "FARGATE", "Weight": 1},
    {"CapacityProvider": "FARGATE_SPOT", "Weight": 3},
]
CASES = [
    Case("image_tag", lambda _: "v7", container("Image"), "datafi/es:latest", "datafi/es:v7"),
    Case(
        "image_digest",
        lambda _: DIGEST,
        container("Image"),
        "datafi/es:latest",
        f"datafi/es@{DIGEST}",
    ),
    Case(
        "image",
        lambda _: ecs.ContainerImage.from_registry("registry.example.com/es:v1"),
        container("Image"),
        "datafi/es:latest",
        "registry.example.com/es:v1",
    ),
    Case(
        "image_version",
        lambda _: ImageVersion.from_parameter_name("/acme/es"),
        container("Image"),
        "datafi/es:latest",
        "datafi/es:/acme/es",
    ),
    Case("cpu", lambda _: 512, task("Cpu"), "1024", "512"),
    Case("memory_limit_mib", lambda _: 4096, task("Memory"), "2048", "4096"),
    Case(
        "cpu_architecture",
        lambda _: ecs.CpuArchitecture.ARM64,
        task("RuntimePlatform"),
        {"CpuArchitecture": "X86_64", "OperatingSystemFamily": "LINUX"},
        {"CpuArchitecture": "ARM64", "OperatingSystemFamily": "LINUX"},
    ),
    Case(
        "ephemeral_storage_gib",
        lambda _: 50,
        task("EphemeralStorage"),
        ABSENT,
        {"SizeInGiB": 50},
    ),
    Case("desired_count", lambda _: 3, service("DesiredCount"), 1, 3),
    Case("desired_count", lambda _: 0, service("DesiredCount"), 1, 0),
    Case(
        "auto_scaling",
        lambda _: AutoScaling(2, 5, cpu_percent=60),
        service("DesiredCount"),
        1,
        ABSENT,
    ),
    Case(
        "auto_scaling",
        lambda _: AutoScaling(0, 5, memory_percent=60),
        count_of("AWS::ApplicationAutoScaling::ScalableTarget"),
        0,
        1,
    ),
    Case(
        "capacity_provider_strategies",
        _strategies,
        service("CapacityProviderStrategy"),
        ABSENT,
        _STRATEGIES,
    ),
    Case(
        "capacity_provider_strategies",
        lambda made: tuple(_strategies(made)),
        service("LaunchType"),
        "FARGATE",
        ABSENT,
    ),
    Case(
        "secret_variables",
        lambda _: {"KEY": "es_key"},
        container("Secrets"),
        ABSENT,
        [{"Name": "KEY", "ValueFrom": f"{secret_arn('es')}:es_key::"}],
        {"secret": lambda made: secret(made.stack, "es")},
    ),
    Case(
        "secrets",
        lambda made: {"TIMEOUT": ecs.Secret.from_ssm_parameter(_parameter(made))},
        container("Secrets", 0, "Name"),
        ABSENT,
        "TIMEOUT",
    ),
    Case("environment", lambda _: {"TIMEOUT": "1200"}, environment, ABSENT, "1200"),
    Case(
        "vpc_subnets",
        _own_subnet,
        network("Subnets"),
        ["subnet-private-a", "subnet-private-b"],
        ["subnet-own"],
    ),
    Case(
        "security_groups",
        lambda made: [_group(made)],
        count_of(SECURITY_GROUP),
        1,
        0,
    ),
    Case("assign_public_ip", lambda _: True, network("AssignPublicIp"), "DISABLED", "ENABLED"),
    Case(
        "assign_public_ip",
        lambda _: True,
        network("Subnets", 0),
        "subnet-private-a",
        "subnet-public-a",
    ),
    Case(
        "cloud_map_namespace",
        _namespace,
        count_of("AWS::ServiceDiscovery::Service"),
        0,
        1,
    ),
    Case("task_role", _role("TaskRole"), count_of("AWS::IAM::Role", _MADE_ROLE), 1, 0),
    Case(
        "task_role",
        _role("TaskRole2"),
        lambda template, prefix: task("TaskRoleArn")(template, prefix) == ROLE_ARN,
        False,
        True,
    ),
    Case("execution_role", _role("Exec"), count_of("AWS::IAM::Role"), 2, 1),
    Case(
        "logging",
        lambda _: ecs.LogDrivers.splunk(
            secret_token=ecs.Secret.from_ssm_parameter(_parameter(_)), url="https://splunk"
        ),
        container("LogConfiguration", "LogDriver"),
        "awslogs",
        "splunk",
    ),
    Case(
        "log_group",
        lambda made: logs.LogGroup.from_log_group_name(made.stack, "Log", "existing"),
        count_of(LOG_GROUP),
        1,
        0,
    ),
    Case(
        "log_group",
        lambda made: logs.LogGroup.from_log_group_name(made.stack, "Log2", "existing"),
        lambda template, prefix: (
            container("LogConfiguration", "Options", "awslogs-group")(template, prefix)
            == "existing"
        ),
        False,
        True,
    ),
    Case(
        "log_retention",
        lambda _: logs.RetentionDays.ONE_YEAR,
        log_group("Properties", "RetentionInDays"),
        30,
        365,
    ),
    Case(
        "log_retention",
        lambda _: logs.RetentionDays.INFINITE,
        log_group("Properties", "RetentionInDays"),
        30,
        ABSENT,
    ),
    Case(
        "encryption_key",
        lambda made: kms.Key.from_key_arn(made.stack, "LogKey", KEY_ARN),
        log_group("Properties", "KmsKeyId"),
        ABSENT,
        KEY_ARN,
    ),
    Case("enable_execute_command", lambda _: True, service("EnableExecuteCommand"), False, True),
    Case(
        "enable_execute_command",
        lambda _: True,
        count_of(POLICY, _MADE_ROLE),
        0,
        1,
    ),
    Case(
        "extensions",
        lambda _: [Sidecar()],
        task("ContainerDefinitions", 1, "Name"),
        ABSENT,
        "Sidecar",
    ),
    Case(
        "extensions",
        lambda _: (Sidecar(),),
        lambda template, prefix: [
            entry["ContainerPort"] for entry in service("LoadBalancers")(template, prefix)
        ],
        [80, 50051],
        [80, 50051],
    ),
    Case("http_port", lambda _: 8080, container("PortMappings", 0, "ContainerPort"), 80, 8080),
    Case("http_port", lambda _: 8080, targets("Http", "Port"), 80, 8080),
    Case("grpc_port", lambda _: 9000, container("PortMappings", 1, "ContainerPort"), 50051, 9000),
    Case("grpc_port", lambda _: 9000, targets("Grpc", "Port"), 50051, 9000),
    Case(
        "http_health_check",
        lambda _: elbv2.HealthCheck(path="/health"),
        lambda template, prefix: (
            targets("Http", "HealthCheckPath")(template, prefix),
            targets("Http", "Matcher")(template, prefix),
        ),
        ("/", {"HttpCode": "200"}),
        ("/health", {"HttpCode": "200"}),
    ),
    Case(
        "http_health_check",
        lambda _: elbv2.HealthCheck(port="9100"),
        ports_let_in,
        [80, 50051],
        [80, 9100, 50051],
    ),
    Case(
        "grpc_health_check",
        lambda _: elbv2.HealthCheck(healthy_grpc_codes="0-5", timeout=Duration.seconds(9)),
        lambda template, prefix: (
            targets("Grpc", "HealthCheckPath")(template, prefix),
            targets("Grpc", "Matcher")(template, prefix),
            targets("Grpc", "HealthCheckTimeoutSeconds")(template, prefix),
        ),
        ("/AWS.ALB/healthcheck", {"GrpcCode": "12"}, ABSENT),
        ("/AWS.ALB/healthcheck", {"GrpcCode": "0-5"}, 9),
    ),
    Case(
        "grpc_health_check",
        lambda _: elbv2.HealthCheck(port="traffic-port"),
        ports_let_in,
        [80, 50051],
        [80, 50051],
    ),
    Case(
        "health_check_grace_period",
        lambda _: Duration.minutes(5),
        service("HealthCheckGracePeriodSeconds"),
        60,
        300,
    ),
    Case("deregistration_delay", lambda _: Duration.seconds(0), delay, "5", "0"),
    Case(
        "http_rule_priority",
        lambda _: 8,
        priority("HttpRule"),
        False,
        True,
        {"grpc_rule_priority": 6},
    ),
    Case("grpc_rule_priority", lambda _: 7, priority("GrpcRule"), False, True),
    Case(
        "circuit_breaker",
        lambda _: ecs.DeploymentCircuitBreaker(rollback=False),
        service(*_BREAKER),
        {"Enable": True, "Rollback": True},
        {"Enable": True, "Rollback": False},
    ),
    Case(
        "deployment_alarms",
        lambda _: ecs.DeploymentAlarmConfig(
            alarm_names=["errors"], behavior=ecs.AlarmBehavior.ROLLBACK_ON_ALARM
        ),
        service("DeploymentConfiguration", "Alarms"),
        {"AlarmNames": [], "Enable": False, "Rollback": False},
        {"AlarmNames": ["errors"], "Enable": True, "Rollback": True},
    ),
    Case(
        "min_healthy_percent",
        lambda _: 50,
        service("DeploymentConfiguration", "MinimumHealthyPercent"),
        100,
        50,
    ),
    Case(
        "max_healthy_percent",
        lambda _: 150,
        service("DeploymentConfiguration", "MaximumPercent"),
        200,
        150,
        {"desired_count": 2},
    ),
    Case(
        "removal_policy",
        lambda _: RemovalPolicy.DESTROY,
        log_group("DeletionPolicy"),
        "Retain",
        "Delete",
    ),
]
# `image_tag`'s neighbours that are shown elsewhere: what takes images through ECR has tests of its
# own, and a way out shows in what is refused without it.
_ELSEWHERE = {"pull_through_cache", "egress_provided"}
_AT_ONCE = 20


@pytest.fixture(scope="module")
def made() -> list[tuple[Template, str]]:
    """A server for each case, in stacks that each have one with defaults."""
    found = []
    for first in range(0, len(CASES), _AT_ONCE):
        around = surroundings(new_stack(f"Stack{first}"))
        EdgeServer(around.stack, "Plain", **around.around, name="plain")
        ids = []
        for number, case in enumerate(CASES[first : first + _AT_ONCE], start=first):
            ids.append(f"S{number:02}x")
            arguments = {
                name: other(around) if callable(other) else other
                for name, other in case.others.items()
            }
            arguments[case.argument] = case.value(around)
            EdgeServer(around.stack, ids[-1], **around.around, name=f"es-{number}", **arguments)
        template = deployed(around.stack)
        found += [(template, construct_id) for construct_id in ids]
    return found


def test_every_argument_has_a_case() -> None:
    """An argument without a case here is one that nothing holds to what it says."""
    assert {case.argument for case in CASES} | _ELSEWHERE == set(ServiceOptions.__annotations__)


@pytest.mark.parametrize(
    ("number", "case"),
    [
        pytest.param(number, case, id=f"{number} {case.argument}")
        for number, case in enumerate(CASES)
    ],
)
def test_argument_has_its_default_and_its_effect(
    made: list[tuple[Template, str]], number: int, case: Case
) -> None:
    """What the argument is about is as documented without it, and as asked with it."""
    template, construct_id = made[number]
    assert case.read(template, "Plain") == case.default
    assert case.read(template, construct_id) == case.effect
