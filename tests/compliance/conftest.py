"""What the tests of this folder look at: every example, and every one of their like, hardened."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .apps import EXAMINE, Examined, Note


@pytest.fixture(scope="session")
def examined(made_once: Callable[..., Path]) -> Callable[[Path], Examined]:
    """Gives what cdk-nag says of an app."""

    def examine(app: Path) -> Examined:
        assembly = made_once(
            f"examined-{app.parent.name}-{app.name}",
            lambda folder: subprocess.run(
                [sys.executable, str(EXAMINE), str(app), str(folder)], check=True
            ),
        )
        said = json.loads((assembly / "examined.json").read_text())
        return Examined(
            assembly,
            [Note(each["path"], each["id"], each["severity"]) for each in said["findings"]],
            [Note(each["path"], each["id"], each["reason"]) for each in said["acknowledged"]],
        )

    return examine
