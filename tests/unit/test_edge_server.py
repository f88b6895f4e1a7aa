"""EdgeServer: its container, its service, its targets and its rules."""

from typing import Any

import pytest
from datafi_cdk import EdgeServer
from aws_cdk import RemovalPolicy, Tags
from aws_cdk import aws_servicediscovery as servicediscovery
from aws_cdk.assertions import Template
from deployment import (
    KEY_ARN,
    LISTENER,
    LISTENER_RULE,
    LOG_GROUP,
    POLICY,
    ROOT_DOMAIN,
    SECURITY_GROUP,
    SERVICE,
    TARGET_GROUP,
    TASK_DEFINITION,
    Surroundings,
    attributes,
    container,
    deployed,
    environment,
    let_in,
    logical_id,
    one,
    properties,
    secret,
    secret_arn,
    secrets,
    statements,
    surroundings,
)


@pytest.fixture(scope="module")
def surrounded() -> Surroundings:
    """A stack with servers that differ in their arguments."""
    made = surroundings()
    stack = made.stack
    namespace = servicediscovery.PrivateDnsNamespace(
        stack, "Namespace", name="internal.example.com", vpc=made.vpc
    )
    EdgeServer(stack, "Plain", **made.around, name="es")
    EdgeServer(
        stack,
        "Full",
        **made.around,
        name="full",
        image_tag="v7",
        cpu=512,
        memory_limit_mib=3072,
        desired_count=3,
        secret=secret(stack, "full", with_key=True),
        secret_variables={"EDGE_KEY": "es2_key", "JWT_JWKS": "jwks"},
        environment={"TIMEOUT": "1200", "LOG_LEVEL": "DEBUG", "MEMORY": "64"},
        cloud_map_namespace=namespace,
        removal_policy=RemovalPolicy.DESTROY,
    )
    EdgeServer(stack, "Latest", **made.around, name="latest", secret=secret(stack, "latest"))
    EdgeServer(
        stack, "Next", **made.around, name="next", image_tag="next", secret=secret(stack, "next")
    )
    EdgeServer(
        stack,
        "Named",
        **made.around,
        name="named",
        secret=secret(stack, "named"),
        secret_variables=["KEY", "JWT_JWKS"],
    )
    EdgeServer(
        stack,
        "Default-as-secret",
        **made.around,
        name="default-as-secret",
        secret=secret(stack, "default-as-secret"),
        secret_variables=["KEY", "EDGE_KEY", "MEMORY", "LOG_LEVEL"],
    )
    EdgeServer(stack, "With-hyphens", **made.around, name="es-eu-1", desired_count=0)
    Tags.of(stack).add("owner", "data")
    return made


@pytest.fixture(scope="module")
def template(surrounded: Surroundings) -> Template:
    """Its template."""
    return deployed(surrounded.stack)


def test_container_has_the_image_and_the_ports(template: Template) -> None:
    """`datafi/es:latest` with HTTP on 80 and gRPC on 50051, essential, named as the server."""
    made = container(template, "Plain")
    assert made["Name"] == "es"
    assert made["Image"] == "datafi/es:latest"
    assert made["Essential"] is True
    assert made["PortMappings"] == [
        {"ContainerPort": 80, "Name": "http", "Protocol": "tcp"},
        {"ContainerPort": 50051, "Name": "grpc", "Protocol": "tcp"},
    ]
    assert container(template, "Full")["Image"] == "datafi/es:v7"


def test_a_variable_is_plain_or_secret(template: Template) -> None:
    """A default gives way to a field of the secret: ECS refuses a variable that is given twice."""
    assert set(secrets(template, "Defaultassecret")) == {"KEY", "EDGE_KEY", "MEMORY", "LOG_LEVEL"}
    assert set(environment(template, "Defaultassecret")) == {"DISABLE_SSL"}


def test_task_has_the_typical_size(template: Template) -> None:
    """1024 CPU units and 2048 MiB on Fargate, or as asked."""
    made = properties(template, TASK_DEFINITION, "Plain")
    assert (made["Cpu"], made["Memory"]) == ("1024", "2048")
    assert made["RequiresCompatibilities"] == ["FARGATE"]
    made = properties(template, TASK_DEFINITION, "Full")
    assert (made["Cpu"], made["Memory"]) == ("512", "3072")


def test_environment_has_its_defaults(template: Template) -> None:
    """TLS is off in the container, INFO is logged, half of the memory is cache; nothing else."""
    defaults = {"DISABLE_SSL": "true", "LOG_LEVEL": "INFO", "MEMORY": "1024"}
    assert environment(template, "Plain") == defaults


def test_environment_is_added_and_wins(template: Template) -> None:
    """Variables that are handed in are added, and replace a default of the same name."""
    assert environment(template, "Full") == {
        "DISABLE_SSL": "true",
        "LOG_LEVEL": "DEBUG",
        "MEMORY": "64",
        "TIMEOUT": "1200",
    }


def test_without_a_secret_the_container_gets_none(template: Template) -> None:
    """No secret handed in: no secret variable, and no right to read one."""
    assert "Secrets" not in container(template, "Plain")
    actions = [
        action for group, _, _ in statements(template, "PlainExecutionRole") for action in group
    ]
    assert actions == ["logs:CreateLogStream", "logs:PutLogEvents"]


@pytest.mark.parametrize(("server", "variable"), [("Latest", "KEY"), ("Next", "EDGE_KEY")])
def test_key_follows_from_the_tag(template: Template, server: str, variable: str) -> None:
    """The variable that the image reads: KEY with `latest`, EDGE_KEY with another tag."""
    value = f"{secret_arn(server.lower())}:{variable}::"
    assert secrets(template, server) == {variable: value}


def test_secret_variables_are_names_of_fields(template: Template) -> None:
    """A name alone is both the variable and the field of the secret."""
    arn = secret_arn("named")
    assert secrets(template, "Named") == {"KEY": f"{arn}:KEY::", "JWT_JWKS": f"{arn}:JWT_JWKS::"}


def test_secret_variables_map_variables_to_fields(template: Template) -> None:
    """A mapping gives a variable the value of a field with another name."""
    arn = secret_arn("full")
    assert secrets(template, "Full") == {
        "EDGE_KEY": f"{arn}:es2_key::",
        "JWT_JWKS": f"{arn}:jwks::",
    }


def test_execution_role_reads_the_secret_and_its_key(template: Template) -> None:
    """The execution role writes its log, reads its secret and decrypts with its key: no more."""
    log_group = {"Fn::GetAtt": [logical_id(template, LOG_GROUP, "Full"), "Arn"]}
    found = {
        actions[0].split(":")[0]: (actions, resource)
        for actions, resource, _ in statements(template, "FullExecutionRole")
    }
    assert found == {
        "logs": (["logs:CreateLogStream", "logs:PutLogEvents"], log_group),
        "secretsmanager": (
            ["secretsmanager:GetSecretValue"],
            secret_arn("full"),
        ),
        "kms": (["kms:Decrypt"], KEY_ARN),
    }
    assert len(statements(template, "FullExecutionRole")) == 3


def test_task_role_may_nothing_without_storage(template: Template) -> None:
    """A server without storage has a task role without any permission."""
    roles = [
        str(entry["Properties"]["Roles"]) for entry in template.find_resources(POLICY).values()
    ]
    assert len(roles) == 7
    assert not [role for role in roles if "TaskRole" in role]


def test_service_keeps_running_tasks_until_new_ones_answer(template: Template) -> None:
    """A failed deployment rolls back; during one, between 100 % and 200 % of the tasks run."""
    made = properties(template, SERVICE, "Plain")["DeploymentConfiguration"]
    assert made["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}
    assert (made["MinimumHealthyPercent"], made["MaximumPercent"]) == (100, 200)


@pytest.mark.parametrize(("server", "count"), [("Plain", 1), ("Full", 3), ("With-hyphens", 0)])
def test_desired_count(template: Template, server: str, count: int) -> None:
    """One task runs, or as many as asked, even none."""
    assert properties(template, SERVICE, _id(server))["DesiredCount"] == count


def test_tasks_are_in_private_subnets(template: Template) -> None:
    """Tasks have no public address and a security group of their own."""
    made = properties(template, SERVICE, "Plain")["NetworkConfiguration"]["AwsvpcConfiguration"]
    group = {"Fn::GetAtt": [logical_id(template, SECURITY_GROUP, "Plain"), "GroupId"]}
    assert made == {
        "AssignPublicIp": "DISABLED",
        "SecurityGroups": [group],
        "Subnets": ["subnet-private-a", "subnet-private-b"],
    }


def test_only_the_load_balancer_reaches_the_tasks(template: Template) -> None:
    """Port 80 and 50051 are open to the load balancer's security group, and nothing else is."""
    group = {"Fn::GetAtt": [logical_id(template, SECURITY_GROUP, "Plain"), "GroupId"]}
    source = {"Fn::GetAtt": [logical_id(template, SECURITY_GROUP, "Ingress"), "GroupId"]}
    mine = [rule for rule in let_in(template) if rule["GroupId"] == group]
    assert [rule["SourceSecurityGroupId"] for rule in mine] == [source, source]
    assert sorted((rule["FromPort"], rule["ToPort"]) for rule in mine) == [(80, 80), (50051, 50051)]
    assert {rule["IpProtocol"] for rule in mine} == {"tcp"}
    assert len(properties(template, SECURITY_GROUP, "Plain")["SecurityGroupIngress"]) == len(mine)


def test_target_groups_are_bound_to_their_ports(template: Template) -> None:
    """The HTTP targets are port 80 and the gRPC targets port 50051 of the container."""
    http, grpc = (logical_id(template, TARGET_GROUP, f"Plain{kind}") for kind in ("Http", "Grpc"))
    assert properties(template, SERVICE, "Plain")["LoadBalancers"] == [
        {"ContainerName": "es", "ContainerPort": 80, "TargetGroupArn": {"Ref": http}},
        {"ContainerName": "es", "ContainerPort": 50051, "TargetGroupArn": {"Ref": grpc}},
    ]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("Http", (80, "HTTP1", "/", {"HttpCode": "200"})),
        ("Grpc", (50051, "GRPC", "/AWS.ALB/healthcheck", {"GrpcCode": "12"})),
    ],
)
def test_target_groups_check_health(
    template: Template, kind: str, expected: tuple[object, ...]
) -> None:
    """Port, protocol and health check are those of the image; a target leaves within 5 s."""
    made = properties(template, TARGET_GROUP, f"Plain{kind}")
    keys = ("Port", "ProtocolVersion", "HealthCheckPath", "Matcher")
    assert tuple(made[key] for key in keys) == expected
    assert (made["Protocol"], made["TargetType"]) == ("HTTP", "ip")
    found = attributes(made, "TargetGroupAttributes")
    assert found["deregistration_delay.timeout_seconds"] == "5"


@pytest.mark.parametrize(
    ("rule", "kind", "listener"),
    [
        ("HttpRule", "Http", "Https"),
        ("GrpcRule", "Grpc", "Grpc"),
        ("GrpcOverHttpsRule", "Grpc", "Https"),
    ],
)
@pytest.mark.parametrize(("server", "name"), [("Plain", "es"), ("With-hyphens", "es-eu-1")])
def test_rules_send_the_host_to_the_targets(
    template: Template, server: str, name: str, rule: str, kind: str, listener: str
) -> None:
    """Requests for `<name>.<root domain>` go to the targets of their protocol."""
    made = properties(template, LISTENER_RULE, f"{_id(server)}{rule}")
    hosts = {"Field": "host-header", "HostHeaderConfig": {"Values": [f"{name}.{ROOT_DOMAIN}"]}}
    assert made["Conditions"][0] == hosts
    assert len(made["Conditions"]) == (2 if rule == "GrpcOverHttpsRule" else 1)
    target_group = {"Ref": logical_id(template, TARGET_GROUP, f"{_id(server)}{kind}")}
    assert made["Actions"] == [{"Type": "forward", "TargetGroupArn": target_group}]
    listener_id = logical_id(template, LISTENER, f"IngressLoadBalancer{listener}")
    assert made["ListenerArn"] == {"Ref": listener_id}


def test_log_is_kept_for_a_month(template: Template) -> None:
    """The log group keeps entries for a month and outlives the stack by default."""
    made = one(template, LOG_GROUP, "Plain")
    assert made["Properties"]["RetentionInDays"] == 30
    assert (made["DeletionPolicy"], made["UpdateReplacePolicy"]) == ("Retain", "Retain")
    log = container(template, "Plain")["LogConfiguration"]
    assert log["LogDriver"] == "awslogs"
    assert log["Options"]["awslogs-group"] == {"Ref": logical_id(template, LOG_GROUP, "Plain")}
    assert log["Options"]["awslogs-stream-prefix"] == "es"


def test_log_is_deleted_if_asked(template: Template) -> None:
    """`removal_policy` says what becomes of the log group."""
    assert one(template, LOG_GROUP, "Full")["DeletionPolicy"] == "Delete"


def test_tasks_are_registered_in_a_namespace_if_asked(template: Template) -> None:
    """With a Cloud Map namespace the tasks are registered under the server's name."""
    made = properties(template, "AWS::ServiceDiscovery::Service")
    namespace = logical_id(template, "AWS::ServiceDiscovery::PrivateDnsNamespace")
    assert made["Name"] == "full"
    assert made["DnsConfig"]["NamespaceId"] == {"Fn::GetAtt": [namespace, "Id"]}
    assert len(properties(template, SERVICE, "Full")["ServiceRegistries"]) == 1
    assert "ServiceRegistries" not in properties(template, SERVICE, "Plain")


def test_no_task_starts_before_it_can_pull_and_read(template: Template) -> None:
    """The service waits for its rules and for the rights of its execution role."""
    waited = one(template, SERVICE, "Full")["DependsOn"]
    for resource_type, prefix in (
        (POLICY, "FullExecutionRole"),
        (LISTENER_RULE, "FullHttpRule"),
        (LISTENER_RULE, "FullGrpcRule"),
    ):
        assert logical_id(template, resource_type, prefix) in waited


def test_tags_reach_the_tasks(template: Template) -> None:
    """Tags applied from outside are on the service, and the service hands them to its tasks."""
    made = properties(template, SERVICE, "Plain")
    assert made["Tags"] == [{"Key": "owner", "Value": "data"}]
    assert made["PropagateTags"] == "SERVICE"
    assert made["EnableECSManagedTags"] is True


def test_exposes_what_it_made(surrounded: Surroundings) -> None:
    """Names, addresses and the made constructs are attributes."""
    server: Any = surrounded.stack.node.find_child("With-hyphens")
    assert server.name == "es-eu-1"
    assert server.host == f"es-eu-1.{ROOT_DOMAIN}"
    assert server.url == f"https://es-eu-1.{ROOT_DOMAIN}"
    assert server.grpc_endpoint == f"es-eu-1.{ROOT_DOMAIN}:50051"
    assert server.storage is None
    for attribute, construct_id in {
        "service": "Service",
        "task_definition": "TaskDefinition",
        "log_group": "LogGroup",
        "http_target_group": "HttpTargetGroup",
        "grpc_target_group": "GrpcTargetGroup",
    }.items():
        assert getattr(server, attribute).node.path == f"Test/With-hyphens/{construct_id}"
    assert server.container.container_name == "es-eu-1"
    (group,) = server.connections.security_groups
    assert group.node.path == "Test/With-hyphens/SecurityGroup"


def _id(construct_id: str) -> str:
    return construct_id.replace("-", "")
