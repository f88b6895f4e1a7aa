"""No refusal of the constructs is without a test of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from refusals import modules, unused

pytestmark = pytest.mark.long

_TESTS = Path(__file__).parents[1]
_REFUSING = "refus or listener_rules"
"""Tests that refuse, by their names or files; a load balancer's quotas are met among its rules."""


def test_every_refusal_of_the_constructs_is_used(tmp_path: Path) -> None:
    """Each is come to by a test that is there for it; the rules for a file have their own."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "recorder", "-p", "no:cacheprovider"]
    run = subprocess.run(
        [*command, "-k", _REFUSING, str(_TESTS / "unit")],
        cwd=_TESTS.parent,
        env={
            **os.environ,
            "DATAFI_REFUSALS": str(tmp_path),
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path]),
        },
        capture_output=True,
        text=True,
    )
    assert run.returncode in (0, 1), run.stdout[-3000:]
    files = (file.read_text().splitlines() for file in tmp_path.iterdir())
    lines = (line.split() for lines in files for line in lines)
    used = {(module, int(line)) for module, line in lines}
    constructs = [name for name in modules() if not name.startswith("config_")]
    missing = unused(used, constructs)
    assert not missing, "\n".join(missing)
