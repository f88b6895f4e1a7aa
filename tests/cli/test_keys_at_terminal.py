"""`datafi-cdk keys` at a terminal: what it asks, and that what is typed does not show."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from datafi_cdk.cli.secrets.env_file import read_env_file

from .installed import COMMAND
from .secret_values import CONFIG


class Terminal:
    """A terminal at which somebody types."""

    def __init__(self, master: int, process: subprocess.Popen[bytes]) -> None:
        self.seen = ""
        self._read_to = 0
        self._master = master
        self._process = process

    def expect(self, text: str) -> None:
        """Wait until a text has come after the last one that was waited for."""
        deadline = time.monotonic() + 30
        while (at := self.seen.find(text, self._read_to)) < 0:
            assert time.monotonic() < deadline, f"no {text!r} in {self.seen!r}"
            self._read()
        self._read_to = at + len(text)

    def type(self, line: str) -> None:
        """Type a line, once what is typed is read."""
        time.sleep(0.2)
        os.write(self._master, f"{line}\r".encode())

    def end(self) -> int:
        """Read to the end; the exit code."""
        while self._read():
            pass
        return self._process.wait(30)

    def _read(self) -> bool:
        if not select.select([self._master], [], [], 30)[0]:
            return False
        try:
            data = os.read(self._master, 4096)
        except OSError:
            return False
        self.seen += data.decode()
        return bool(data)


@contextmanager
def terminal(*arguments: str, cwd: Path) -> Iterator[Terminal]:
    """Run the command at a terminal of its own."""
    master, slave = pty.openpty()
    environment = {name: v for name, v in os.environ.items() if not name.startswith("AWS_")}
    process = subprocess.Popen(
        [COMMAND, *arguments],
        cwd=cwd,
        env={**environment, "COLUMNS": "200", "TERM": "dumb"},
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(slave)
    try:
        yield Terminal(master, process)
    finally:
        process.terminate()
        process.wait()
        os.close(master)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a configuration, but no keys."""
    (tmp_path / "datafi.yaml").write_text(CONFIG.format(name="acme"))
    return tmp_path


def test_asks_for_what_it_cannot_make(folder: Path) -> None:
    """Keys of edge servers, Redis and credentials are asked for, and nothing secret shows."""
    with terminal("keys", "make", cwd=folder) as screen:
        screen.expect("docker run --rm -e ENDPOINT=https://es.edge.example.com datafi/es")
        screen.expect("What it printed")
        screen.type("not-a-real-key")
        screen.expect("docker run --rm datafi/es:next --init")
        screen.expect("What it printed")
        screen.type("")
        screen.expect("host:port")
        screen.type("redis.example.com:6379")
        screen.expect("username [default]")
        screen.type("")
        screen.expect("encrypted connections?")
        screen.type("y")
        screen.expect("password")
        screen.type("not-a-real-redis")
        screen.expect("Username of the coordinator's registry")
        screen.type("acme")
        screen.expect("ACR_PASSWORD")
        screen.type("not-a-real-password")
        assert screen.end() == 3
    values = read_env_file(folder / "env.sh")
    assert values["ES1_KEY"] == "not-a-real-key"
    assert values["ACR_PASSWORD"] == "not-a-real-password"
    assert "ES2_KEY" not in values
    assert "not-a-real" not in screen.seen
    for name in ("CO_KEYVAL", "CO_JWT_KEY", "JWT_JWKS"):
        assert values[name] not in screen.seen
    with terminal("keys", "make", cwd=folder) as screen:
        screen.expect("What it printed")
        screen.type("not-a-real-second-key")
        assert screen.end() == 0
    assert read_env_file(folder / "env.sh") == {**values, "ES2_KEY": "not-a-real-second-key"}


def test_keeps_what_was_entered_before_an_interruption(folder: Path) -> None:
    """Ctrl-C ends it with one sentence, and the next run goes on from there."""
    with terminal("keys", "make", cwd=folder) as screen:
        screen.expect("What it printed")
        screen.type("not-a-real-key")
        screen.expect("What it printed")
        screen.type("\x03")
        assert screen.end() == 130
    assert "error: interrupted" in screen.seen
    assert read_env_file(folder / "env.sh")["ES1_KEY"] == "not-a-real-key"


def test_asks_for_one_key_without_showing_it(folder: Path) -> None:
    """`keys edge` shows the command and takes what it printed."""
    with terminal("keys", "edge", "es", cwd=folder) as screen:
        screen.expect("docker run --rm -e ENDPOINT=https://es.edge.example.com datafi/es")
        screen.expect("printed")
        screen.type("not-a-real-key")
        assert screen.end() == 0
    assert "not-a-real" not in screen.seen
    assert read_env_file(folder / "env.sh") == {"ES1_KEY": "not-a-real-key"}
