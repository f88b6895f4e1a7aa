"""Coordinator: what differs from an edge server, and what its arguments do."""

import pytest
from datafi_cdk import Coordinator
from aws_cdk import RemovalPolicy
from aws_cdk import aws_servicediscovery as servicediscovery
from aws_cdk.assertions import Template
from deployment import (
    KEY_ARN,
    LISTENER_RULE,
    LOG_GROUP,
    POLICY,
    ROOT_DOMAIN,
    SERVICE,
    TARGET_GROUP,
    TASK_DEFINITION,
    attributes,
    container,
    deployed,
    environment,
    let_in,
    logical_id,
    new_app,
    new_stack,
    one,
    properties,
    rights,
    secret,
    secret_arn,
    secrets,
    statements,
    surroundings,
)


@pytest.fixture(scope="module")
def templates() -> tuple[Template, Template]:
    """A coordinator with defaults, and one with every argument."""
    app = new_app()
    plain, full = (surroundings(new_stack(stack_id, app)) for stack_id in ("Plain", "Full"))
    Coordinator(
        plain.stack,
        "Co",
        **plain.around,
        registry_credentials=secret(plain.stack, "acr"),
        secret=secret(plain.stack, "co"),
    )
    Coordinator(
        full.stack,
        "Co",
        **full.around,
        registry_credentials=secret(full.stack, "acr", with_key=True),
        secret=secret(full.stack, "co"),
        name="co-eu",
        image_tag="v3",
        registry="registry.example.com:5000",
        cpu=2048,
        memory_limit_mib=4096,
        desired_count=2,
        secret_variables={"KEYVAL": "redis"},
        environment={"TOKEN_ISSUER": "https://login.example.com/", "MODE": "test"},
        http_port=80,
        cloud_map_namespace=servicediscovery.PrivateDnsNamespace(
            full.stack, "Namespace", name="internal.example.com", vpc=full.vpc
        ),
        removal_policy=RemovalPolicy.DESTROY,
    )
    return deployed(plain.stack), deployed(full.stack)


@pytest.fixture(scope="module")
def template(templates: tuple[Template, Template]) -> Template:
    """The template of the coordinator with defaults."""
    return templates[0]


@pytest.fixture(scope="module")
def full(templates: tuple[Template, Template]) -> Template:
    """The template of the coordinator with every argument."""
    return templates[1]


def test_container_has_the_image_and_the_ports(template: Template) -> None:
    """`co:latest` from Datafi's registry, with HTTP on 8001 and gRPC on 50051."""
    made = container(template)
    assert made["Name"] == "co"
    assert made["Image"] == "datafi.azurecr.io/co:latest"
    assert [entry["ContainerPort"] for entry in made["PortMappings"]] == [8001, 50051]


def test_image_is_pulled_with_credentials(template: Template) -> None:
    """ECS pulls with the credentials of the secret that was handed in."""
    credentials = container(template)["RepositoryCredentials"]
    assert credentials == {"CredentialsParameter": secret_arn("acr")}


def test_arguments_reach_image_and_ports(full: Template) -> None:
    """Registry, tag, name and HTTP port are as asked, in the container and in the target group."""
    made = container(full)
    assert made["Name"] == "co-eu"
    assert made["Image"] == "registry.example.com:5000/co:v3"
    assert [entry["ContainerPort"] for entry in made["PortMappings"]] == [80, 50051]
    assert properties(full, TARGET_GROUP, "CoHttp")["Port"] == 80
    balanced = properties(full, SERVICE)["LoadBalancers"]
    assert [entry["ContainerPort"] for entry in balanced] == [80, 50051]


def test_task_has_the_typical_size(template: Template, full: Template) -> None:
    """One task of 1024 CPU units and 2048 MiB, or as asked."""
    for found, expected in ((template, ("1024", "2048", 1)), (full, ("2048", "4096", 2))):
        made = properties(found, TASK_DEFINITION)
        count = properties(found, SERVICE)["DesiredCount"]
        assert (made["Cpu"], made["Memory"], count) == expected


def test_environment_has_its_defaults(template: Template) -> None:
    """TLS off, INFO, production, the global coordinator, and the issuer that follows from host."""
    assert environment(template) == {
        "DISABLE_SSL": "true",
        "LOG_LEVEL": "INFO",
        "MODE": "prod",
        "GLOBAL_COORDINATOR": "https://co-global.api.home.datafi.us",
        "JWT_ISS": f"https://co.{ROOT_DOMAIN}/",
    }


def test_environment_is_added_and_wins(full: Template) -> None:
    """Variables that are handed in are added, and replace a default of the same name."""
    assert environment(full) == {
        "DISABLE_SSL": "true",
        "LOG_LEVEL": "INFO",
        "MODE": "test",
        "GLOBAL_COORDINATOR": "https://co-global.api.home.datafi.us",
        "JWT_ISS": f"https://co-eu.{ROOT_DOMAIN}/",
        "TOKEN_ISSUER": "https://login.example.com/",
    }


def test_secret_variables(template: Template, full: Template) -> None:
    """KEYVAL, JWT_KID and JWT_KEY come from the secret, or those asked for."""
    arn = secret_arn("co")
    fields = ("KEYVAL", "JWT_KID", "JWT_KEY")
    assert secrets(template) == {field: f"{arn}:{field}::" for field in fields}
    assert secrets(full) == {"KEYVAL": f"{arn}:redis::"}


def test_execution_role_reads_its_two_secrets(template: Template) -> None:
    """The execution role writes its log and reads two secrets: exactly that."""
    log_group = {"Fn::GetAtt": [logical_id(template, LOG_GROUP), "Arn"]}
    read = ["secretsmanager:GetSecretValue"]
    found = statements(template, "CoExecutionRole")
    assert rights(found) == rights(
        [
            (read, secret_arn("acr"), None),
            (read, secret_arn("co"), None),
            (["logs:CreateLogStream", "logs:PutLogEvents"], log_group, None),
        ]
    )


def test_execution_role_may_decrypt_the_credentials(full: Template) -> None:
    """With a customer-managed key of the credentials, the execution role may decrypt with it."""
    found = statements(full, "CoExecutionRole")
    assert [(actions, arn) for actions, arn, _ in found if arn == KEY_ARN] == [
        (["kms:Decrypt"], KEY_ARN)
    ]


def test_task_role_may_nothing(template: Template) -> None:
    """The container itself has no permission."""
    assert len(template.find_resources(POLICY)) == 1


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("Http", (8001, "HTTP1", "/", {"HttpCode": "200"})),
        ("Grpc", (50051, "GRPC", "/coordinator.Coordinator/Ping", {"GrpcCode": "0"})),
    ],
)
def test_target_groups_check_health(
    template: Template, kind: str, expected: tuple[object, ...]
) -> None:
    """Port, protocol and health check are those of the coordinator; a target leaves within 5 s."""
    made = properties(template, TARGET_GROUP, f"Co{kind}")
    keys = ("Port", "ProtocolVersion", "HealthCheckPath", "Matcher")
    assert tuple(made[key] for key in keys) == expected
    found = attributes(made, "TargetGroupAttributes")
    assert found["deregistration_delay.timeout_seconds"] == "5"


def test_the_load_balancer_reaches_both_ports(template: Template) -> None:
    """The tasks' security group is open for 8001 and 50051."""
    assert sorted(rule["FromPort"] for rule in let_in(template)) == [8001, 50051]


@pytest.mark.parametrize(("index", "name"), [(0, "co"), (1, "co-eu")])
def test_rules_match_its_host(templates: tuple[Template, Template], index: int, name: str) -> None:
    """All rules ask for `<name>.<root domain>`."""
    for rule in ("HttpRule", "GrpcRule", "GrpcOverHttpsRule"):
        condition, *_ = properties(templates[index], LISTENER_RULE, f"Co{rule}")["Conditions"]
        assert condition["HostHeaderConfig"]["Values"] == [f"{name}.{ROOT_DOMAIN}"]


def test_log_is_kept_unless_asked(template: Template, full: Template) -> None:
    """The log group outlives the stack; with `RemovalPolicy.DESTROY` it does not."""
    assert one(template, LOG_GROUP)["DeletionPolicy"] == "Retain"
    assert one(full, LOG_GROUP)["DeletionPolicy"] == "Delete"


def test_tasks_are_registered_in_a_namespace_if_asked(template: Template, full: Template) -> None:
    """With a Cloud Map namespace the tasks are registered under the coordinator's name."""
    assert properties(full, "AWS::ServiceDiscovery::Service")["Name"] == "co-eu"
    template.resource_count_is("AWS::ServiceDiscovery::Service", 0)
