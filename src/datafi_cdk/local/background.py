"""One embedded AWS for each user that runs in the background, until it is told to end.

A process of its own, the keeper, holds a lock on a file as long as it lives, so that a stale file
is never taken for a running server, nor a stranger's process for the keeper.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import LocalAwsError
from .embedded_aws import EmbeddedAws
from .server_process import tail

_WAIT_SECONDS = 30.0
_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class _Running:
    pid: int
    port: int
    account: str
    region: str


def start_in_background(
    *,
    port: int | None = None,
    account: str = "000000000000",
    region: str = "us-east-1",
    rollout_seconds: float = 0,
    failing_tags: Collection[str] = (),
    enforce_iam: bool = False,
) -> EmbeddedAws:
    """Start the user's embedded AWS; it goes on when this process has ended.

    The arguments are those of `EmbeddedAws`.

    Returns:
        The running AWS.

    Raises:
        LocalAwsError: An argument cannot be, one runs already, or it cannot start; the message
            says why.
    """
    settings: dict[str, Any] = {
        "port": port,
        "account": account,
        "region": region,
        "rollout_seconds": rollout_seconds,
        "failing_tags": list(failing_tags),
        "enforce_iam": enforce_iam,
    }
    # What is wrong with them is told here, not by the keeper.
    EmbeddedAws(**settings)
    while (lock := _lock()) is None:
        # There may be none: another command may just have looked.
        if running := _running():
            raise LocalAwsError(
                f"an embedded AWS already runs at {_attach(running).endpoint};"
                " end it with: datafi-cdk local down"
            )
    try:
        reader, writer = os.pipe()
        state = _directory() / "local.json"
        state.unlink(missing_ok=True)
        log_path = _directory() / "local.log"
        with log_path.open("wb") as log:
            keeper = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "datafi_cdk.local.keeper",
                    json.dumps(settings),
                    str(state),
                    str(lock),
                    str(writer),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[lock, writer],
                start_new_session=True,
            )
        os.close(writer)
        try:
            with os.fdopen(reader, "rb") as answer:
                fault = answer.read().decode()
        except BaseException:
            keeper.terminate()
            keeper.wait()
            raise
        # It lives on; without this, Python would warn that it was left.
        keeper.returncode = 0
    finally:
        os.close(lock)
    running = None if fault else _running()
    if running is None:
        raise LocalAwsError(fault or f"the embedded AWS did not start:\n{tail(log_path, 20)}")
    return _attach(running)


def attach_to_background() -> EmbeddedAws:
    """The user's embedded AWS that runs in the background.

    Raises:
        LocalAwsError: None runs, or it has been starting or ending for half a minute.
    """
    running = _running()
    if running is None:
        raise LocalAwsError("no embedded AWS runs; start it with: datafi-cdk local up")
    return _attach(running)


def _attach(running: _Running) -> EmbeddedAws:
    return EmbeddedAws.attach(running.port, account=running.account, region=running.region)


def stop_in_background() -> bool:
    """End the user's embedded AWS and remove its state.

    Returns:
        Whether one ran.

    Raises:
        LocalAwsError: It did not end.
    """
    running = _running()
    if running is None:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(running.pid, signal.SIGTERM)
    deadline = time.monotonic() + _WAIT_SECONDS
    while (lock := _lock()) is None:
        if time.monotonic() > deadline:
            raise LocalAwsError(
                f"the embedded AWS (process {running.pid}) did not end within"
                f" {_WAIT_SECONDS:.0f} seconds; end it with: kill -9 {running.pid}"
            )
        time.sleep(_POLL_SECONDS)
    os.close(lock)
    return True


def _running() -> _Running | None:
    """What runs; one that is starting or ending is waited for."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while (lock := _lock()) is None:
        with contextlib.suppress(FileNotFoundError):
            return _Running(**json.loads((_directory() / "local.json").read_text()))
        if time.monotonic() > deadline:
            raise LocalAwsError(
                "the embedded AWS is just starting or ending; try again in a moment"
            )
        time.sleep(_POLL_SECONDS)
    os.close(lock)
    return None


def _lock() -> int | None:
    """Take the lock of the keeper; a descriptor, or `None` if a keeper holds it."""
    if os.name != "posix":
        raise LocalAwsError("the embedded AWS runs on Linux and macOS; on Windows use WSL")
    import fcntl

    directory = _directory()
    directory.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(directory / "local.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _directory() -> Path:
    """Where the state is, by the XDG base directory specification."""
    state = os.environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / "datafi-cdk"
