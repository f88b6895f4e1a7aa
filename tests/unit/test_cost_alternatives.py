"""What other settings would change, worked out by hand."""

import re
from dataclasses import replace
from decimal import Decimal
from importlib import resources
from pathlib import Path

import datafi_cdk
from cost_resources import (
    QUIET,
    TABLE,
    interface_endpoint,
    load_balancer,
    made,
    nat_gateway,
    reference,
    scaling,
    server,
)
from datafi_cdk.cli.cost.alternatives import _CHANGES, UPDATE_KEY, alternatives
from datafi_cdk.cli.cost.items import Assumptions, Made, Range

ONE_NAT = "One NAT gateway for all zones"
ENDPOINTS = "Interface endpoints in place of NAT; images must be in ECR, nothing else is reached"
NAT = "One NAT gateway in place of the interface endpoints"
ARM = "ARM64, if the images are built for it"
SPOT = "All tasks on Fargate Spot, where AWS may stop them at two minutes' notice"
HALF = "Tasks of half the CPU and memory"
SHARED = "One update API for all servers of a stack"


def changes(
    app: list[Made], assumptions: Assumptions = QUIET, region: str = "us-east-1"
) -> dict[str, Range]:
    """What the alternatives would change, by what they are."""
    return {other.what: other.usd for other in alternatives(app, TABLE, region, assumptions)}


def test_a_gateway_less_saves_its_hours_and_its_address() -> None:
    """Two gateways: -(730 h x 0.045 + 730 h x 0.005) = -36.50."""
    found = changes([*nat_gateway(1), *nat_gateway(2)])
    assert found == {ONE_NAT: Range.exactly(Decimal("-36.50"))}
    assert ONE_NAT not in changes(nat_gateway(1))


def test_each_vpc_keeps_a_gateway() -> None:
    """Two VPCs with two gateways each save two, not three."""
    other = [
        replace(resource, id=replace(resource.id, logical_id=f"{resource.id.logical_id}Other"))
        for number in (3, 4)
        for resource in nat_gateway(number)
    ]
    for position, resource in enumerate(other):
        if resource.type == "AWS::EC2::Subnet":
            other[position] = replace(resource, properties={"VpcId": reference("OtherVpc")})
        if resource.type == "AWS::EC2::NatGateway":
            number = 3 if position < 3 else 4
            properties = {
                "SubnetId": reference(f"Subnet{number}Other"),
                "AllocationId": reference(f"Eip{number}Other", "AllocationId"),
            }
            other[position] = replace(resource, properties=properties)
    found = changes([*nat_gateway(1), *nat_gateway(2), *other])
    assert found[ONE_NAT] == Range.exactly(Decimal("-73.00"))


def test_an_address_that_is_not_the_gateway_s_stays() -> None:
    """Only what belongs to the gateway goes with it."""
    mine = made("Mine", "AWS::EC2::EIP")
    assert changes([mine, *nat_gateway(1), *nat_gateway(2)])[ONE_NAT] == Range.exactly(
        Decimal("-36.50")
    )


def test_endpoints_in_place_of_nat() -> None:
    """4 x 2 zones x 730 h x 0.01 = 58.40 instead of 36.50; 100 GB for 1 instead of 4.50."""
    usage = replace(QUIET, nat_gb=Decimal(100))
    found = changes([*nat_gateway(1), *server()], usage)
    assert found[ENDPOINTS] == Range.exactly(Decimal("21.90") - Decimal("3.50"))


def test_nat_in_place_of_endpoints() -> None:
    """36.50 instead of 58.40; 100 GB for 4.50 instead of 1."""
    endpoints = [interface_endpoint(f"Endpoint{number}") for number in range(4)]
    usage = replace(QUIET, nat_gb=Decimal(100))
    found = changes([*endpoints, *server()], usage)
    assert found[NAT] == Range.exactly(Decimal("-21.90") + Decimal("3.50"))
    assert ENDPOINTS not in found


def test_an_existing_vpc_gets_no_nat_gateway() -> None:
    """Only of a new VPC the configuration says how many it has."""
    endpoint = interface_endpoint("Logs")
    app = [
        replace(endpoint, properties={**endpoint.properties, "VpcId": "vpc-0123456789abcdef0"}),
        *server(),
    ]
    assert NAT not in changes(app)


def test_arm_and_half_the_size() -> None:
    """28.835 - 36.0401, and half of 36.0401."""
    found = changes(server())
    assert found[ARM] == Range.exactly(Decimal("-7.2051"))
    assert found[HALF] == Range.exactly(Decimal("-18.02005"))


def test_what_is_so_already_is_no_alternative() -> None:
    """ARM, Spot, and the smallest task."""
    spot = [{"CapacityProvider": "FARGATE_SPOT", "Weight": 1}]
    platform = {"RuntimePlatform": {"CpuArchitecture": "ARM64"}}
    found = changes(server(cpu=256, memory=512, task=platform, CapacityProviderStrategy=spot))
    assert found == {}


def test_half_of_a_size_that_fargate_has_not_is_no_alternative() -> None:
    """512 and 3072 MiB would be 256 and 1536 MiB."""
    assert HALF not in changes(server(cpu=512, memory=3072))


def test_spot_saves_between_nothing_and_its_best() -> None:
    """70 % of 36.0401 at best."""
    assert changes(server())[SPOT] == Range(Decimal("-25.22807"), Decimal(0))


def test_spot_saves_its_best_where_most_tasks_run() -> None:
    """With 1 to 3 tasks, 70 % of three times 36.0401; half the size saves half of one to three."""
    found = changes([*server(), scaling(low=1, high=3)])
    assert found[SPOT] == Range(Decimal("-75.68421"), Decimal(0))
    assert found[HALF] == Range(Decimal("-54.06015"), Decimal("-18.02005"))


def test_one_update_api_makes_one_key_in_each_stack() -> None:
    """Three keys in a stack: two less, at 0.40 each; other secrets stay."""
    secrets = [
        made(f"Key{number}", "AWS::SecretsManager::Secret", Description=UPDATE_KEY)
        for number in range(3)
    ]
    other = made("Mine", "AWS::SecretsManager::Secret", Description="mine")
    assert changes([*secrets, other, other]) == {SHARED: Range.exactly(Decimal("-0.80"))}
    assert changes(secrets[:1]) == {}


def test_a_price_that_is_missing_makes_no_wrong_difference() -> None:
    """Oregon has no price of data through NAT: endpoints cannot be compared with it."""
    usage = replace(QUIET, nat_gb=Decimal(100))
    found = changes([*nat_gateway(1), load_balancer(), *server()], usage, "us-west-2")
    assert ENDPOINTS not in found
    assert ARM in found


def test_the_update_api_describes_its_key_so() -> None:
    """The description by which the keys are found is the one that the construct gives."""
    snapshots = Path(__file__).parents[1] / "snapshot" / "__snapshots__" / "test_examples"
    compose = snapshots / "test_templates_are_as_before[compose].json"
    assert compose.read_text(encoding="utf-8").count(f'"Description": "{UPDATE_KEY}"') == 2


def test_the_keys_are_those_of_the_configuration() -> None:
    """What is told to be set can be set: each word of a key is in the schema."""
    schema = resources.files(datafi_cdk).joinpath("datafi.schema.json").read_text(encoding="utf-8")
    for _, key, _ in _CHANGES:
        for word in re.findall(r"[a-z]+(?:_[a-z]+)*(?=:|,|$)", key):
            assert f'"{word}"' in schema, word
