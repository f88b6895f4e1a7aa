"""`datafi-cdk demo`, run as its users run it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from datafi_cdk.cli import commands, demo
from datafi_cdk.errors import LocalAwsError
from typer.testing import CliRunner

from .deployed_edge import eventually
from .processes import is_running

pytestmark = pytest.mark.long

_COMMAND = Path(sys.executable).with_name("datafi-cdk")
_STEPS = (
    "start the embedded AWS",
    "get the cdk command",
    "cdk bootstrap",
    "cdk deploy --all",
    "HTTP is redirected to HTTPS",
    "an unknown host gets the fixed response",
    "es leads to its target groups (containers are simulated)",
    "the update API refuses a wrong key",
    "the update API moves es to v2",
    "cdk deploy again: v2 stays",
    "read every route back",
    "cdk destroy --all",
)
_ROUTES = (
    "* 80 default redirect to :443",
    "df-update.edge.example.com 443 33307 / Lambda, router",
    "df-update.edge.example.com 443 40028 /es Lambda, updates es v2",
    "es.edge.example.com 443 49129 container es:80 v2",
    "update.edge.example.com 443 33307 / Lambda, router",
    "update.edge.example.com 443 40028 /es Lambda, updates es v2",
    "* 443 default fixed response 404",
    "es.edge.example.com 50051 24129 container es:50051 v2",
    "* 50051 default fixed response 404",
)


def _start(*arguments: str, temporary: Path) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "TMPDIR": str(temporary),
        "COLUMNS": "80",
        "AWS_PROFILE": "real-account",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    }
    return subprocess.Popen(
        [_COMMAND, "demo", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )


def _descendants(pid: int) -> Iterator[int]:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except FileNotFoundError:
            continue
        if parent == pid:
            child = int(stat.parent.name)
            yield child
            yield from _descendants(child)


def test_every_step_holds(tmp_path: Path) -> None:
    """The demo does each step, lists every route at a glance, and leaves no file behind."""
    process = _start(temporary=tmp_path)
    output, errors = process.communicate(timeout=300)
    assert (process.returncode, errors) == (0, "")

    lines = [" ".join(line.split()) for line in output.splitlines()]
    done = [line.removeprefix("✓ ").rpartition(" s")[0] for line in lines if line.startswith("✓")]
    assert tuple(step.rpartition(" ")[0] for step in done) == _STEPS
    assert [line for line in lines if line in _ROUTES] == list(_ROUTES)
    assert "\x1b" not in output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interruption_is_said_and_leaves_nothing_running(
    tmp_path: Path, number: signal.Signals
) -> None:
    """Interrupted while cdk deploys, it ends with clear words, and so does all it started."""
    process = _start(temporary=tmp_path)
    assert process.stdout is not None
    while "cdk bootstrap" not in (line := process.stdout.readline()):
        assert line, process.communicate()
    started = [process.pid, *_descendants(process.pid)]
    assert len(started) > 2

    os.killpg(process.pid, number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert "interrupted" in errors
    assert "Traceback" not in errors
    assert [pid for pid in started if is_running(pid)] == []
    # A command that was just being started is ended by its supervisor, a moment later.
    eventually(lambda: list(tmp_path.iterdir()), lambda left: left == [])


def test_a_port_in_use_is_said(tmp_path: Path) -> None:
    """A port that something else listens on is named, in one line, with exit code 1."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = _start("--port", str(port), temporary=tmp_path)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert str(port) in errors
    assert len(errors.splitlines()) == 1


def test_a_broken_app_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the cdk command fails, the step and the command's last lines are shown."""
    (tmp_path / "app.py").write_text("raise SystemExit('[/broken] on [purpose]')")
    (tmp_path / "cdk.json").write_text('{"app": "python app.py"}')
    monkeypatch.setattr(demo, "bundled", lambda _folder: tmp_path)
    result = CliRunner().invoke(commands.app, ["demo"])
    assert result.exit_code == 1
    assert "✗ cdk bootstrap" in result.stdout
    assert "[/broken] on [purpose]" in result.stderr


def test_a_missing_extra_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """The remedy is shown whole, with the extras in its brackets."""
    monkeypatch.setattr("datafi_cdk.local.embedded_aws.find_spec", lambda _name: None)
    result = CliRunner().invoke(commands.app, ["demo"])
    assert result.exit_code == 1
    assert "pip install 'datafi-cdk[cli,local]'" in result.stderr


def test_whatever_a_step_raises_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that nobody thought of is told with its step; --debug shows where it was."""

    def fail(_self: object) -> None:
        raise KeyError("unheard-of")

    monkeypatch.setattr(demo.EmbeddedAws, "start", fail)
    result = CliRunner().invoke(commands.app, ["demo"])
    assert result.exit_code == 1
    assert "error: start the embedded AWS: KeyError: 'unheard-of'" in result.stderr
    result = CliRunner().invoke(commands.app, ["demo", "--debug"])
    assert isinstance(result.exception, LocalAwsError)


@pytest.mark.parametrize("argument", ["--port=0", "--port=70000", "--port=x", "--unknown"])
def test_refuses_arguments(argument: str) -> None:
    """What is no option, or no port, is refused with exit code 2."""
    result = CliRunner().invoke(commands.app, ["demo", argument])
    assert result.exit_code == 2
    assert argument.split("=")[0] in result.stderr
