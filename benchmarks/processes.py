"""Runs a piece of Python in a process of its own and tells what that cost."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Run:
    """What one process cost, with those that it started and waited for, such as jsii's Node.js.

    Attributes:
        seconds: From its start to its end.
        cpu_seconds: Of all processors, in user and kernel mode.
        output: What it printed.
    """

    seconds: float
    cpu_seconds: float
    output: str


def run_python(code: str, **environment: str) -> Run:
    """Run code in a new interpreter.

    Args:
        code: The code.
        environment: Further environment variables.

    Raises:
        RuntimeError: It failed; the message ends with what it said.
    """
    with tempfile.TemporaryDirectory() as folder:
        script, said = Path(folder, "app.py"), Path(folder, "said")
        script.write_text(code, encoding="utf-8")
        with said.open("w+b") as output, Path(folder, "errors").open("w+b") as errors:
            start = time.perf_counter()
            process = subprocess.Popen(
                [sys.executable, str(script)],
                stdout=output,
                stderr=errors,
                env={**os.environ, **environment},
            )
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - start
            process.returncode = os.waitstatus_to_exitcode(status)
            errors.seek(0)
            if process.returncode:
                raise RuntimeError(f"a measured app failed: {errors.read().decode()[-2000:]}")
        return Run(seconds, usage.ru_utime + usage.ru_stime, said.read_text(encoding="utf-8"))
