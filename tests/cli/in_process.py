"""Runs the `datafi-cdk` command in the process of the tests, which spares its start."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

from botocore.loaders import JSONFileLoader
from datafi_cdk.cli.commands import app
from typer.testing import CliRunner

from .installed import Done, ended, variables


def run(
    *arguments: str | Path,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    typed: str = "",
    fails: int = 0,
) -> Done:
    """Run the command to its end, as `installed.run` does, with the same arguments."""
    without = dict.fromkeys(os.environ)
    with contextlib.chdir(cwd), patch.object(JSONFileLoader, "load_file", _load_once):
        done = CliRunner().invoke(
            app, list(map(str, arguments)), input=typed, env={**without, **variables(cwd, env)}
        )
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return ended(Done(done.exit_code, done.stdout, done.stderr), fails)


_load = JSONFileLoader.load_file


@functools.cache
def _read_once(path: str) -> Any:
    return _load(JSONFileLoader(), path)


def _load_once(_loader: JSONFileLoader, path: str) -> Any:
    """What describes a service, which botocore reads anew for every session."""
    return _read_once(path)
