"""Fargate tasks, their logs and metrics, worked out by hand."""

from dataclasses import replace
from decimal import Decimal

import pytest
from cost_resources import QUIET, STACK, costs, made, reference, scaling, server, usd
from datafi_cdk.cli.cost.items import Made, Range
from datafi_cdk.cli.cost.task_items import LOGS, METRICS, TASKS


def test_a_task_pays_for_vcpu_and_memory_by_the_hour() -> None:
    """730 h x (1 x 0.04048 + 2 x 0.004445) = 29.5504 + 6.4897."""
    found = costs(server())
    assert usd(found, TASKS) == Decimal("36.0401")
    assert [line.usd.low for line in found.lines] == [Decimal("29.5504"), Decimal("6.4897")]
    assert found.lines[0].item.what == "es, 1 task (1 vCPU, 2 GB): vCPU"


def test_hours_are_those_of_the_assumption() -> None:
    """100 h x (0.04048 + 2 x 0.004445) = 4.937."""
    found = costs(server(), replace(QUIET, hours=Decimal(100)))
    assert usd(found, TASKS) == Decimal("4.937")


def test_arm_has_its_own_price() -> None:
    """730 h x (0.03238 + 2 x 0.00356) = 23.6374 + 5.1976."""
    found = costs(server(task={"RuntimePlatform": {"CpuArchitecture": "ARM64"}}))
    assert usd(found, TASKS) == Decimal("28.835")


def test_another_region_has_its_own_price() -> None:
    """730 h x (0.04656 + 2 x 0.00511) in Frankfurt = 41.4494."""
    assert usd(costs(server(), region="eu-central-1"), TASKS) == Decimal("41.4494")


def test_only_storage_above_20_gb_is_paid() -> None:
    """730 h x 30 GB x 0.000111 = 2.4309 for 50 GB, nothing for 20."""
    more = costs(server(task={"EphemeralStorage": {"SizeInGiB": 50}}))
    assert usd(more, TASKS) == Decimal("36.0401") + Decimal("2.4309")
    same = costs(server(task={"EphemeralStorage": {"SizeInGiB": 21}}))
    assert usd(same, TASKS) == Decimal("36.0401") + Decimal("0.08103")
    assert usd(costs(server(task={"EphemeralStorage": {"SizeInGiB": 20}})), TASKS) == Decimal(
        "36.0401"
    )


def test_scaling_makes_a_range() -> None:
    """Two to ten tasks cost 2 to 10 times 36.0401, whatever the service itself says."""
    found = costs([*server(tasks=1), scaling(low=2, high=10)])
    assert found.total == Range(Decimal("72.0802"), Decimal("360.401"))
    assert found.lines[0].item.what == "es, 2 to 10 tasks (1 vCPU, 2 GB): vCPU"


def test_scaling_of_another_server_changes_nothing() -> None:
    """A scalable target belongs to the one service that it names."""
    found = costs([*server("a"), *server("b"), scaling("b", low=2, high=3)])
    assert found.total == Range(Decimal("36.0401") * 3, Decimal("36.0401") * 4)


def test_spot_costs_between_its_best_price_and_that_on_demand() -> None:
    """Base 1 on demand, then 1 to 3: of 5 tasks 2 are on demand and 3 on Spot."""
    strategy = [
        {"CapacityProvider": "FARGATE", "Base": 1, "Weight": 1},
        {"CapacityProvider": "FARGATE_SPOT", "Weight": 3},
    ]
    found = costs(server(tasks=5, LaunchType=None, CapacityProviderStrategy=strategy))
    one = Decimal("36.0401")
    assert found.total == Range(2 * one + 3 * one * Decimal("0.3"), 5 * one)
    assert [line.item.what for line in found.lines] == [
        "es, 2 tasks (1 vCPU, 2 GB): vCPU",
        "es, 2 tasks (1 vCPU, 2 GB): memory",
        "es, 3 tasks (1 vCPU, 2 GB, Spot): vCPU",
        "es, 3 tasks (1 vCPU, 2 GB, Spot): memory",
    ]


def test_the_cluster_decides_where_a_service_does_not() -> None:
    """Without launch type and strategy, the default of the cluster holds."""
    service = server()
    properties = {k: v for k, v in service[-1].properties.items() if k != "LaunchType"}
    service[-1] = replace(service[-1], properties=properties)
    default = made(
        "Providers",
        "AWS::ECS::ClusterCapacityProviderAssociations",
        Cluster=reference("Cluster"),
        DefaultCapacityProviderStrategy=[{"CapacityProvider": "FARGATE_SPOT", "Weight": 1}],
    )
    one = Decimal("36.0401")
    assert costs([*service, default]).total == Range(one * Decimal("0.3"), one)
    assert "does not run on Fargate" in costs(service).left[0].why


def test_servers_of_one_size_stand_together() -> None:
    """Thirty servers make two lines, not sixty."""
    found = costs([one for number in range(30) for one in server(f"es{number}")])
    assert [line.item.what for line in found.lines] == [
        "30 servers, 1 task each (1 vCPU, 2 GB): vCPU",
        "30 servers, 1 task each (1 vCPU, 2 GB): memory",
    ]
    assert found.total == Range.exactly(Decimal("1081.203"))


def test_servers_without_tasks_are_said_to_have_none() -> None:
    """Nothing is paid for them, and nobody has to wonder where they are."""
    usage = replace(QUIET, log_gb=Decimal(1), data_gb=Decimal(1))
    found = costs([*server("a", tasks=0), *server("b", tasks=0)], usage)
    assert found.lines == ()
    assert [(left.what, left.why) for left in found.left] == [
        ("2 servers", "the number of tasks is set to 0")
    ]


@pytest.mark.parametrize(
    ("resources", "why"),
    [
        (server()[-1:], "its task definition is not in these templates"),
        (server(task={"Cpu": "${Cpu}"}), "its CPU and memory are known at deployment only"),
        (server(LaunchType="EC2"), "it does not run on Fargate"),
        (
            server(CapacityProviderStrategy=[{"CapacityProvider": "mine"}]),
            "it does not run on Fargate",
        ),
        (server(DesiredCount="${Count}"), "its number of tasks is known at deployment only"),
        (
            server(task={"RuntimePlatform": {"OperatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}}),
            "the table has prices for Linux only",
        ),
    ],
)
def test_tells_which_tasks_it_cannot_price(resources: list[Made], why: str) -> None:
    """A service that cannot be priced is named, with the reason."""
    found = costs(resources)
    assert usd(found, TASKS) == 0
    assert found.left[0].what == f"tasks of {STACK}/esService"
    assert why in found.left[0].why


def test_tells_which_price_the_table_lacks() -> None:
    """What a region has no price of is no line of zero dollars, but named."""
    found = costs(server(task={"EphemeralStorage": {"SizeInGiB": 50}}), region="us-west-2")
    assert usd(found, TASKS) == Decimal("36.0401")
    assert found.left[0].why == "the table has no price of it for us-west-2"
    assert "storage above 20 GB" in found.left[0].what


def test_logs_are_paid_when_written_and_while_kept() -> None:
    """10 GB x 0.50, and 10 GB kept for 3 months x 0.03; kept for ever counts as 12 months."""
    usage = replace(QUIET, log_gb=Decimal(10))
    service = server()
    service[0] = made("esLogs", "AWS::Logs::LogGroup", RetentionInDays=90)
    assert usd(costs(service, usage), LOGS) == Decimal("5.90")
    service[0] = made("esLogs", "AWS::Logs::LogGroup")
    assert usd(costs(service, usage), LOGS) == Decimal("8.60")
    assert usd(costs(service[1:], usage), LOGS) == Decimal("8.60")


@pytest.mark.parametrize(
    ("value", "expected"), [("enabled", "18.60"), ("enhanced", "0"), ("disabled", "0")]
)
def test_container_insights_are_custom_metrics(value: str, expected: str) -> None:
    """(12 of the cluster + 2 x (15 + 10)) x 0.30 = 18.60; enhanced ones are not in the table."""
    settings = [{"Name": "containerInsights", "Value": value}]
    cluster = made("Cluster", "AWS::ECS::Cluster", ClusterSettings=settings)
    found = costs([cluster, *server("a"), *server("b")])
    assert usd(found, METRICS) == Decimal(expected)
    named = any("Container Insights" in left.what for left in found.left)
    assert named is (value == "enhanced")


def test_alarms_are_paid_and_so_are_those_of_scaling_policies() -> None:
    """One alarm of one metric, one of two, two for each policy that tracks a target: 7 x 0.10."""
    expression, metric = {"Expression": "a / b"}, {"MetricStat": {"Period": 60}}
    policy = {"TargetTrackingScalingPolicyConfiguration": {"TargetValue": 60}}
    found = costs(
        [
            made("Alarm", "AWS::CloudWatch::Alarm"),
            made("Share", "AWS::CloudWatch::Alarm", Metrics=[expression, metric, metric]),
            made("Cpu", "AWS::ApplicationAutoScaling::ScalingPolicy", **policy),
            made("Memory", "AWS::ApplicationAutoScaling::ScalingPolicy", **policy),
            made("Steps", "AWS::ApplicationAutoScaling::ScalingPolicy"),
        ]
    )
    assert usd(found, METRICS) == Decimal("0.70")


def test_dashboards_are_paid_each() -> None:
    """Three dollars a month, the same in all regions."""
    found = costs([made(name, "AWS::CloudWatch::Dashboard") for name in ("One", "Two")])
    assert usd(found, METRICS) == Decimal("6.00")
