"""Starts commands under `supervise.py`, and ends them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO

from ..errors import LocalAwsError

_SUPERVISOR = Path(__file__).with_name("supervise.py")
_STOP_SECONDS = 15.0


class SupervisedProcess:
    """A command that ends when it is told to, and at the latest when this process is gone.

    As a context manager it is stopped on leaving the block, by whatever way. A terminal's ctrl-C
    does not reach it, so it can still be used for cleaning up.

    Args:
        command: The program and its arguments.
        directory: The command's temporary files and its current directory; removed with the
            command if this process stops it or disappears, left alone if it ends by itself.
        environment: The complete environment of the command.
        output: Where standard output and standard error both go: an open file, or
            `subprocess.PIPE` to read them from the attribute `output`.
        pass_fds: File descriptors that the command inherits. Default: none.

    Example:
        >>> with SupervisedProcess(["sleep", "60"], directory, {}, log) as process:
        ...     ...
    """

    def __init__(
        self,
        command: Sequence[str],
        directory: Path,
        environment: Mapping[str, str],
        output: int | IO[bytes],
        pass_fds: Sequence[int] = (),
    ) -> None:
        """Start the command."""
        self._command = tuple(command)
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(_SUPERVISOR), str(directory), *command],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=directory,
            env=dict(environment),
            pass_fds=pass_fds,
            start_new_session=True,
        )

    @property
    def output(self) -> IO[bytes]:
        """What the command writes, as it writes it.

        Raises:
            LocalAwsError: The command's output goes to a file.
        """
        if self._process.stdout is None:
            raise LocalAwsError(f"the output of {self._command[0]} goes to a file; read that")
        return self._process.stdout

    @property
    def exit_status(self) -> int | None:
        """The exit status, or None while the command runs."""
        return self._process.poll()

    def wait(self) -> int:
        """Wait until the command ends by itself, and return its exit status."""
        return self._process.wait()

    def stop(self) -> None:
        """End the command and everything that it started; nothing happens if it has ended.

        Raises:
            LocalAwsError: It is still there after fifteen seconds.
        """
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise LocalAwsError(
                f"process {self._process.pid} ({self._command[0]}) did not end within"
                f" {_STOP_SECONDS:.0f} seconds; end it with: kill -9 {self._process.pid}"
            ) from error
        if self._process.stdout is not None:
            self._process.stdout.close()

    def __enter__(self) -> SupervisedProcess:
        """The process itself."""
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop the command."""
        self.stop()


def run_to_end(
    command: Sequence[str],
    directory: Path,
    environment: Mapping[str, str],
    on_line: Callable[[str], None] = lambda _line: None,
) -> tuple[int, list[str]]:
    """Run a command to its end; an exception, a ctrl-C too, ends it and all that it started.

    Args:
        command: The program and its arguments.
        directory: The command's current directory; removed if the run is cut short.
        environment: The complete environment of the command.
        on_line: Called with each line of output, without its line end, as it is written.

    Returns:
        The exit status and all lines of output.
    """
    lines = []
    with SupervisedProcess(command, directory, environment, subprocess.PIPE) as process:
        for raw in process.output:
            line = raw.decode(errors="replace").rstrip("\r\n")
            lines.append(line)
            on_line(line)
        return process.wait(), lines
