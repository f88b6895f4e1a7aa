"""Runs a command that must not outlive the process that started it.

Started as `python -I supervise.py DIRECTORY COMMAND…` with a pipe as standard input whose other end
the parent holds and never writes to. The command runs in a process group of its own, so a ctrl-C in
the parent's terminal does not reach it. The pipe reaches its end when the parent closes it *or is
gone, whatever ended it*; then the whole group is killed and DIRECTORY, the command's temporary
files, removed. A command that ends by itself passes its exit status on, and what it left running in
its group is killed too.

This file imports nothing but the standard library: it starts in a few hundredths of a second.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

_REMOVAL_SECONDS = 10.0
_POLL_SECONDS = 0.02


def remove_tree(directory: str | os.PathLike[str]) -> None:
    """Remove a directory in which killed processes may still be finishing a write.

    Args:
        directory: Path of the directory; nothing happens if it does not exist.

    Raises:
        OSError: It is still there after ten seconds.
    """
    deadline = time.monotonic() + _REMOVAL_SECONDS
    while os.path.lexists(directory):
        try:
            shutil.rmtree(directory)
        except FileNotFoundError:
            continue
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_POLL_SECONDS)


def _kill_group(group: int) -> None:
    # macOS answers EPERM for a group of which only zombies are left.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _supervise(directory: str, command: list[str]) -> int:
    # Inherited on: only the descriptors that the parent passed on purpose are inheritable.
    child = subprocess.Popen(command, stdin=subprocess.PIPE, process_group=0, close_fds=False)
    parent_gone = threading.Event()

    def wait_for_parent() -> None:
        while os.read(sys.stdin.fileno(), 1):
            pass
        parent_gone.set()
        _kill_group(child.pid)

    threading.Thread(target=wait_for_parent, daemon=True).start()
    try:
        status = child.wait()
    finally:
        _kill_group(child.pid)
        if parent_gone.is_set():
            remove_tree(directory)
    return status


if __name__ == "__main__":
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda caught, _frame: sys.exit(128 + caught))
    status = _supervise(sys.argv[1], sys.argv[2:])
    sys.exit(status if status >= 0 else 128 - status)
