"""Templates that others have written: any property may be what only the deployment knows."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from cost_resources import (
    QUIET,
    TABLE,
    costs,
    interface_endpoint,
    load_balancer,
    made,
    nat_gateway,
    reference,
    scaling,
    server,
)
from datafi_cdk.cli.cost.alternatives import alternatives
from datafi_cdk.cli.cost.items import Made

PROVIDERS = [{"CapacityProvider": "FARGATE", "Weight": 1, "Base": 1}]
APP = [
    *server(
        task={
            "RuntimePlatform": {"CpuArchitecture": "X86_64", "OperatingSystemFamily": "LINUX"},
            "EphemeralStorage": {"SizeInGiB": 30},
        },
        CapacityProviderStrategy=PROVIDERS,
    ),
    scaling(low=1, high=2),
    *nat_gateway(1),
    load_balancer(),
    interface_endpoint("Logs"),
    made(
        "Cluster",
        "AWS::ECS::Cluster",
        ClusterSettings=[{"Name": "containerInsights", "Value": "enabled"}],
    ),
    made(
        "Function",
        "AWS::Lambda::Function",
        PackageType="Image",
        MemorySize=512,
        Architectures=["arm64"],
        LoggingConfig={"LogGroup": reference("esLogs")},
    ),
    made("Alarm", "AWS::CloudWatch::Alarm", Metrics=[{"MetricStat": {}}]),
]


def changed(value: Any, odd: Any) -> Iterator[Any]:
    """The value with each of its parts, and itself, made odd in turn."""
    yield odd
    if isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            for other in changed(part, odd):
                copy = value.copy()
                copy[key] = other
                yield copy


@pytest.mark.parametrize("odd", ["${Told}", {"Fn::If": ["A", [], {}]}, reference("X"), None, [], 7])
@pytest.mark.parametrize("resource", APP, ids=lambda resource: resource.id.logical_id)
def test_takes_any_property_that_is_not_known(resource: Made, odd: Any) -> None:
    """Whatever stands there, there is an estimate."""
    others = [other for other in APP if other is not resource]
    for properties in changed(dict(resource.properties), odd):
        if isinstance(properties, dict):
            app = [*others, replace(resource, properties=properties)]
            assert costs(app).lines
            list(alternatives(app, TABLE, "us-east-1", QUIET))
