"""What the tests of this folder look at: every example, and every one of their like, hardened."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .apps import EXAMINE, Examined, Note


@pytest.fixture(scope="session")
def examined(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Examined]:
    """Gives what cdk-nag says of an app, which is synthesized once for all tests."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def examine(app: Path) -> Examined:
        assembly = shared / f"examined-{app.parent.name}-{app.name}"
        if not assembly.exists():
            made = tmp_path_factory.mktemp(app.name) / "cdk.out"
            subprocess.run([sys.executable, str(EXAMINE), str(app), str(made)], check=True)
            try:
                made.rename(assembly)
            except OSError:
                assembly = made
        said = json.loads((assembly / "examined.json").read_text())
        return Examined(
            assembly,
            [Note(each["path"], each["id"], each["severity"]) for each in said["findings"]],
            [Note(each["path"], each["id"], each["reason"]) for each in said["acknowledged"]],
        )

    return examine
