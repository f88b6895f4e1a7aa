"""The network, functions and what is kept, worked out by hand."""

from dataclasses import replace
from decimal import Decimal

import pytest
from cost_resources import (
    QUIET,
    costs,
    interface_endpoint,
    load_balancer,
    made,
    nat_gateway,
    server,
    usd,
)
from datafi_cdk.cli.cost.items import Range
from datafi_cdk.cli.cost.lambda_items import FUNCTIONS
from datafi_cdk.cli.cost.network_items import (
    ADDRESSES,
    DATA,
    ENDPOINTS,
    LOAD_BALANCER,
    NAT,
)
from datafi_cdk.cli.cost.storage_items import NAMES, SECRETS, STORAGE
from datafi_cdk.cli.cost.task_items import LOGS


def test_nat_gateways_are_paid_by_the_hour_and_by_what_goes_through() -> None:
    """2 x 730 h x 0.045 = 65.70, and 3 servers x 10 GB x 0.045 = 1.35."""
    servers = [one for name in ("a", "b", "c") for one in server(name)]
    usage = replace(QUIET, nat_gb=Decimal(10))
    found = costs([*nat_gateway(1), *nat_gateway(2), *servers], usage)
    assert usd(found, NAT) == Decimal("67.05")
    assert usd(found, ADDRESSES) == Decimal("7.30")


def test_tasks_with_a_public_address_do_not_pass_nat_and_pay_for_it() -> None:
    """2 tasks x 730 h x 0.005 = 7.30."""
    network = {"AwsvpcConfiguration": {"AssignPublicIp": "ENABLED", "Subnets": ["a"]}}
    usage = replace(QUIET, nat_gb=Decimal(10))
    resources = server(tasks=2, NetworkConfiguration=network)
    assert usd(costs(resources, usage), ADDRESSES) == Decimal("7.30")
    found = costs([*resources, *nat_gateway(1)], usage)
    assert usd(found, NAT) == Decimal("32.85")


def test_a_public_load_balancer_pays_for_an_address_in_each_zone() -> None:
    """730 h x 0.0225 = 16.425, and 3 x 730 h x 0.005 = 10.95."""
    found = costs([load_balancer(zones=3)])
    assert usd(found, LOAD_BALANCER) == Decimal("16.425")
    assert usd(found, ADDRESSES) == Decimal("10.95")


def test_an_internal_load_balancer_has_neither_addresses_nor_data_to_the_internet() -> None:
    """What clients inside fetch does not leave."""
    usage = replace(QUIET, data_gb=Decimal(100))
    found = costs([load_balancer("internal"), *server()], usage)
    assert usd(found, LOAD_BALANCER) == Decimal("16.425") + Decimal("0.80")
    assert usd(found, ADDRESSES) == usd(found, DATA) == 0


@pytest.mark.parametrize("subnets", ["${import Subnets}", ["${import Subnets}"]])
def test_a_list_of_subnets_that_is_not_known_counts_as_two_zones(subnets: object) -> None:
    """Subnets that only the deployment knows."""
    balancer = made("Balancer", "AWS::ElasticLoadBalancingV2::LoadBalancer", Subnets=subnets)
    assert usd(costs([balancer]), ADDRESSES) == Decimal("7.30")


@pytest.mark.parametrize(
    ("requests", "data_gb", "rules", "lcu_hours"),
    [
        (0, 0, 0, "0"),
        (900_000, 5, 0, "10"),
        (900_000, 25, 0, "25"),
        (3_600_000, 0, 90, "80"),
    ],
)
def test_capacity_follows_from_the_dimension_that_is_used_most(
    requests: int, data_gb: int, rules: int, lcu_hours: str
) -> None:
    """25 connections a second, 1 GB an hour, 1000 evaluations above ten rules a second."""
    usage = replace(QUIET, requests=Decimal(requests), data_gb=Decimal(data_gb))
    listener_rules = [
        made(f"Rule{number}", "AWS::ElasticLoadBalancingV2::ListenerRule")
        for number in range(rules)
    ]
    found = costs([*server(), *listener_rules, load_balancer()], usage)
    assert usd(found, LOAD_BALANCER) == Decimal("16.425") + Decimal(lcu_hours) * Decimal("0.008")


def test_rules_are_those_of_one_load_balancer() -> None:
    """Two stages with 90 rules each: a request meets 90 of them, not 180: 160 x 0.008 for both."""
    usage = replace(QUIET, requests=Decimal(3_600_000))
    stages = [
        made(f"Rule{number}", "AWS::ElasticLoadBalancingV2::ListenerRule") for number in range(180)
    ]
    balancers = [load_balancer(), load_balancer()]
    found = costs([*server("a"), *server("b"), *stages, *balancers], usage)
    assert usd(found, LOAD_BALANCER) == Decimal("32.85") + Decimal("1.28")


def test_an_existing_load_balancer_is_said_to_be_left_out() -> None:
    """Its hours are paid elsewhere; the capacity that this app uses is here."""
    usage = replace(QUIET, data_gb=Decimal(10))
    found = costs(server(), usage)
    assert usd(found, LOAD_BALANCER) == Decimal("0.08")
    assert ("hours of the load balancer", "it exists already, outside this app") in [
        (left.what, left.why) for left in found.left
    ]


def test_tells_that_other_load_balancers_are_not_in_the_table() -> None:
    """A network load balancer has other prices."""
    other = made("Nlb", "AWS::ElasticLoadBalancingV2::LoadBalancer", Type="network")
    found = costs([other])
    assert usd(found, LOAD_BALANCER) == 0
    assert found.left[0].what == "Stack/Nlb"


def test_interface_endpoints_are_paid_in_each_zone() -> None:
    """4 endpoints x 2 zones x 730 h x 0.01 = 58.40, and 20 GB x 0.01 = 0.20."""
    endpoints = [interface_endpoint(f"Endpoint{number}") for number in range(4)]
    gateway = made("S3", "AWS::EC2::VPCEndpoint", VpcEndpointType="Gateway")
    usage = replace(QUIET, nat_gb=Decimal(20))
    found = costs([*endpoints, gateway, *server()], usage)
    assert usd(found, ENDPOINTS) == Decimal("58.60")


def test_data_passes_nat_where_there_are_both() -> None:
    """What goes to AWS services and what goes elsewhere is not known apart: all counts as NAT's."""
    usage = replace(QUIET, nat_gb=Decimal(20))
    found = costs([interface_endpoint("Logs"), *nat_gateway(1), *server()], usage)
    assert usd(found, ENDPOINTS) == Decimal("14.60")
    assert usd(found, NAT) == Decimal("32.85") + Decimal("0.90")


def test_data_to_clients_on_the_internet_is_paid() -> None:
    """2 servers x 50 GB x 0.09 = 9."""
    usage = replace(QUIET, data_gb=Decimal(50))
    found = costs([load_balancer(), *server("a"), *server("b")], usage)
    assert usd(found, DATA) == Decimal("9.00")


def test_a_server_on_lambda_pays_for_requests_and_run_time() -> None:
    """10^6 x 0.0000002 + 10^6 x 2 s x 2 GB x 0.0000166667 = 0.20 + 66.6668."""
    function = made("Es", "AWS::Lambda::Function", PackageType="Image", MemorySize=2048)
    usage = replace(QUIET, requests=Decimal(10**6), request_seconds=Decimal(2), log_gb=Decimal(1))
    found = costs([function], usage)
    assert usd(found, FUNCTIONS) == Decimal("66.8668")
    assert usd(found, LOGS) == Decimal("0.50") + Decimal("0.36")
    arm = replace(function, properties={**function.properties, "Architectures": ["arm64"]})
    assert usd(costs([arm], usage), FUNCTIONS) == Decimal("0.20") + Decimal("53.3336")


def test_a_server_on_lambda_in_a_vpc_passes_nat() -> None:
    """32.85 + 10 GB x 0.045; outside a VPC it does not."""
    usage = replace(QUIET, nat_gb=Decimal(10))
    function = made("Es", "AWS::Lambda::Function", PackageType="Image", VpcConfig={})
    assert usd(costs([function, *nat_gateway(1)], usage), NAT) == Decimal("33.30")
    outside = made("Es", "AWS::Lambda::Function", PackageType="Image")
    assert usd(costs([outside, *nat_gateway(1)], usage), NAT) == Decimal("32.85")


def test_functions_take_up_more_capacity_than_containers() -> None:
    """0.4 GB an hour for each unit: 40 GB are 100 LCU-hours x 0.008."""
    function = made("Es", "AWS::Lambda::Function", PackageType="Image")
    usage = replace(QUIET, data_gb=Decimal(40))
    assert usd(costs([function], usage), LOAD_BALANCER) == Decimal("0.80")


def test_functions_of_updates_are_named_and_not_counted() -> None:
    """They run at updates and deployments only."""
    found = costs([made("Update", "AWS::Lambda::Function"), made("B", "AWS::Lambda::Function")])
    assert found.total == Range.exactly(0)
    assert found.left[0].what == "2 functions of updates and deployments"


def test_what_is_kept_is_paid_by_the_month() -> None:
    """2 x 100 GB x 0.023, 3 x 0.40 + 1 x 1.00, 2 zones x 0.50."""
    usage = replace(QUIET, storage_gb=Decimal(100))
    found = costs(
        [
            *(made(f"Bucket{number}", "AWS::S3::Bucket") for number in range(2)),
            *(made(f"Secret{number}", "AWS::SecretsManager::Secret") for number in range(3)),
            made("Key", "AWS::KMS::Key"),
            made("Zone", "AWS::Route53::HostedZone"),
            made("Namespace", "AWS::ServiceDiscovery::PrivateDnsNamespace"),
        ],
        usage,
    )
    assert usd(found, STORAGE) == Decimal("4.60")
    assert usd(found, SECRETS) == Decimal("2.20")
    assert usd(found, NAMES) == Decimal("1.00")


def test_fixed_and_usage_are_told_apart() -> None:
    """Hours and months are fixed, the rest follows from use."""
    usage = replace(QUIET, nat_gb=Decimal(10), data_gb=Decimal(10))
    found = costs([*nat_gateway(1), load_balancer(), *server()], usage)
    assert found.fixed == Range.exactly(
        Decimal("36.0401") + Decimal("32.85") + Decimal("3.65") + Decimal("16.425") + Decimal("7.3")
    )
    assert found.usage == Range.exactly(Decimal("0.45") + Decimal("0.08") + Decimal("0.90"))
    assert found.total == found.fixed + found.usage


def test_an_elastic_address_is_paid_whatever_it_is_for() -> None:
    """730 h x 0.005."""
    assert usd(costs([made("Mine", "AWS::EC2::EIP")]), ADDRESSES) == Decimal("3.65")
