"""Looks at the processes of an embedded AWS."""

from __future__ import annotations

import io
import json
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path

from datafi_cdk.local import EmbeddedAws

_HANDLER = """
import os
def handler(event, context):
    return [os.getpid(), os.getppid(), os.getsid(0)]
"""


@dataclass(frozen=True)
class Processes:
    """The processes of one embedded AWS, by their ids."""

    worker: int
    server: int
    supervisor: int

    def any_running(self) -> bool:
        """Whether one of them is still there."""
        return any(is_running(pid) for pid in (self.worker, self.server, self.supervisor))


def processes_of(aws: EmbeddedAws) -> Processes:
    """Start a Lambda worker, and ask it for its own id, the server's and their supervisor's."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as code:
        code.writestr("index.py", _HANDLER)
    functions = aws.client("lambda")
    functions.create_function(
        FunctionName="pids",
        Runtime="python3.12",
        Role=f"arn:aws:iam::{aws.account}:role/any",
        Handler="index.handler",
        Code={"ZipFile": archive.getvalue()},
    )
    return Processes(*json.load(functions.invoke(FunctionName="pids")["Payload"]))


def is_running(pid: int) -> bool:
    """Whether a process exists and is more than a zombie that nobody reaps."""
    try:
        os.kill(pid, 0)
        stat = Path(f"/proc/{pid}/stat")
        return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
