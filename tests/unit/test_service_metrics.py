"""What services measure and grant, and how their number follows the load."""

from collections.abc import Callable
from typing import Any

import pytest
from datafi_cdk import AutoScaling, Coordinator, EdgeServer
from aws_cdk import Duration, Environment, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Template
from deployment import (
    ACCOUNT,
    INLINE_POLICY,
    LISTENER,
    POLICY,
    ROOT_DOMAIN,
    SERVICE,
    TARGET_GROUP,
    Surroundings,
    logical_id,
    needs,
    new_app,
    new_stack,
    properties,
    secret,
    statements,
    surroundings,
)

ALARM = "AWS::CloudWatch::Alarm"
SCALING = "AWS::ApplicationAutoScaling::ScalingPolicy"
LOAD_BALANCER = "AWS/ApplicationELB"
METRICS: list[tuple[str, dict[str, Any], str, str, str, set[str]]] = [
    ("cpu_utilization", {}, "AWS/ECS", "CPUUtilization", "Average", {"ClusterName", "ServiceName"}),
    (
        "memory_utilization",
        {},
        "AWS/ECS",
        "MemoryUtilization",
        "Average",
        {"ClusterName", "ServiceName"},
    ),
    (
        "running_task_count",
        {},
        "ECS/ContainerInsights",
        "RunningTaskCount",
        "Average",
        {"ClusterName", "ServiceName"},
    ),
    *(
        (name, {"grpc": grpc}, LOAD_BALANCER, metric, statistic, {"LoadBalancer", "TargetGroup"})
        for grpc in (False, True)
        for name, metric, statistic in (
            ("target_response_time", "TargetResponseTime", "Average"),
            ("request_count", "RequestCount", "Sum"),
            ("request_count_per_target", "RequestCountPerTarget", "Sum"),
            ("http_5xx", "HTTPCode_Target_5XX_Count", "Sum"),
            ("unhealthy_host_count", "UnHealthyHostCount", "Maximum"),
            ("healthy_host_count", "HealthyHostCount", "Minimum"),
        )
    ),
]


@pytest.fixture(scope="module")
def made() -> tuple[Surroundings, EdgeServer, Stack]:
    """A server with an alarm on each of its metrics, in its stack and in another."""
    app = new_app()
    around = surroundings(new_stack("Test", app))
    other = new_stack("Monitoring", app)
    server = EdgeServer(around.stack, "Es", **around.around, name="es")
    for number, (name, arguments, *_) in enumerate(METRICS):
        metric: cloudwatch.Metric = getattr(server, f"metric_{name}")(**arguments)
        for stack in (around.stack, other):
            cloudwatch.Alarm(
                stack, f"Alarm{number:02}x", metric=metric, threshold=1, evaluation_periods=1
            )
    return around, server, other


@pytest.fixture(scope="module")
def templates(made: tuple[Surroundings, EdgeServer, Stack]) -> tuple[Template, Template]:
    """The templates of both stacks."""
    return Template.from_stack(made[0].stack), Template.from_stack(made[2])


@pytest.mark.parametrize("stack", [0, 1], ids=["same", "other"])
@pytest.mark.parametrize(
    ("number", "row"),
    [pytest.param(number, row, id=f"{row[0]} {row[1]}") for number, row in enumerate(METRICS)],
)
def test_metric(
    templates: tuple[Template, Template],
    number: int,
    row: tuple[str, dict[str, Any], str, str, str, set[str]],
    stack: int,
) -> None:
    """Namespace, name, statistic and dimensions are those that AWS documents."""
    _, _, namespace, name, statistic, dimensions = row
    alarm = properties(templates[stack], ALARM, f"Alarm{number:02}x")
    found = (alarm["Namespace"], alarm["MetricName"], alarm["Statistic"], alarm["Period"])
    assert found == (namespace, name, statistic, 300)
    assert {entry["Name"] for entry in alarm["Dimensions"]} == dimensions


def test_dimensions_are_those_of_the_server(templates: tuple[Template, Template]) -> None:
    """The target group's and the load balancer's full names, and the service's name."""
    template = templates[0]
    for number, (_, arguments, namespace, *_) in enumerate(METRICS):
        alarm = properties(template, ALARM, f"Alarm{number:02}x")
        values = {entry["Name"]: entry["Value"] for entry in alarm["Dimensions"]}
        if namespace != LOAD_BALANCER:
            service = logical_id(template, SERVICE)
            assert values["ServiceName"] == {"Fn::GetAtt": [service, "Name"]}
            continue
        kind = "EsGrpc" if arguments["grpc"] else "EsHttp"
        group = logical_id(template, TARGET_GROUP, kind)
        assert values["TargetGroup"] == {"Fn::GetAtt": [group, "TargetGroupFullName"]}
        listener = logical_id(template, LISTENER, "IngressLoadBalancerHttps")
        assert str(values["LoadBalancer"]).count(listener) == 3


def test_metrics_are_read_as_asked(made: tuple[Surroundings, EdgeServer, Stack]) -> None:
    """Period, statistic, label and color can be said."""
    metric = made[1].metric_request_count(
        period=Duration.minutes(1), statistic="Average", label="requests", color="#ff0000"
    )
    assert metric.period.to_seconds() == 60
    assert (metric.statistic, metric.label, metric.color) == ("Average", "requests", "#ff0000")


def test_metrics_make_no_cycle(made: tuple[Surroundings, EdgeServer, Stack]) -> None:
    """The stack that watches needs the server's, not the other way round."""
    around, _, other = made
    assert around.stack in other.dependencies
    assert needs(around.stack) == []


SCALED: list[tuple[AutoScaling, str, dict[str, Any]]] = [
    (
        AutoScaling(1, 4, cpu_percent=60),
        "Cpu",
        {
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "ECSServiceAverageCPUUtilization"
            },
            "TargetValue": 60,
            "ScaleInCooldown": 60,
            "ScaleOutCooldown": 60,
        },
    ),
    (
        AutoScaling(1, 4, memory_percent=70, scale_in_cooldown=Duration.minutes(5)),
        "Memory",
        {
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "ECSServiceAverageMemoryUtilization"
            },
            "TargetValue": 70,
            "ScaleInCooldown": 300,
            "ScaleOutCooldown": 60,
        },
    ),
]


@pytest.mark.parametrize(("scaling", "policy", "expected"), SCALED)
def test_scales_on_one_measure(scaling: AutoScaling, policy: str, expected: dict[str, Any]) -> None:
    """Between the bounds, by the measure that is given and no other."""
    around = surroundings()
    server = EdgeServer(around.stack, "Es", **around.around, name="es", auto_scaling=scaling)
    template = Template.from_stack(around.stack)
    target = properties(template, "AWS::ApplicationAutoScaling::ScalableTarget")
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 4)
    made = properties(template, SCALING)
    assert made["TargetTrackingScalingPolicyConfiguration"] == expected
    assert policy in logical_id(template, SCALING)
    assert "DesiredCount" not in properties(template, SERVICE)
    assert server.scaling is not None


def test_scales_on_requests_of_the_http_targets() -> None:
    """The sum of HTTPS requests of a minute to each task."""
    around = surroundings()
    scaling = AutoScaling(
        1,
        4,
        cpu_percent=50,
        requests_per_target=1000,
        scale_in_cooldown=Duration.minutes(5),
        scale_out_cooldown=Duration.seconds(30),
    )
    EdgeServer(around.stack, "Es", **around.around, name="es", auto_scaling=scaling)
    template = Template.from_stack(around.stack)
    template.resource_count_is(SCALING, 2)
    (made,) = (
        entry["Properties"]["TargetTrackingScalingPolicyConfiguration"]
        for name, entry in template.find_resources(SCALING).items()
        if "Requests" in name
    )
    metric = made["CustomizedMetricSpecification"]
    assert made["TargetValue"] == 1000
    assert (made["ScaleInCooldown"], made["ScaleOutCooldown"]) == (300, 30)
    assert (metric["MetricName"], metric["Statistic"]) == ("RequestCountPerTarget", "Sum")
    group = logical_id(template, TARGET_GROUP, "EsHttp")
    assert {"Fn::GetAtt": [group, "TargetGroupFullName"]} in [
        entry["Value"] for entry in metric["Dimensions"]
    ]


def test_without_scaling_nothing_scales(made: tuple[Surroundings, EdgeServer, Stack]) -> None:
    """The attribute is `None`."""
    assert made[1].scaling is None


def test_grant_execute_command() -> None:
    """An operator gets into the server's container, and into no other of the cluster."""
    around = surroundings()
    server = EdgeServer(around.stack, "Es", **around.around, name="es", enable_execute_command=True)
    operator = iam.Role(around.stack, "Operator", assumed_by=iam.AccountRootPrincipal())
    grant = server.grant_execute_command(operator)
    assert grant.success
    template = Template.from_stack(around.stack)
    execute, describe = statements(template, "OperatorDefaultPolicy", INLINE_POLICY)
    cluster = logical_id(template, "AWS::ECS::Cluster")
    assert execute[0] == ["ecs:ExecuteCommand"]
    assert execute[1][0] == {"Fn::GetAtt": [cluster, "Arn"]}
    assert execute[2] == {"StringEquals": {"ecs:container-name": "es"}}
    assert describe == (["ecs:DescribeTasks"], execute[1][1], None)
    assert ":task/" in str(describe[1])
    assert {"Ref": cluster} in describe[1]["Fn::Join"][1]


def test_grants_go_to_the_task_role() -> None:
    """A server is what CDK grants to, and what it connects."""
    around = surroundings()
    server = EdgeServer(around.stack, "Es", **around.around, name="es")
    made = iam.Grant.add_to_principal(
        grantee=server, actions=["sqs:SendMessage"], resource_arns=["*"]
    )
    assert made.success
    group = ec2.SecurityGroup(around.stack, "Client", vpc=around.vpc)
    server.connections.allow_from(group, ec2.Port.tcp(8080))
    template = Template.from_stack(around.stack)
    assert statements(template, "EsTaskRole") == [(["sqs:SendMessage"], "*", None)]
    template.has_resource_properties("AWS::EC2::SecurityGroupIngress", {"FromPort": 8080})


def coordinator(around: Surroundings, **arguments: Any) -> Coordinator:
    """A coordinator with these arguments."""
    needed = {name: secret(around.stack, name) for name in ("secret", "registry_credentials")}
    return Coordinator(around.stack, "Co", **around.around, **needed, **arguments)


MODELS: list[tuple[str, Callable[[Any], bool]]] = [
    (
        "anthropic.claude-3-haiku-20240307-v1:0",
        lambda resource: (
            resource
            == {
                "Fn::Join": [
                    "",
                    [
                        "arn:",
                        {"Ref": "AWS::Partition"},
                        ":bedrock:",
                        {"Ref": "AWS::Region"},
                        "::foundation-model/anthropic.claude-3-haiku-20240307-v1:0",
                    ],
                ]
            }
        ),
    ),
    (
        "arn:aws:bedrock:eu-west-1::foundation-model/amazon.titan",
        lambda resource: resource == "arn:aws:bedrock:eu-west-1::foundation-model/amazon.titan",
    ),
]


@pytest.mark.parametrize(("model", "is_right"), MODELS)
def test_coordinator_may_invoke_its_models(model: str, is_right: Callable[[Any], bool]) -> None:
    """Exactly the models that are named, by id in the stack's region or by ARN."""
    around = surroundings()
    coordinator(around, bedrock_models=(model,))
    template = Template.from_stack(around.stack)
    ((actions, resource, condition),) = statements(template, "CoTaskRole")
    assert actions == ["bedrock:InvokeModel"]
    assert is_right(resource)
    assert condition is None


MODEL = "anthropic.claude-3-haiku-20240307-v1:0"
PLACES = ("us", "us-gov", "eu", "apac", "ap", "jp", "au", "ca", "global")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("by_arn", [False, True])
def test_coordinator_may_invoke_a_model_behind_a_profile(place: str, by_arn: bool) -> None:
    """The profile, and the model through it only, in every region to which it leads."""
    stack = Stack(new_app(), "Test", env=Environment(account=ACCOUNT, region="eu-west-1"))
    around = surroundings(stack)
    start = "arn:aws-cn:bedrock:cn-north-1:222222222222" if by_arn else ""
    named = f"{start}:inference-profile/{place}.{MODEL}" if by_arn else f"{place}.{MODEL}"
    coordinator(around, bedrock_models=[named])
    partition = "aws-cn" if by_arn else "AWS::Partition"
    profile = (
        named
        if by_arn
        else (f"arn:AWS::Partition:bedrock:eu-west-1:{ACCOUNT}:inference-profile/{named}")
    )
    first, second = (
        (actions, joined(resource), condition)
        for actions, resource, condition in statements(Template.from_stack(stack), "CoTaskRole")
    )
    assert first == (["bedrock:InvokeModel"], [profile], None)
    regions = ["*", ""] if place == "global" else ["*"]
    actions, models, condition = second
    assert actions == ["bedrock:InvokeModel"]
    assert models == [
        f"arn:{partition}:bedrock:{region}::foundation-model/{MODEL}" for region in regions
    ]
    ((operator, expected),) = condition.items()
    ((key, value),) = expected.items()
    assert (operator, key) == ("StringLike", "bedrock:InferenceProfileArn")
    assert joined(value) == [profile]


def joined(resources: Any) -> list[str]:
    """ARNs with their references by name."""
    parts = resources if isinstance(resources, list) else [resources]
    return [
        part
        if isinstance(part, str)
        else "".join(each if isinstance(each, str) else each["Ref"] for each in part["Fn::Join"][1])
        for part in parts
    ]


@pytest.mark.parametrize(
    "arn",
    [
        f"arn:aws:bedrock:*::foundation-model/{MODEL}",
        f"arn:aws:bedrock:::foundation-model/{MODEL}",
        "arn:aws:bedrock:eu-west-1:111111111111:application-inference-profile/a1b2c3",
    ],
)
def test_coordinator_may_invoke_what_is_named_by_arn(arn: str) -> None:
    """An application inference profile, and models of any region and of none, as they are."""
    around = surroundings()
    coordinator(around, bedrock_models=[arn])
    granted = statements(Template.from_stack(around.stack), "CoTaskRole")
    assert granted == [(["bedrock:InvokeModel"], arn, None)]


def test_addresses_follow_from_name_and_ingress() -> None:
    """Host, URL and gRPC endpoint; the issuer of tokens is the coordinator's URL."""
    around = surroundings()
    made = coordinator(around, name="control")
    host = f"control.{ROOT_DOMAIN}"
    assert (made.host, made.url) == (host, f"https://{host}")
    assert made.grpc_endpoint == f"{host}:50051"
    template = Template.from_stack(around.stack)
    assert f"'JWT_ISS', 'Value': 'https://{host}/'" in str(template.to_json())
    assert len(template.find_resources(POLICY)) == 1
