"""Starts the server process of the embedded AWS and waits until it answers."""

from __future__ import annotations

import http.client
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from ..errors import LocalAwsError
from .supervised import SupervisedProcess

_START_SECONDS = 60.0
_POLL_SECONDS = 0.05


def listen(port: int | None) -> socket.socket:
    """A socket bound to a port of 127.0.0.1; the server inherits it, so nobody can take the port.

    Args:
        port: The port. None means a free one.

    Raises:
        LocalAwsError: The port cannot be used.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port or 0))
    except (OSError, OverflowError) as error:
        listener.close()
        reason = error.strerror if isinstance(error, OSError) else "a port is at most 65535"
        raise LocalAwsError(
            f"port {port} of 127.0.0.1 cannot be used ({reason});"
            " choose another, or leave the port out to get a free one"
        ) from error
    return listener


def start_server(
    listener: socket.socket, directory: Path, log_path: Path, environment: Mapping[str, str]
) -> SupervisedProcess:
    """Start the server and wait until it answers.

    Args:
        listener: The bound socket that it serves on; closed in this process.
        directory: Its current directory, removed when it is stopped.
        log_path: The file that it logs to.
        environment: Its complete environment.

    Raises:
        LocalAwsError: It did not come up; the message holds its last words.
    """
    port = listener.getsockname()[1]
    bind = f"fd://{listener.fileno()}"
    with log_path.open("wb") as log:
        process = SupervisedProcess(
            [sys.executable, "-m", "datafi_cdk.local.server", bind],
            directory,
            environment,
            log,
            pass_fds=[listener.fileno()],
        )
    listener.close()
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not _is_healthy(port):
            if process.exit_status is not None:
                raise LocalAwsError(
                    f"the embedded AWS ended while starting; its last words:\n{tail(log_path, 20)}"
                )
            if time.monotonic() > deadline:
                raise LocalAwsError(
                    f"the embedded AWS did not answer within {_START_SECONDS:.0f} seconds;"
                    f" its last words:\n{tail(log_path, 20)}"
                )
            time.sleep(_POLL_SECONDS)
    except BaseException:
        process.stop()
        raise
    return process


def tail(log_path: Path, lines: int) -> str:
    """The last lines of a log file."""
    return "\n".join(log_path.read_text(errors="replace").splitlines()[-lines:])


def _is_healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_START_SECONDS)
    try:
        connection.request("GET", "/_ministack/health")
        return connection.getresponse().status == 200
    except (ConnectionError, http.client.HTTPException):
        return False
    finally:
        connection.close()
