"""What holds of every estimate."""

from collections import defaultdict
from dataclasses import fields, replace
from decimal import Decimal

from cost_resources import (
    TABLE,
    costs,
    interface_endpoint,
    load_balancer,
    made,
    nat_gateway,
    scaling,
    server,
)
from datafi_cdk.cli.cost.items import Assumptions, Made, Range
from hypothesis import given, settings
from hypothesis import strategies as st

amounts = st.decimals(min_value=0, max_value=10**6, places=2, allow_nan=False)
assumed = st.builds(Assumptions, *[amounts] * len(fields(Assumptions)))
regions = st.sampled_from(TABLE.regions)
spot_strategies = st.lists(
    st.fixed_dictionaries(
        {
            "CapacityProvider": st.sampled_from(["FARGATE", "FARGATE_SPOT"]),
            "Base": st.integers(0, 5),
            "Weight": st.integers(0, 5),
        }
    ),
    max_size=2,
)


@st.composite
def apps(draw: st.DrawFn) -> list[Made]:
    """Some servers, and what an app has around them."""
    resources: list[Made] = []
    for number in range(draw(st.integers(0, 4))):
        name = f"es{number}"
        resources += server(
            name,
            tasks=draw(st.integers(0, 9)),
            cpu=draw(st.sampled_from([256, 1024, 4096])),
            task={"EphemeralStorage": {"SizeInGiB": draw(st.integers(21, 200))}},
            CapacityProviderStrategy=draw(spot_strategies),
        )
        if draw(st.booleans()):
            low = draw(st.integers(0, 5))
            resources.append(scaling(name, low=low, high=low + draw(st.integers(0, 5))))
    for number in range(draw(st.integers(0, 3))):
        resources += nat_gateway(number)
    if draw(st.booleans()):
        resources.append(load_balancer(draw(st.sampled_from(["internal", "internet-facing"]))))
    if draw(st.booleans()):
        resources.append(interface_endpoint("Logs"))
    if draw(st.booleans()):
        resources.append(made("Fn", "AWS::Lambda::Function", PackageType="Image"))
    if draw(st.booleans()):
        resources.append(made("Bucket", "AWS::S3::Bucket"))
    return resources


@settings(deadline=None)
@given(apps(), assumed, regions)
def test_the_total_is_the_sum_of_the_parts(
    resources: list[Made], assumptions: Assumptions, region: str
) -> None:
    """Exactly, at both ends, and by fixed and usage as well as by part."""
    found = costs(resources, assumptions, region)
    parts: dict[str, Range] = defaultdict(lambda: Range.exactly(0))
    for line in found.lines:
        parts[line.item.part] += line.usd
        assert 0 <= line.usd.low <= line.usd.high
    assert sum(parts.values(), Range.exactly(0)) == found.total == found.fixed + found.usage


@settings(deadline=None)
@given(apps(), assumed, st.sampled_from([field.name for field in fields(Assumptions)]), amounts)
def test_more_use_is_never_cheaper(
    resources: list[Made], assumptions: Assumptions, name: str, more: Decimal
) -> None:
    """Whatever is assumed to be more, the estimate does not fall."""
    before = costs(resources, assumptions).total
    grown = replace(assumptions, **{name: getattr(assumptions, name) + more})
    after = costs(resources, grown).total
    assert after.low >= before.low
    assert after.high >= before.high


@settings(deadline=None)
@given(st.integers(0, 20), st.integers(0, 20), spot_strategies)
def test_more_tasks_are_never_cheaper(
    tasks: int, more: int, strategy: list[dict[str, object]]
) -> None:
    """Also where some of them are on Spot."""
    before = costs(server(tasks=tasks, CapacityProviderStrategy=strategy)).total
    after = costs(server(tasks=tasks + more, CapacityProviderStrategy=strategy)).total
    assert after.low >= before.low
    assert after.high >= before.high


@settings(deadline=None)
@given(apps().flatmap(lambda app: st.tuples(st.just(app), st.permutations(app))), assumed)
def test_the_order_of_resources_does_not_matter(
    app_and_shuffled: tuple[list[Made], list[Made]], assumptions: Assumptions
) -> None:
    """A template's order says nothing."""
    app, shuffled = app_and_shuffled
    assert costs(app, assumptions).total == costs(shuffled, assumptions).total


def test_servers_cost_each_what_one_costs() -> None:
    """Seven servers of one size cost seven times as much."""
    one = costs(server()).total
    seven = costs([resource for number in range(7) for resource in server(f"es{number}")]).total
    assert seven == one.times(7)
