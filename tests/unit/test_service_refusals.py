"""Every refusal of the Fargate services: where, what is allowed, what is given, what to do."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from datafi_cdk import (
    AutoScaling,
    Coordinator,
    EdgeServer,
    EdgeStorage,
    InvalidInputError,
    PullThroughCache,
)
from aws_cdk import Duration, RemovalPolicy, Token
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_servicediscovery as servicediscovery
from aws_cdk.assertions import Template
from constructs import Construct
from datafi_cdk.service_options import ServiceOptions
from deployment import (
    ACCOUNT,
    CANARY,
    KEY_ARN,
    LISTENER_RULE,
    REGION,
    SERVICE,
    TARGET_GROUP,
    TASK_DEFINITION,
    Surroundings,
    environment,
    existing_vpc,
    properties,
    secret,
    surroundings,
)

Make = Callable[[Surroundings], dict[str, Any]]
IMAGE = ecs.ContainerImage.from_registry("registry.example.com/es:v1")
DIGEST = f"sha256:{'0' * 64}"
WHOLE = "a whole number"
TEXT, NUMBER = Token.as_string({"Ref": "Text"}), Token.as_number({"Ref": "Number"})
ANYTHING_ELSE: tuple[Any, ...] = (
    object(),
    {CANARY},
    [CANARY],
    [[CANARY]],
    {CANARY: CANARY},
    CANARY.encode(),
    CANARY,
    1.5,
    -1,
    True,
    Duration.seconds(7),
    len,
    str,
    RemovalPolicy,
    Construct,
    float("nan"),
    float("inf"),
    float("-inf"),
)


@pytest.fixture(scope="module")
def made() -> Surroundings:
    """What the servers that are refused would have around them."""
    return surroundings()


@pytest.fixture(scope="module")
def scopes(made: Surroundings) -> Iterator[Construct]:
    """A scope for each of them, as what is refused stays in the tree."""
    return (Construct(made.stack, f"Scope{number}") for number in count())


def strategy(name: str = "FARGATE", **numbers: int) -> ecs.CapacityProviderStrategy:
    """Where tasks run."""
    return ecs.CapacityProviderStrategy(capacity_provider=name, **numbers)


def check(kind: str = "http", **arguments: Any) -> Make:
    """A server with this health check."""
    return lambda _: {f"{kind}_health_check": elbv2.HealthCheck(**arguments)}


def scaled(*bounds: Any, **arguments: Any) -> Make:
    """A server with these bounds."""
    return lambda _: {"auto_scaling": AutoScaling(*bounds, **arguments)}


def by_arn(made: Surroundings) -> dict[str, Any]:
    """A cluster that does not know its VPC."""
    arn = f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/existing"
    return {"cluster": ecs.Cluster.from_cluster_arn(made.stack, "ByArn", arn)}


def elsewhere() -> Surroundings:
    """What another app has."""
    return surroundings()


def in_another_vpc(made: Surroundings) -> dict[str, Any]:
    """A cluster in a VPC of its own."""
    scope = Construct(made.stack, "Other")
    vpc = ec2.Vpc.from_vpc_attributes(
        scope, "Vpc", vpc_id="vpc-2", availability_zones=["a"], private_subnet_ids=["subnet-2"]
    )
    return {"cluster": ecs.Cluster(scope, "Cluster", vpc=vpc)}


def http_namespace(made: Surroundings) -> dict[str, Any]:
    """A namespace without DNS."""
    return {
        "cloud_map_namespace": servicediscovery.HttpNamespace(made.stack, "Http", name="internal")
    }


def with_secret(construct_id: str, **arguments: Any) -> Make:
    """A server with a secret."""
    return lambda made: {"secret": secret(made.stack, construct_id), **arguments}


def container_secret(made: Surroundings, construct_id: str) -> ecs.Secret:
    """Another secret of a container."""
    return ecs.Secret.from_secrets_manager(secret(made.stack, construct_id))


def of_log(made: Surroundings, construct_id: str) -> logs.ILogGroup:
    """An existing log group."""
    return logs.LogGroup.from_log_group_name(made.stack, construct_id, "existing")


def a_key(made: Surroundings, construct_id: str) -> kms.IKey:
    """An existing key."""
    return kms.Key.from_key_arn(made.stack, construct_id, KEY_ARN)


GROUP = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
PUBLIC = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC)
LOGGING = ecs.LogDrivers.json_file()

# Arguments, place, allowed, given, remedy.
REFUSALS: list[tuple[Make, str, str, str, str]] = [
    (lambda _: {"name": ["es"]}, "name", "one DNS label", "a list", "choose one"),
    (lambda _: {"name": "update"}, "name", "other than those", "'update'", "another name"),
    (lambda _: {"name": None}, "name", "given", "None", "hand in a value"),
    (lambda _: {"ingress": None}, "ingress", "a SharedIngress", "None", "hand in"),
    (lambda _: {"cluster": None}, "cluster", "a cluster", "None", "hand in"),
    (by_arn, "cluster", "one with its VPC", "by its ARN only", "from_cluster_attributes"),
    (in_another_vpc, "cluster", "in the VPC of the ingress", "Other/Vpc", "the same VPC"),
    (lambda _: {"image_tag": "a:b"}, "image_tag", "an image tag", "'a:b'", "the tag alone"),
    (lambda _: {"image_tag": ""}, "image_tag", "an image tag", "''", "the tag alone"),
    (lambda _: {"image_digest": "v1"}, "image_digest", "a digest", "'v1'", "copy it"),
    (
        lambda _: {"image_digest": DIGEST, "image_tag": "v1"},
        "image_digest",
        "left out if image_tag",
        "both",
        "leave one",
    ),
    (lambda _: {"image": IMAGE, "image_tag": "v1"}, "image_tag", "left out", "both", "leave one"),
    (
        lambda _: {"image": IMAGE, "image_digest": DIGEST},
        "image_digest",
        "left out",
        "both",
        "leave one",
    ),
    (lambda _: {"cpu": 300}, "cpu", "one of 256, 512", "300", "Fargate offers"),
    (lambda _: {"cpu": 1024.0}, "cpu", "one of 256, 512", "1024.0", "Fargate offers"),
    (
        lambda _: {"memory_limit_mib": 1000},
        "memory_limit_mib",
        "2048 to 8192 in steps of 1024",
        "1000",
        "choose one of these",
    ),
    (
        lambda _: {"ephemeral_storage_gib": 20},
        "ephemeral_storage_gib",
        f"{WHOLE} from 21 to 200",
        "20",
        "in between",
    ),
    (lambda _: {"desired_count": -1}, "desired_count", "from 0 to 5000", "-1", "in between"),
    (
        lambda _: {"desired_count": 1, "auto_scaling": AutoScaling(1, 2, cpu_percent=50)},
        "desired_count",
        "left out if auto_scaling",
        "both",
        "leave one",
    ),
    (scaled(5, 2, cpu_percent=50), "auto_scaling.max", "at least min (5)", "2", "raise it"),
    (scaled(1, 2), "auto_scaling.cpu_percent, ", "at least one", "nothing", "give a target"),
    (scaled(-1, 2, cpu_percent=50), "auto_scaling.min", "from 0", "-1", "in between"),
    (scaled(0, 0, cpu_percent=50), "auto_scaling.max", "from 1", "0", "in between"),
    (scaled("1", 2, cpu_percent=50), "auto_scaling.min", WHOLE, "'1'", "in between"),
    (scaled(None, 2, cpu_percent=50), "auto_scaling.min", "given", "None", "hand in"),
    *(
        (scaled(*bounds, **targets), f"auto_scaling.{name}", WHOLE, repr(number), "in between")
        for number in (float("nan"), float("inf"), float("-inf"))
        for name, bounds, targets in (
            ("min", (number, 2), {"cpu_percent": 50}),
            ("max", (1, number), {"cpu_percent": 50}),
            ("cpu_percent", (1, 2), {"cpu_percent": number}),
            ("memory_percent", (1, 2), {"memory_percent": number}),
            ("requests_per_target", (1, 2), {"requests_per_target": number}),
        )
    ),
    (scaled(1, 2, cpu_percent=101), "auto_scaling.cpu_percent", "to 100", "101", "in between"),
    (scaled(1, 2, memory_percent=0), "auto_scaling.memory_percent", "from 1", "0", "in between"),
    (
        scaled(1, 2, requests_per_target="9"),
        "auto_scaling.requests_per_target",
        WHOLE,
        "'9'",
        "in between",
    ),
    (
        scaled(1, 2, cpu_percent=50, scale_in_cooldown=60),
        "auto_scaling.scale_in_cooldown",
        "a Duration",
        "type int",
        "hand in",
    ),
    (
        scaled(1, 2, cpu_percent=50, scale_out_cooldown=Duration.millis(1)),
        "auto_scaling.scale_out_cooldown in seconds",
        WHOLE,
        "0.001",
        "in between",
    ),
    (
        lambda _: {"capacity_provider_strategies": []},
        "capacity_provider_strategies",
        "a list of 1 to 2",
        "0",
        "leave it out",
    ),
    (
        lambda _: {"capacity_provider_strategies": [strategy("SPOT", weight=1)]},
        "capacity_provider_strategies",
        "FARGATE and FARGATE_SPOT",
        "'SPOT'",
        "name one",
    ),
    (
        lambda _: {"capacity_provider_strategies": [strategy(weight=1)] * 2},
        "capacity_provider_strategies",
        "different",
        "FARGATE twice",
        "remove one",
    ),
    (
        lambda _: {"capacity_provider_strategies": [strategy()]},
        "capacity_provider_strategies.weight",
        "at least one",
        "nothing",
        "weight=1",
    ),
    (
        lambda _: {"capacity_provider_strategies": [strategy(weight=1001)]},
        "capacity_provider_strategies.weight",
        "to 1000",
        "1001",
        "in between",
    ),
    (
        lambda _: {"capacity_provider_strategies": [strategy(weight=1, base=-1)]},
        "capacity_provider_strategies.base",
        "from 0",
        "-1",
        "in between",
    ),
    (
        lambda _: {
            "capacity_provider_strategies": [
                strategy(weight=1, base=1),
                strategy("FARGATE_SPOT", base=1),
            ]
        },
        "capacity_provider_strategies.base",
        "given for one",
        "two",
        "leave it out of one",
    ),
    (
        lambda _: {"secret_variables": ["KEY"]},
        "secret_variables",
        "no secret to read",
        "fields",
        "hand in the secret",
    ),
    (
        with_secret("s1", image_digest=DIGEST),
        "secret_variables",
        "given if the tag of the image is not known",
        "nothing",
        "name the fields",
    ),
    (
        with_secret("s2", image=IMAGE),
        "secret_variables",
        "given if the tag of the image is not known",
        "nothing",
        "name the fields",
    ),
    (
        with_secret("s3", image_tag=Token.as_string({"Ref": "Tag"})),
        "secret_variables",
        "given if the tag of the image is not known",
        "nothing",
        "name the fields",
    ),
    (
        with_secret("s4", secret_variables=[["KEY"]]),
        "secret_variables",
        "a list of names",
        "with a value of type list",
        "['KEY']",
    ),
    (
        with_secret("s5", secret_variables={"KEY": 5}),
        "secret_variables.KEY",
        "the name of a field",
        "not shown",
        "name a field",
    ),
    (
        with_secret("s6", secret_variables=["KEY"], environment={"KEYS": "x", "A": 1}),
        "environment.A",
        "a string",
        "not shown",
        "quotes",
    ),
    (
        with_secret("s7", secret_variables=["LEVEL"], environment={"LEVEL": "x"}),
        "secret_variables.LEVEL",
        "given once",
        "both",
        "remove it from environment",
    ),
    (lambda _: {"secret": CANARY}, "secret", "ISecret", "type str", "Secrets Manager"),
    (
        lambda _: {"jwt_jwks_secret": CANARY},
        "jwt_jwks_secret",
        "ISecret",
        "type str",
        "Secrets Manager",
    ),
    (
        lambda made: {
            "jwt_jwks_secret": secret(made.stack, "j1"),
            "environment": {"JWT_JWKS": "x"},
        },
        "jwt_jwks_secret",
        "left out if environment",
        "both",
        "remove one",
    ),
    (
        lambda made: {
            "jwt_jwks_secret": secret(made.stack, "j2"),
            "secrets": {"JWT_JWKS": container_secret(made, "j3")},
        },
        "jwt_jwks_secret",
        "left out if secrets",
        "both",
        "remove one",
    ),
    (lambda _: {"secrets": {"A": CANARY}}, "secrets.A", "an ecs.Secret", "type str", "from_sec"),
    (
        lambda made: {"secrets": {"A": secret(made.stack, "c1")}},
        "secrets.A",
        "an ecs.Secret",
        "a value of type",
        "from_sec",
    ),
    (
        lambda made: {"secrets": {CANARY: container_secret(made, "c2")}},
        "secrets",
        "of variables named",
        "not shown",
        "rename",
    ),
    (
        lambda made: {
            "secrets": {"A": container_secret(made, "c3")},
            "environment": {"A": "x"},
        },
        "secrets.A",
        "given once",
        "both",
        "remove it from environment",
    ),
    (
        lambda _: {"environment": {"KEY": CANARY}},
        "environment.KEY",
        "from a secret",
        "not shown",
        "Secrets Manager",
    ),
    (lambda _: {"environment": {"A=B": "x"}}, "environment", "named", "not shown", "rename"),
    (
        lambda _: {"vpc_subnets": GROUP},
        "vpc_subnets",
        "subnets of Test/Vpc",
        "no 'Isolated' subnet",
        "choose others",
    ),
    (lambda _: {"vpc_subnets": PUBLIC}, "vpc_subnets", "private", "public ones", "way out"),
    (
        lambda _: {"vpc_subnets": ec2.SubnetSelection(subnets=[])},
        "vpc_subnets",
        "subnets of Test/Vpc",
        "none",
        "at least one",
    ),
    (lambda _: {"security_groups": []}, "security_groups", "1 to 5", "0", "leave it out"),
    (
        lambda made: {"security_groups": made.ingress.connections.security_groups * 6},
        "security_groups",
        "1 to 5",
        "6",
        "shorten",
    ),
    (http_namespace, "cloud_map_namespace", "DNS", "HTTP only", "PrivateDnsNamespace"),
    (
        lambda made: {"log_group": of_log(made, "l1"), "logging": LOGGING},
        "log_group",
        "left out if logging",
        "both",
        "leave one",
    ),
    (
        lambda made: {
            "log_group": of_log(made, "l2"),
            "log_retention": logs.RetentionDays.ONE_DAY,
        },
        "log_retention",
        "left out if log_group",
        "both",
        "leave one",
    ),
    (
        lambda made: {"encryption_key": a_key(made, "k1"), "logging": LOGGING},
        "encryption_key",
        "left out if logging",
        "both",
        "leave one",
    ),
    (
        lambda made: {"encryption_key": a_key(made, "k2"), "log_group": of_log(made, "l3")},
        "encryption_key",
        "left out if log_group",
        "both",
        "leave one",
    ),
    (
        lambda _: {"log_retention": logs.RetentionDays.ONE_DAY, "logging": LOGGING},
        "log_retention",
        "left out if logging",
        "both",
        "leave one",
    ),
    (
        lambda _: {"removal_policy": RemovalPolicy.SNAPSHOT},
        "removal_policy",
        "one of RETAIN, RETAIN_ON_UPDATE_OR_DELETE and DESTROY",
        "SNAPSHOT",
        "choose one of these",
    ),
    (lambda _: {"http_port": 0}, "http_port", "from 1 to 65535", "0", "in between"),
    (lambda _: {"grpc_port": 65536}, "grpc_port", "from 1 to 65535", "65536", "in between"),
    (lambda _: {"http_port": 50051}, "http_port", "that of gRPC", "50051", "takes HTTP"),
    (lambda _: {"grpc_port": 80}, "http_port", "that of gRPC", "80", "takes HTTP"),
    (check(path="health"), "http_health_check.path", "a path", "'health'", "with /"),
    (check("grpc", path="Ping"), "grpc_health_check.path", "a path", "'Ping'", "with /"),
    (check(enabled=False), "http_health_check.enabled", "True", "False", "leave it out"),
    (
        check(protocol=elbv2.Protocol.TCP),
        "http_health_check.protocol",
        "HTTP or HTTPS",
        "TCP",
        "choose one",
    ),
    *(
        (check(port=port), "http_health_check.port", "'traffic-port'", repr(port), "'8080'")
        for port in ("0", "65536", "http", "-1", "²")
    ),
    (check(healthy_http_codes="OK"), "http_health_check.healthy_http_codes", "codes", "'OK'", "20"),
    (
        check("grpc", healthy_grpc_codes="100"),
        "grpc_health_check.healthy_grpc_codes",
        "codes",
        "'100'",
        "0-99",
    ),
    (
        check(healthy_grpc_codes="0"),
        "http_health_check.healthy_grpc_codes",
        "left out where HTTP",
        "codes",
        "healthy_http_codes",
    ),
    (
        check("grpc", healthy_http_codes="200"),
        "grpc_health_check.healthy_http_codes",
        "left out where gRPC",
        "codes",
        "healthy_grpc_codes",
    ),
    (
        check(interval=Duration.seconds(4)),
        "http_health_check.interval in seconds",
        "from 5 to 300",
        "4",
        "in between",
    ),
    (
        check(timeout=Duration.seconds(121)),
        "http_health_check.timeout in seconds",
        "from 2 to 120",
        "121",
        "in between",
    ),
    *(
        (check(**seconds), "http_health_check.timeout", f"less than the interval ({most} s)", *rest)
        for seconds, most, *rest in (
            ({"timeout": Duration.seconds(31)}, 30, "31 s", "shorten"),
            ({"timeout": Duration.seconds(30)}, 30, "30 s", "shorten"),
            ({"interval": Duration.seconds(5)}, 5, "5 s", "lengthen the interval"),
        )
    ),
    (
        check(interval=Duration.seconds(NUMBER), timeout=Duration.seconds(5)),
        "http_health_check.interval",
        "known at synthesis",
        "a token",
        "leave one of them out",
    ),
    (
        check("grpc", interval=Duration.seconds(5), timeout=Duration.seconds(NUMBER)),
        "grpc_health_check.timeout",
        "known at synthesis",
        "a token",
        "leave one of them out",
    ),
    (
        check(interval=Duration.minutes(NUMBER)),
        "http_health_check.interval",
        "in seconds, if a token",
        "a token of minutes",
        "Duration.seconds",
    ),
    (
        lambda _: {"deregistration_delay": Duration.minutes(NUMBER)},
        "deregistration_delay",
        "in seconds, if a token",
        "a token of minutes",
        "Duration.seconds",
    ),
    (
        check(healthy_threshold_count=1),
        "http_health_check.healthy_threshold_count",
        "from 2 to 10",
        "1",
        "in between",
    ),
    (
        check(unhealthy_threshold_count=11),
        "http_health_check.unhealthy_threshold_count",
        "from 2 to 10",
        "11",
        "in between",
    ),
    (
        lambda _: {"health_check_grace_period": Duration.millis(1500)},
        "health_check_grace_period in seconds",
        WHOLE,
        "1.5",
        "in between",
    ),
    (
        lambda _: {"deregistration_delay": Duration.hours(2)},
        "deregistration_delay in seconds",
        "from 0 to 3600",
        "7200",
        "in between",
    ),
    (
        lambda _: {"http_rule_priority": 50_001},
        "http_rule_priority",
        "from 1 to 50000",
        "50001",
        "in between",
    ),
    (
        lambda _: {"grpc_rule_priority": 0},
        "grpc_rule_priority",
        "from 1 to 50000",
        "0",
        "in between",
    ),
    (
        lambda _: {"deployment_alarms": ecs.DeploymentAlarmConfig(alarm_names=[])},
        "deployment_alarms.alarm_names",
        "at least one",
        "none",
        "name an alarm",
    ),
    (
        lambda _: {"min_healthy_percent": 101},
        "min_healthy_percent",
        "from 0 to 100",
        "101",
        "in between",
    ),
    (
        lambda _: {"max_healthy_percent": 99},
        "max_healthy_percent",
        "from 100 to 200",
        "99",
        "in between",
    ),
    (
        lambda _: {"max_healthy_percent": 100, "desired_count": NUMBER},
        "max_healthy_percent",
        "more than min_healthy_percent",
        "100",
        "raise it",
    ),
    *(
        (
            lambda _, percents=percents, tasks=tasks: {
                "min_healthy_percent": percents[0],
                "max_healthy_percent": percents[1],
                **tasks,
            },
            "max_healthy_percent",
            f"so far above min_healthy_percent ({percents[0]}) that of {counted} one may start",
            str(percents[1]),
            remedy,
        )
        for percents, tasks, counted, remedy in (
            ((100, 150), {}, "1 task", "to 200, or lower min_healthy_percent to 0"),
            (
                (50, 100),
                {"desired_count": 1},
                "1 task",
                "to 200, or lower min_healthy_percent to 0",
            ),
            (
                (51, 149),
                {"desired_count": 2},
                "2 tasks",
                "to 150, or lower min_healthy_percent to 50",
            ),
            (
                (80, 133),
                {"auto_scaling": AutoScaling(3, 9, cpu_percent=50)},
                "3 tasks",
                "to 134, or lower min_healthy_percent to 66",
            ),
        )
    ),
    (lambda _: {"cluster": elsewhere().cluster}, "cluster", "same app", "Test/Cluster", "import"),
    (lambda _: {"ingress": elsewhere().ingress}, "ingress", "same app", "Test/Ingress", "import"),
    (
        lambda _: {"storage": EdgeStorage(elsewhere().stack, "Data")},
        "storage",
        "same app",
        "Test/Data",
        "import",
    ),
    (
        with_secret("s8", secret_variables=[]),
        "secret_variables",
        "at least one",
        "none",
        "leave the secret out",
    ),
    (
        with_secret("s9", secret_variables={}),
        "secret_variables",
        "at least one",
        "none",
        "leave the secret out",
    ),
    (
        with_secret("s10", secret_variables=Token.as_list({"Ref": "Names"})),
        "secret_variables",
        "known at synthesis",
        "a token",
        "one by one",
    ),
    (
        lambda _: {"capacity_provider_strategies": [strategy(TEXT, weight=1)] * 2},
        "capacity_provider_strategies",
        "different",
        "a token twice",
        "remove one",
    ),
    (
        lambda _: {"http_port": NUMBER, "grpc_port": NUMBER},
        "http_port",
        "another port",
        "the same token",
        "takes HTTP",
    ),
    (lambda _: {"storage": "bucket"}, "storage", "an EdgeStorage", "type str", "hand in"),
]


@pytest.mark.parametrize(
    ("arguments", "place", "allowed", "given", "remedy"),
    [pytest.param(*row, id=f"{number} {row[1]}") for number, row in enumerate(REFUSALS, start=1)],
)
def test_refuses(
    made: Surroundings,
    scopes: Iterator[Construct],
    arguments: Make,
    place: str,
    allowed: str,
    given: str,
    remedy: str,
) -> None:
    """One fault says where, what may stand there, what stands there, and what to do."""
    scope = next(scopes)
    with pytest.raises(InvalidInputError) as refusal:
        EdgeServer(scope, "Es", **{**made.around, "name": "es", **arguments(made)})
    (fault,) = refusal.value.faults
    assert fault.place.startswith(f"{scope.node.path}/Es: {place}")
    assert allowed in fault.allowed
    assert given in fault.given
    assert remedy in fault.remedy
    assert CANARY not in str(refusal.value)


# Values among `ANYTHING_ELSE` that are right for an argument, or a matter of another test.
RIGHT: dict[str, tuple[type, ...]] = {
    "assign_public_ip": (bool,),
    "egress_provided": (bool,),
    "enable_execute_command": (bool,),
    "health_check_grace_period": (Duration,),
    "deregistration_delay": (Duration,),
    # Strings are refused for their form, which shows them, as it does models.
    **dict.fromkeys(("image_tag", "image_digest", "name", "registry"), (str,)),
}
OF_ANY_SERVER = sorted(ServiceOptions.__annotations__)


def wrong_values(argument: str) -> list[Any]:
    """Values that the argument cannot take."""
    right = RIGHT.get(argument, ())
    return [value for value in ANYTHING_ELSE if type(value) not in right]


@pytest.mark.parametrize(
    ("kind", "argument"),
    [
        *((EdgeServer, argument) for argument in OF_ANY_SERVER),
        *(
            (EdgeServer, argument)
            for argument in ("cluster", "ingress", "name", "secret", "jwt_jwks_secret", "storage")
        ),
        *(
            (Coordinator, argument)
            for argument in ("registry_credentials", "secret", "name", "registry", "bedrock_models")
        ),
    ],
)
def test_refuses_any_other_type(
    made: Surroundings,
    scopes: Iterator[Construct],
    kind: type[EdgeServer] | type[Coordinator],
    argument: str,
) -> None:
    """Whatever is handed in, the fault names the argument: no error comes from within the CDK."""
    required = {**made.around, "name": "es"}
    if kind is Coordinator:
        required |= {
            name: secret(next(scopes), name) for name in ("registry_credentials", "secret")
        }
    for value in wrong_values(argument):
        scope = next(scopes)
        with pytest.raises(InvalidInputError) as refusal:
            kind(scope, "Es", **{**required, argument: value})
        for fault in refusal.value.faults:
            assert fault.place.split(": ")[1].split(".")[0].split(" ")[0] == argument, value
            assert fault.allowed
            assert fault.remedy
        if not isinstance(value, str) and argument != "bedrock_models":
            assert CANARY not in str(refusal.value)
        assert " at 0x" not in str(refusal.value)


NOT_NONE = {
    "cpu",
    "memory_limit_mib",
    "cpu_architecture",
    "secrets",
    "environment",
    "assign_public_ip",
    "egress_provided",
    "enable_execute_command",
    "extensions",
    "grpc_port",
    "deregistration_delay",
    "circuit_breaker",
    "min_healthy_percent",
    "max_healthy_percent",
    "removal_policy",
}


@pytest.mark.parametrize("argument", OF_ANY_SERVER)
def test_none_is_left_out_or_refused(
    made: Surroundings, scopes: Iterator[Construct], argument: str
) -> None:
    """An argument whose type has `None` takes it for "left out"; any other refuses it."""
    scope = next(scopes)
    arguments: dict[str, Any] = {**made.around, "name": "Bad", argument: None}
    with pytest.raises(InvalidInputError) as refusal:
        EdgeServer(scope, "Es", **arguments)
    (fault,) = refusal.value.faults
    assert fault.place.endswith(argument if argument in NOT_NONE else "name")
    assert ("None" in ServiceOptions.__annotations__[argument].__forward_arg__) == (
        argument not in NOT_NONE
    )


def test_unknown_argument_is_named_with_the_nearest(made: Surroundings) -> None:
    """As with any function, with a hint."""
    with pytest.raises(TypeError, match="'desired_cuont'; write 'desired_count'"):
        EdgeServer(made.stack, "Unknown", **made.around, name="es", desired_cuont=1)  # type: ignore[call-arg]


def in_isolated_subnets() -> Surroundings:
    """Surroundings whose cluster's subnets have no way out."""
    made = surroundings()
    vpc = ec2.Vpc.from_vpc_attributes(
        made.stack,
        "Isolated",
        vpc_id="vpc-123",
        availability_zones=["a", "b"],
        isolated_subnet_ids=["subnet-a", "subnet-b"],
        isolated_subnet_route_table_ids=["rtb-a", "rtb-b"],
    )
    return Surroundings(
        made.stack, vpc, ecs.Cluster(made.stack, "InIsolated", vpc=vpc), made.ingress
    )


def test_refuses_images_of_the_internet_without_a_way_there() -> None:
    """An edge server in isolated subnets takes an image from ECR, or another way out said so."""
    made = in_isolated_subnets()
    with pytest.raises(InvalidInputError, match=r"Test/Es: image must be one that is in ECR"):
        EdgeServer(made.stack, "Es", **made.around, name="es")
    with pytest.raises(InvalidInputError, match="Test/ByName: image must be one that is in ECR"):
        EdgeServer(made.stack, "ByName", **made.around, name="by-name", image=IMAGE)
    repository = ecr.Repository.from_repository_name(made.stack, "Images", "datafi-es")
    image = ecs.ContainerImage.from_ecr_repository(repository, "v1")
    assert EdgeServer(made.stack, "FromEcr", **made.around, name="from-ecr", image=image).service
    assert EdgeServer(made.stack, "Said", **made.around, name="said", egress_provided=True).service


def test_refuses_a_coordinator_without_a_way_out() -> None:
    """Redis, token issuer and global coordinator are on the internet, whatever the image."""
    made = in_isolated_subnets()
    arguments = {**made.around, "secret": secret(made.stack, "co"), "image": IMAGE}
    with pytest.raises(InvalidInputError, match="Test/Co: egress_provided must be True"):
        Coordinator(made.stack, "Co", **arguments)
    assert Coordinator(made.stack, "Said", **arguments, egress_provided=True).service


def test_refuses_a_coordinator_that_cannot_pull(made: Surroundings) -> None:
    """The private registry needs credentials; another image does not."""
    with pytest.raises(InvalidInputError, match=r"/Co: registry_credentials must be given"):
        Coordinator(Construct(made.stack, "X"), "Co", **made.around, secret=secret(made.stack, "x"))


@pytest.mark.parametrize("argument", ["image", "pull_through_cache"])
def test_refuses_credentials_that_a_coordinator_would_not_use(
    made: Surroundings, scopes: Iterator[Construct], argument: str
) -> None:
    """Another image brings what it needs along."""
    scope = next(scopes)
    names = ("registry_credentials", "secret", "ecr-pullthroughcache/acr")
    registry, own, upstream = (secret(scope, name) for name in names)
    images: dict[str, Any] = {
        "image": IMAGE,
        "pull_through_cache": PullThroughCache(
            scope, "Cache", datafi_registry_credentials=upstream
        ),
    }
    with pytest.raises(InvalidInputError) as refusal:
        Coordinator(
            scope,
            "Co",
            **made.around,
            secret=own,
            registry_credentials=registry,
            **{argument: images[argument]},
        )
    (fault,) = refusal.value.faults
    assert fault.place.endswith("/Co: registry_credentials")
    assert f"left out if {argument} is given" in fault.allowed
    assert "leave one" in fault.remedy


def test_refuses_to_grant_a_shell_that_no_container_opens() -> None:
    """ECS Exec is off by default."""
    made = surroundings()
    server = EdgeServer(made.stack, "Es", **made.around, name="es")
    operator = iam.Role(made.stack, "Operator", assumed_by=iam.AccountRootPrincipal())
    with pytest.raises(InvalidInputError, match="Es: enable_execute_command must be True for"):
        server.grant_execute_command(operator)


@pytest.mark.parametrize(
    ("percents", "tasks"),
    [
        ((100, 200), {}),
        ((0, 100), {}),
        ((100, 150), {"desired_count": 2}),
        ((50, 100), {"desired_count": 2}),
        ((100, 134), {"auto_scaling": AutoScaling(3, 9, cpu_percent=50)}),
        ((66, 100), {"desired_count": 3}),
        ((100, 150), {"desired_count": 0}),
        ((100, 150), {"desired_count": NUMBER}),
        ((100, 150), {"auto_scaling": AutoScaling(0, 9, cpu_percent=50)}),
        ((100, NUMBER), {}),
    ],
)
def test_takes_percentages_with_which_a_deployment_begins(
    made: Surroundings,
    scopes: Iterator[Construct],
    percents: tuple[int, int],
    tasks: dict[str, Any],
) -> None:
    """One task more may start, or one may stop; or it is not known how many there are."""
    scope = next(scopes)
    lowest, highest = percents
    name = scope.node.id.lower()
    server = EdgeServer(
        scope,
        "Es",
        **made.around,
        name=f"begins-{name}",
        min_healthy_percent=lowest,
        max_healthy_percent=highest,
        **tasks,
    )
    assert server.service


@pytest.mark.parametrize(
    "models", ["anthropic.claude", [""], ["*"], ["arn:aws:s3:::bucket"], [5], ["claude"]]
)
def test_refuses_what_is_no_model(
    made: Surroundings, scopes: Iterator[Construct], models: Any
) -> None:
    """A model is an id or an ARN of Bedrock, and models are a list."""
    scope = next(scopes)
    secrets = {name: secret(scope, name) for name in ("registry_credentials", "secret")}
    with pytest.raises(InvalidInputError, match="/Co: bedrock_models must be a list of ids"):
        Coordinator(scope, "Co", **made.around, **secrets, bedrock_models=models)


@pytest.mark.parametrize(
    ("models", "words"),
    [
        ([None], "a list of ids or ARNs of models, got None in it"),
        (
            Token.as_list({"Ref": "Models"}),
            "a list that is known at synthesis, got a token; write the models one by one",
        ),
    ],
)
def test_refuses_models_that_are_not_known_one_by_one(
    made: Surroundings, scopes: Iterator[Construct], models: Any, words: str
) -> None:
    """Each may be a token, of which nothing is known; but not all of them together."""
    scope = next(scopes)
    secrets = {name: secret(scope, name) for name in ("registry_credentials", "secret")}
    with pytest.raises(InvalidInputError) as refusal:
        Coordinator(scope, "Co", **made.around, **secrets, bedrock_models=models)
    assert f"/Co: bedrock_models must be {words}" in str(refusal.value)


def test_a_priority_of_deployment_is_taken_alone() -> None:
    """A priority known only at deployment cannot be compared, and is not refused."""
    made = surroundings()
    number = Token.as_number({"Ref": "Priority"})
    EdgeServer(made.stack, "Es", **made.around, name="es", http_rule_priority=number)
    rule = properties(Template.from_stack(made.stack), LISTENER_RULE, "EsHttpRule")
    assert rule["Priority"] == {"Ref": "Priority"}


def test_tokens_pass_in_scaling_and_health_checks() -> None:
    """Numbers, ports and durations may be known only at deployment."""
    made = surroundings()
    text, number = Token.as_string({"Ref": "Text"}), Token.as_number({"Ref": "Number"})
    server = EdgeServer(
        made.stack,
        "Es",
        **made.around,
        name="es",
        auto_scaling=AutoScaling(number, number, cpu_percent=number),
        http_health_check=elbv2.HealthCheck(port=text, path=text, healthy_http_codes=text),
        ephemeral_storage_gib=number,
        deregistration_delay=Duration.seconds(number),
    )
    template = Template.from_stack(made.stack)
    target = properties(template, "AWS::ApplicationAutoScaling::ScalableTarget")
    assert target["MinCapacity"] == {"Ref": "Number"}
    targets = properties(template, "AWS::ElasticLoadBalancingV2::TargetGroup", "EsHttp")
    assert targets["HealthCheckPort"] == {"Ref": "Text"}
    ports = [
        rule["Properties"]["FromPort"]
        for rule in template.find_resources("AWS::EC2::SecurityGroupIngress").values()
    ]
    assert {"Ref": "Text"} in ports
    assert server.scaling is not None


def test_tokens_pass_one_by_one() -> None:
    """Fields, capacity providers, an interval and ports may be known only at deployment."""
    made = surroundings()
    EdgeServer(
        made.stack,
        "Es",
        **made.around,
        name="es",
        secret=secret(made.stack, "es"),
        secret_variables={"KEY": TEXT},
        capacity_provider_strategies=[
            strategy(Token.as_string({"Ref": name}), weight=1) for name in ("One", "Two")
        ],
        http_health_check=elbv2.HealthCheck(interval=Duration.seconds(NUMBER)),
        http_port=NUMBER,
        grpc_port=Token.as_number({"Ref": "Other"}),
    )
    template = Template.from_stack(made.stack)
    (container,) = properties(template, TASK_DEFINITION)["ContainerDefinitions"]
    (variable,) = container["Secrets"]
    assert variable["ValueFrom"]["Fn::Join"][1][1] == {"Ref": "Text"}
    strategies = properties(template, SERVICE)["CapacityProviderStrategy"]
    assert [entry["CapacityProvider"]["Ref"] for entry in strategies] == ["One", "Two"]
    targets = properties(template, TARGET_GROUP, "EsHttp")
    assert targets["HealthCheckIntervalSeconds"] == {"Ref": "Number"}


def test_memory_of_deployment_leaves_the_data_cache_to_the_image() -> None:
    """Half of a number that is not known yet cannot be written."""
    made = surroundings()
    EdgeServer(made.stack, "Es", **made.around, name="es", memory_limit_mib=NUMBER)
    assert "MEMORY" not in environment(Template.from_stack(made.stack))


def test_an_existing_vpc_of_the_same_id_is_the_same() -> None:
    """Two imports of one VPC are one VPC."""
    made = surroundings()
    again = existing_vpc(Construct(made.stack, "Again"))
    cluster = ecs.Cluster(made.stack, "Second", vpc=again)
    server = EdgeServer(made.stack, "Es", cluster=cluster, ingress=made.ingress, name="es")
    assert server.service
