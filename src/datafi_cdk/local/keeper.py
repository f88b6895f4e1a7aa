"""Keeps an embedded AWS running after the command that started it has ended.

Started as `python -m datafi_cdk.local.keeper SETTINGS STATE LOCK READY` by `background.start`: the
arguments of `EmbeddedAws` as JSON, the file that tells where it runs, and two file descriptors: the
lock that is held as long as this process lives, and a pipe that takes a sentence if it cannot start
and is closed once it has.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from pathlib import Path

from ..errors import LocalAwsError
from .embedded_aws import EmbeddedAws


def _keep(settings: str, state: Path, ready: int) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    # What is ignored, as this one is by default, cannot be waited for everywhere.
    signal.signal(signal.SIGCHLD, lambda *_: None)
    aws = EmbeddedAws(**json.loads(settings))
    try:
        aws.start()
    except LocalAwsError as error:
        os.write(ready, str(error).encode())
        return
    # Only now, as what a process starts inherits what it blocks.
    numbers = {signal.SIGTERM, signal.SIGINT, signal.SIGCHLD}
    signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        facts = {"pid": os.getpid(), "port": aws.port, "account": aws.account, "region": aws.region}
        written = state.with_suffix(".new")
        written.write_text(json.dumps(facts))
        written.replace(state)
        os.close(ready)
        # To end it, or because the server has ended by itself.
        signal.sigwait(numbers)
    finally:
        with contextlib.suppress(FileNotFoundError):
            state.unlink()
        aws.stop()


if __name__ == "__main__":
    _keep(sys.argv[1], Path(sys.argv[2]), int(sys.argv[4]))
