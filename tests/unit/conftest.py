"""The apps whose policies are read: every example, its like hardened, and one with every option."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from policies import EVERY, EXAMPLES, HARDENED, Assembly

_HARDEN = """
import sys
from pathlib import Path
from aws_cdk import App
from datafi_cdk import DatafiEdgeConfig, DatafiEdgeStack
for path in map(Path, sys.argv[2:]):
    app = App(outdir=f"{sys.argv[1]}/{path.stem}")
    config = DatafiEdgeConfig.from_file(path)
    DatafiEdgeStack(app, "Datafi", config=config, hardened=True)
    app.synth()
"""


@pytest.fixture(scope="session")
def assembly(
    tmp_path_factory: pytest.TempPathFactory, synthesized: Callable[[str], Path]
) -> Callable[[str], Assembly]:
    """Gives the templates of an app; all hardened ones are made at once."""
    base = tmp_path_factory.getbasetemp()
    hardened = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "hardened"
    read: dict[str, Assembly] = {}

    def of(app: str) -> Assembly:
        if app in EXAMPLES:
            return Assembly(synthesized(app))
        if app == EVERY:
            return Assembly(_every(tmp_path_factory.mktemp(EVERY)))
        if not hardened.exists():
            made = tmp_path_factory.mktemp("hardened")
            subprocess.run([sys.executable, "-c", _HARDEN, str(made), *HARDENED], check=True)
            with suppress(OSError):
                made.rename(hardened)
        return Assembly(hardened / app.removeprefix("hardened-"))

    return lambda app: read[app] if app in read else read.setdefault(app, of(app))


def _every(folder: Path) -> Path:
    """Synthesize the app with every role; other tests of this folder need no CDK."""
    from aws_cdk import App
    from every_role import every_role

    app = App(outdir=str(folder))
    every_role(app)
    app.synth()
    return folder
