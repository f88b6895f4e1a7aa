"""Every type of resource is priced, free, or said not to be estimated."""

import json
from pathlib import Path

import pytest
from cost_resources import costs, made
from datafi_cdk.cli.cost.kinds import FREE, NOT_ESTIMATED, PRICED

SNAPSHOTS = Path(__file__).parents[1] / "snapshot" / "__snapshots__" / "test_examples"
EXAMPLE_TYPES = sorted(
    {
        resource["Type"]
        for file in SNAPSHOTS.glob("*.json")
        for template in json.loads(file.read_text(encoding="utf-8")).values()
        for resource in template["Resources"].values()
    }
)


@pytest.mark.parametrize("resource_type", EXAMPLE_TYPES)
def test_every_type_of_the_examples_is_known(resource_type: str) -> None:
    """A type that a new construct makes has to be classified."""
    known = (*PRICED, *FREE, *NOT_ESTIMATED)
    assert resource_type in known or resource_type.startswith("Custom::")


def test_the_examples_have_types() -> None:
    """The snapshots are there, so that the test above means something."""
    assert len(EXAMPLE_TYPES) > 30


def test_no_type_is_of_two_kinds() -> None:
    """Priced, free or not estimated; parameters depend on their tier."""
    assert not PRICED & FREE
    assert not PRICED & set(NOT_ESTIMATED)
    assert set(NOT_ESTIMATED) & FREE == {"AWS::SSM::Parameter"}


def test_a_type_that_is_not_known_is_not_dropped() -> None:
    """The app around the servers may make anything."""
    found = costs([made("A", "AWS::Glue::Job"), made("B", "AWS::Glue::Job")])
    assert [(left.what, left.why) for left in found.left] == [
        ("2 AWS::Glue::Job", "this command does not know the type")
    ]


def test_free_types_are_counted() -> None:
    """What costs nothing is listed, custom resources too."""
    found = costs(
        [made("A", "AWS::IAM::Role"), made("B", "AWS::IAM::Role"), made("C", "Custom::Cleanup")]
    )
    assert found.free == {"AWS::IAM::Role": 2, "Custom::Cleanup": 1}
    assert (found.lines, found.left) == ((), ())


def test_only_standard_parameters_are_free() -> None:
    """An advanced one is paid by the month, by a price that the table does not have."""
    standard = made("A", "AWS::SSM::Parameter", Tier="Standard")
    advanced = made("B", "AWS::SSM::Parameter", Tier="Advanced")
    found = costs([standard, advanced])
    assert found.free == {"AWS::SSM::Parameter": 1}
    assert [left.what for left in found.left] == ["1 AWS::SSM::Parameter"]
