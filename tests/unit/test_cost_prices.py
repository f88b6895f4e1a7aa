"""The price table: its form, and what is found in it."""

import datetime
import re
from collections import Counter
from decimal import Decimal

import pytest
from datafi_cdk.cli.cost.prices import GLOBAL, Price, read_prices

TABLE = read_prices()
REGIONS = ("us-east-1", "us-west-2", "eu-west-1", "eu-west-2", "eu-central-1")
WITHOUT_PRICE = {
    ("us-west-2", "fargate.storage"),
    ("us-west-2", "nat.data"),
    ("eu-west-1", "fargate.storage"),
    ("eu-west-1", "endpoint.data"),
    ("eu-west-1", "lambda.arm.compute"),
}


def test_has_the_prices_of_five_regions() -> None:
    """These regions can be estimated without asking for another one's prices."""
    assert TABLE.regions == REGIONS


@pytest.mark.parametrize("price", TABLE.prices, ids=lambda price: f"{price.region}-{price.id}")
def test_every_price_has_its_day_and_an_address_of_aws(price: Price) -> None:
    """No price without a source: a day in the past, and a page or a price list of AWS."""
    assert price.usd > 0
    assert price.service
    assert price.unit
    assert datetime.date(2026, 1, 1) <= datetime.date.fromisoformat(price.date)
    assert re.match(
        r"https://(aws\.amazon\.com/[a-z0-9-]+/pricing/"
        r"|pricing\.us-east-1\.amazonaws\.com/offers/v1\.0/aws/\w+/\w+/[a-z0-9-]+/index\.\w+)$",
        price.source,
    )
    if price.source.startswith("https://pricing."):
        assert f"/{price.region}/" in price.source


def test_no_price_stands_twice() -> None:
    """One price for each thing and region, and what is global is nowhere regional."""
    counts = Counter((price.id, price.region) for price in TABLE.prices)
    assert set(counts.values()) == {1}
    everywhere = {price.id for price in TABLE.prices if price.region == GLOBAL}
    assert everywhere == {"kms.key", "metrics.dashboard", "route53.zone"}
    assert not any((price, region) in counts for price in everywhere for region in REGIONS)


def test_one_thing_has_the_same_unit_in_all_regions() -> None:
    """Units and services belong to the thing."""
    units = {(price.id, price.unit, price.service) for price in TABLE.prices}
    assert len(units) == len({price.id for price in TABLE.prices})


def test_only_known_prices_are_missing() -> None:
    """A price that is not in the table of a region is one of those for which none was found."""
    ids = {price.id for price in TABLE.prices}
    missing = {
        (region, name) for region in REGIONS for name in ids if TABLE.find(name, region) is None
    }
    assert missing == WITHOUT_PRICE


def test_finds_the_price_of_the_region_before_the_global_one() -> None:
    """Regional prices differ; global ones hold in any region, also in one that is not known."""
    assert _usd("nat.hour", "us-east-1") == Decimal("0.045")
    assert _usd("nat.hour", "eu-central-1") == Decimal("0.052")
    assert _usd("route53.zone", "eu-central-1") == Decimal("0.50")
    assert TABLE.find("nat.hour", "xx-nowhere-1") is None
    assert TABLE.find("no.such.price", "us-east-1") is None


def test_spot_has_its_day_and_source() -> None:
    """What comes off on Spot is no price, and has a source all the same."""
    assert Decimal(0) < TABLE.spot.most_off < 1
    assert datetime.date.fromisoformat(TABLE.spot.date)
    assert TABLE.spot.source == "https://aws.amazon.com/fargate/pricing/"


def _usd(name: str, region: str) -> Decimal:
    price = TABLE.find(name, region)
    assert price is not None
    return price.usd
