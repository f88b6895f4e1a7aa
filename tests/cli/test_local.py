"""`datafi-cdk local`: an embedded AWS that outlives the command that started it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from .installed import COMMAND, Done, run

pytestmark = pytest.mark.long

APP = """\
from aws_cdk import App, CfnOutput, Stack
from aws_cdk.aws_sns import Topic

stack = Stack(App(), "Acme")
Topic(stack, "Topic")
CfnOutput(stack, "Greeting", value="hello [bold] :secret:")
stack.node.root.synth()
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home directory; what was left running in it is ended."""
    yield tmp_path
    run("local", "down", cwd=tmp_path, env=state_of(tmp_path))


def state_of(home: Path) -> dict[str, str]:
    """The environment in which all commands of a test share their state, and caches are ours."""
    cache = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
    return {"XDG_STATE_HOME": str(home / "state"), "XDG_CACHE_HOME": cache}


def local(home: Path, *arguments: str | Path, fails: int = 0) -> Done:
    """Run `datafi-cdk local …`."""
    return run("local", *arguments, cwd=home, env=state_of(home), fails=fails)


def answers(endpoint: str) -> bool:
    """Whether a server answers there."""
    try:
        with urlopen(f"{endpoint}/_ministack/health", timeout=10) as response:  # noqa: S310
            return bool(response.status == 200)
    except URLError:
        return False


def test_it_runs_until_it_is_told_to_end(home: Path) -> None:
    """`up` returns while it runs, a second one is refused, `down` ends it, twice is harmless."""
    endpoint = local(home, "up", "--json").json["endpoint"]
    assert answers(endpoint)
    refused = local(home, "up", fails=1)
    assert endpoint in refused.err
    assert "datafi-cdk local down" in refused.err
    assert local(home, "down").out == "The embedded AWS has ended.\n"
    assert not answers(endpoint)
    assert local(home, "down").out == "No embedded AWS was running.\n"


def test_many_at_once_start_one_and_end_one(home: Path) -> None:
    """Of several `up` one starts it, of several `down` one ends it; the others know how it went."""
    with ThreadPoolExecutor(4) as pool:

        def at_once(action: str) -> list[subprocess.CompletedProcess[str]]:
            command = [COMMAND, "local", action]
            env = {**os.environ, **state_of(home)}
            return list(
                pool.map(
                    lambda _: subprocess.run(
                        command, env=env, cwd=home, capture_output=True, text=True, timeout=100
                    ),
                    range(4),
                )
            )

        started = at_once("up")
        assert sorted(done.returncode for done in started) == [0, 1, 1, 1]
        assert all("already runs" in done.stderr for done in started if done.returncode)
        ended = at_once("down")
        assert [done.returncode for done in ended] == [0, 0, 0, 0]
        assert any("has ended" in done.stdout for done in ended)


def test_account_region_and_port_are_as_asked(home: Path) -> None:
    """The embedded AWS is of the account and the region that the configuration names."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    up = ("up", "--account", "111111111111", "--region", "eu-central-1", "--port", str(port))
    assert local(home, *up, "--json").json == {
        "endpoint": f"http://127.0.0.1:{port}",
        "account": "111111111111",
        "region": "eu-central-1",
    }


def test_deploys_an_app_with_the_real_cdk_command(home: Path) -> None:
    """The app's outputs are shown as they are, and its folder stays as it was."""
    app = home / "app"
    app.mkdir()
    (app / "app.py").write_text(APP)
    (app / "cdk.json").write_text('{"app": "python app.py"}')
    local(home, "up")
    greeting = "hello [bold] :secret:"
    assert local(home, "deploy", app, "--json").json == {"Acme": {"Greeting": greeting}}
    assert greeting in local(home, "deploy", app).out
    assert sorted(path.name for path in app.iterdir()) == ["app.py", "cdk.json"]


def test_tells_why_an_app_cannot_be_deployed(home: Path) -> None:
    """The last lines of the cdk command are shown; a folder without an app is named."""
    local(home, "up")
    (home / "cdk.json").write_text("""{"app": "python -c 'raise SystemExit(\\"on purpose\\")'"}""")
    assert "on purpose" in local(home, "deploy", fails=1).err
    empty = home / "empty"
    empty.mkdir()
    assert f"{empty / 'cdk.json'} is not there; name" in local(home, "deploy", empty, fails=1).err
    (empty / "cdk.json").write_text("{")
    assert f"{empty / 'cdk.json'} must be" in local(home, "deploy", empty, fails=1).err
    (empty / "cdk.json").write_text("[]")
    assert "must hold the key `app`" in local(home, "deploy", empty, fails=1).err


def test_tells_that_an_app_is_for_another_account(home: Path) -> None:
    """Which embedded AWS it needs, and not that AWS be bootstrapped."""
    env = 'env={"account": "111111111111", "region": "eu-central-1"}'
    (home / "app.py").write_text(APP.replace('"Acme")', f'"Acme", {env})'))
    (home / "cdk.json").write_text('{"app": "python app.py"}')
    local(home, "up")
    told = local(home, "deploy", fails=1).err
    assert "datafi-cdk local up --account 111111111111 --region eu-central-1\n" in told
    assert len(told.splitlines()) == 1


def test_tells_that_none_runs(home: Path) -> None:
    """Commands for the embedded AWS name the one that starts it."""
    assert "datafi-cdk local up" in local(home, "deploy", fails=1).err
    status = run("status", "--local", cwd=home, env=state_of(home), fails=1)
    assert status.err == ("error: no embedded AWS runs; start it with: datafi-cdk local up\n")


def test_tells_that_the_port_is_taken(home: Path) -> None:
    """`up` waits for its server, so that its fault is told, and leaves nothing behind."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"port {port} of 127.0.0.1" in local(home, "up", "--port", str(port), fails=1).err
    assert local(home, "down").out == "No embedded AWS was running.\n"


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--account", "12", "account must be"),
        ("--rollout-seconds", "inf", "rollout_seconds must be"),
    ],
)
def test_refuses_what_it_cannot_be(home: Path, option: str, value: str, told: str) -> None:
    """A wrong argument is one sentence, and no traceback of the process in the background."""
    refused = local(home, "up", option, value, fails=1)
    assert told in refused.err
    assert len(refused.err.splitlines()) == 1


def test_refuses_a_region_or_profile_that_is_not_the_embedded_ones(home: Path) -> None:
    """`--local` with what names another AWS is refused with the way out."""
    local(home, "up")
    env = state_of(home)
    region = run("status", "--local", "--region", "eu-west-1", cwd=home, env=env, fails=1)
    assert "datafi-cdk local up --region eu-west-1" in region.err
    profile = run("status", "--local", "--profile", "acme", cwd=home, env=env, fails=1)
    assert "leave one out" in profile.err


def test_one_that_was_killed_is_not_taken_for_running(home: Path) -> None:
    """After its process was killed, its server is gone too, and another can be started."""
    endpoint = local(home, "up", "--json").json["endpoint"]
    state = home / "state" / "datafi-cdk" / "local.json"
    os.kill(json.loads(state.read_text())["pid"], signal.SIGKILL)
    assert local(home, "down").out == "No embedded AWS was running.\n"
    again = local(home, "up", "--json").json["endpoint"]
    assert answers(again)
    assert again == endpoint or not answers(endpoint)


def test_one_whose_server_died_is_not_taken_for_running(home: Path) -> None:
    """When the server ends by itself, so does what keeps it."""
    local(home, "up")
    state = home / "state" / "datafi-cdk" / "local.json"
    process = json.loads(state.read_text())["pid"]
    for _ in ("its supervisor", "the server"):
        done = subprocess.run(
            ["pgrep", "-P", str(process)], capture_output=True, text=True, check=True
        )
        process = int(done.stdout)
    os.kill(process, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while state.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert "no embedded AWS runs" in local(home, "deploy", fails=1).err
