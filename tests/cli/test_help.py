"""What the command says of itself, and completes."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from datafi_cdk.cli.commands import app
from syrupy.assertion import SnapshotAssertion
from typer.main import get_command

from .installed import COMMAND, run

CONFIG = """\
edge_servers:
  long_running: [{name: es}, {name: es2}]
coordinator:
"""


def commands(group: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Each command and each group of commands, as words."""
    yield words
    for name, command in sorted(getattr(group, "commands", {}).items()):
        yield from commands(command, (*words, name))


@pytest.mark.parametrize("words", list(commands(get_command(app))), ids=" ".join)
def test_help_reads_well(words: tuple[str, ...], snapshot: SnapshotAssertion) -> None:
    """The help of each command, as a terminal of 100 columns shows it."""
    home = Path.home()
    assert run(*words, "--help", cwd=home, env={"COLUMNS": "100"}).out == snapshot


def complete(words: str, folder: Path) -> list[str]:
    """What the shell offers after some words."""
    env = {
        **os.environ,
        "_DATAFI_CDK_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    done = subprocess.run([COMMAND], cwd=folder, env=env, capture_output=True, text=True)
    assert done.stderr == ""
    return done.stdout.split()


def test_completes_commands_and_options(tmp_path: Path) -> None:
    """Commands by their beginning, options of a command."""
    assert complete("datafi-cdk st", tmp_path) == ["status"]
    assert complete("datafi-cdk local ", tmp_path) == ["up", "deploy", "down"]
    assert "--no-wait" in complete("datafi-cdk update --", tmp_path)


def test_completes_servers_of_the_configuration(tmp_path: Path) -> None:
    """The names in datafi.yaml, the coordinator's too; none without one or with a broken one."""
    assert complete("datafi-cdk update ", tmp_path) == []
    (tmp_path / "datafi.yaml").write_text(CONFIG)
    assert complete("datafi-cdk update ", tmp_path) == ["co", "es", "es2"]
    assert complete("datafi-cdk status es", tmp_path) == ["es", "es2"]
    for broken in ("[", "edge_servers: 1", "\xff", ""):
        (tmp_path / "datafi.yaml").write_bytes(broken.encode("latin-1"))
        assert complete("datafi-cdk update ", tmp_path) == []


def test_shows_help_without_arguments(tmp_path: Path) -> None:
    """The command alone is no error that needs a guess: it shows its help, as usage errors do."""
    done = run(cwd=tmp_path, fails=2)
    assert "Usage: datafi-cdk" in done.out + done.err


def test_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    """A command that is not there, and an option, are usage errors with the help's name."""
    assert "No such command 'stat'" in run("stat", cwd=tmp_path, fails=2).err
    assert "--help" in run("status", "--nope", cwd=tmp_path, fails=2).err
