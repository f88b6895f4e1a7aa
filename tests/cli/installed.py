"""Runs the installed `datafi-cdk` command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMMAND = Path(sys.executable).with_name("datafi-cdk")


@dataclass(frozen=True)
class Done:
    """What a run of the command left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, read as JSON."""
        return json.loads(self.out)


def run(
    *arguments: str | Path,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    typed: str = "",
    fails: int = 0,
) -> Done:
    """Run the command to its end, without a terminal.

    Args:
        *arguments: What stands after `datafi-cdk`.
        cwd: The working directory, also the home directory.
        env: More environment variables; those of AWS are never inherited.
        typed: What stands on standard input.
        fails: The exit code that it must have.
    """
    done = subprocess.run(
        [COMMAND, *arguments],
        cwd=cwd,
        env=variables(cwd, env),
        input=typed,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return ended(Done(done.returncode, done.stdout, done.stderr), fails)


def variables(home: Path, env: Mapping[str, str] | None) -> dict[str, str]:
    """The environment of a run."""
    base = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**base, "HOME": str(home), "COLUMNS": "160", **(env or {})}


def ended(done: Done, fails: int) -> Done:
    """A run that ended as it must, and wrote neither a traceback nor colours."""
    assert done.code == fails, (done.code, done.out, done.err)
    assert "Traceback" not in done.out + done.err
    assert "\x1b" not in done.out + done.err
    return done
