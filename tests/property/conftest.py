"""What the tests of generated input have in common."""

from collections.abc import Iterator

import pytest
from datafi_cdk.errors import Fault
from refusals import record


@pytest.fixture(scope="module")
def used() -> Iterator[set[tuple[str, int]]]:
    """Where faults are made while the tests of a file run."""
    found: set[tuple[str, int]] = set()
    made = Fault.__init__
    record(found)
    yield found
    Fault.__init__ = made  # type: ignore[method-assign]
