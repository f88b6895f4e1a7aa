"""What docs/command/secrets.md shows works as it stands there."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from datafi_cdk.cli.secrets.env_file import read_env_file
from datafi_cdk.local import EmbeddedAws

from .installed import COMMAND, run

PAGE = (Path(__file__).parents[2] / "docs" / "command" / "secrets.md").read_text()
DOCKER = """\
#!/bin/sh
echo not-a-real-key-$#
"""


def blocks(language: str) -> list[str]:
    """The blocks of a language, in the order of the page."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.M)


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedAws]:
    """An account for the page."""
    with EmbeddedAws() as running:
        yield running


def test_the_page_leads_to_a_deployment_with_its_secrets(aws: EmbeddedAws, tmp_path: Path) -> None:
    """The commands of the page, in a shell, make every secret; no value is left or shown."""
    (configuration,) = blocks("yaml")
    short_way, one_by_one = blocks("sh")[:2]
    (tmp_path / "datafi.yaml").write_text(configuration)
    (tmp_path / "password").write_text("not-a-real-password\n")
    (tmp_path / "docker").write_text(DOCKER)
    (tmp_path / "docker").chmod(0o755)
    environment = {
        **aws.environment(),
        "PATH": os.pathsep.join([str(COMMAND.parent), str(tmp_path), os.environ["PATH"]]),
        "ACR_USERNAME": "not-a-real-username",
        "ACR_PASSWORD": "not-a-real-acr-password",
    }

    def shell(script: str) -> str:
        done = subprocess.run(
            ["sh", "-e", "-c", script],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, (done.stdout, done.stderr)
        return done.stdout + done.stderr

    shown = shell(one_by_one)
    values = read_env_file(tmp_path / "env.sh")
    assert values["ES1_KEY"] != values["ES2_KEY"]
    shown += shell(short_way)
    assert not (tmp_path / "env.sh").exists()
    names = aws.client("secretsmanager").list_secrets()["SecretList"]
    assert sorted(each["Name"] for each in names) == [
        "datafi/acme/co",
        "datafi/acme/co/registry",
        "datafi/acme/es",
        "datafi/acme/es2",
        "datafi/acme/jwt.jwks",
    ]
    assert "not-a-real" not in shown
    for value in values.values():
        assert value not in shown
    for step in blocks("sh")[2].splitlines():
        command = step.partition("#")[0]
        shell(f"{command} --yes")
    checked = run("secrets", "check", "--json", cwd=tmp_path, env=aws.environment()).json
    assert {each["result"] for each in checked} == {"pass"}


def test_every_command_of_the_page_is_there(tmp_path: Path) -> None:
    """What the page names is a subcommand."""
    named = set(
        re.findall(r"(?:datafi-cdk |`)((?:keys|secrets) [a-z-]+(?: jwt| update-secret)?)", PAGE)
    )
    assert len(named) >= 8
    for each in named:
        assert "Usage: datafi-cdk" in run(*each.split(), "--help", cwd=tmp_path).out
