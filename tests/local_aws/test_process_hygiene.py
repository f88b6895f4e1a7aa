"""Nothing is left running or lying about, whatever ends the process that used an embedded AWS."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from datafi_cdk.local import EmbeddedAws

from .conftest import Eventually
from .processes import Processes, is_running, processes_of

_USER = """
import dataclasses, json, sys, time
sys.path.insert(0, {tests!r})
from local_aws.processes import processes_of
from datafi_cdk.local import EmbeddedAws
with EmbeddedAws() as aws:
    try:
        print(json.dumps(dataclasses.asdict(processes_of(aws))), flush=True)
        {end}
    except KeyboardInterrupt:
        print(aws.client("sts").get_caller_identity()["Account"])
"""


class User:
    """A process that uses an embedded AWS, in a process group like a terminal's job."""

    def __init__(self, end: str, temporary: Path) -> None:
        """Start it and wait until a Lambda worker runs in its embedded AWS."""
        tests = str(Path(__file__).parent.parent)
        self.process = subprocess.Popen(
            [sys.executable, "-c", _USER.format(tests=tests, end=end)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={**os.environ, "TMPDIR": str(temporary), "HOME": str(temporary)},
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1]
        self.aws = Processes(**json.loads(line))
        assert self.aws.any_running()


@pytest.fixture
def temporary(tmp_path_factory: pytest.TempPathFactory, eventually: Eventually) -> Iterator[Path]:
    """A temporary and home directory that must get empty."""
    directory = tmp_path_factory.mktemp("temporary")
    yield directory
    eventually(lambda: not list(directory.iterdir()))


@pytest.mark.parametrize("end", ["pass", "raise RuntimeError('mine')"])
def test_nothing_is_left_after_the_block(end: str, temporary: Path) -> None:
    """Leaving the block ends everything before the next statement, by whatever way."""
    user = User(end, temporary)
    user.process.communicate(timeout=30)
    assert not user.aws.any_running()
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_is_left_after_the_user_was_killed(
    number: signal.Signals, temporary: Path, eventually: Eventually
) -> None:
    """The server notices that its user is gone, ends its Lambda workers and cleans up."""
    user = User("time.sleep(60)", temporary)
    user.process.send_signal(number)
    user.process.communicate(timeout=30)
    eventually(lambda: not user.aws.any_running())


def test_ctrl_c_leaves_the_server_usable_for_cleaning_up(temporary: Path) -> None:
    """A ctrl-C reaches the user's whole process group, and not the server, which still answers."""
    user = User("time.sleep(60)", temporary)
    os.killpg(user.process.pid, signal.SIGINT)
    output, errors = user.process.communicate(timeout=30)
    assert output.strip() == "000000000000", errors
    assert not user.aws.any_running()


def test_a_server_that_died_is_cleaned_up(eventually: Eventually) -> None:
    """When the server itself is killed, its workers go with it and the block still ends well."""
    with EmbeddedAws() as aws:
        directory = aws.log_path.parent
        processes = processes_of(aws)
        os.kill(processes.server, signal.SIGKILL)
        eventually(lambda: not is_running(processes.worker))
    assert not directory.exists()


def test_an_interrupted_start_leaves_nothing(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ctrl-C while the server comes up removes what was there already."""

    def interrupted(_port: int) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setattr("datafi_cdk.local.server_process._is_healthy", interrupted)
    with pytest.raises(KeyboardInterrupt):
        EmbeddedAws().start()
    assert list(temporary.iterdir()) == []


def test_a_server_that_cannot_start_says_why(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error holds what the server wrote before it ended."""
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setenv("PYTHONPATH", str(temporary / "shadow"))
    shadow = temporary / "shadow" / "ministack"
    shadow.mkdir(parents=True)
    (shadow / "__init__.py").write_text("raise SystemExit('broken on purpose')")
    with pytest.raises(Exception, match=r"(?s)ended while starting.*broken on purpose"):
        EmbeddedAws().start()
    (shadow / "__init__.py").unlink()
    shadow.rmdir()
    shadow.parent.rmdir()
