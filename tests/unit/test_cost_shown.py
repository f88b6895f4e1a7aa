"""How amounts are shown."""

from decimal import Decimal

import pytest
from datafi_cdk.cli.cost.items import Range
from datafi_cdk.cli.cost.shown import money
from datafi_cdk.cli.cost.task_items import plain


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [
        ("0", "0", "0.00"),
        ("16.425", "16.425", "16.43"),
        ("1234567.891", "1234567.891", "1,234,567.89"),
        ("1", "2.5", "1.00 to 2.50"),
        ("1.001", "1.002", "1.00"),
        ("-7.2051", "-7.2051", "-7.21"),
        ("-0.001", "0", "0.00"),
    ],
)
def test_money_is_rounded_to_cents(low: str, high: str, shown: str) -> None:
    """Half a cent goes up; a range that rounds to one amount is one."""
    assert money(Range(Decimal(low), Decimal(high))) == shown


def test_changes_have_a_sign() -> None:
    """More and less are told apart; nothing has no sign."""
    assert money(Range(Decimal(3), Decimal(3)), sign=True) == "+3.00"
    assert money(Range(Decimal(-3), Decimal(0)), sign=True) == "-3.00 to 0.00"


@pytest.mark.parametrize(
    ("number", "shown"),
    [("730.00", "730"), ("100", "100"), ("0.50", "0.5"), ("2E-7", "0.0000002"), ("1E+2", "100")],
)
def test_numbers_have_neither_exponents_nor_empty_digits(number: str, shown: str) -> None:
    """As one would write them."""
    assert plain(Decimal(number)) == shown
