"""The apps whose policies are read: every example, its like hardened, and one with every option."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
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
    made_once: Callable[..., Path], synthesized: Callable[[str], Path]
) -> Callable[[str], Assembly]:
    """Gives the templates of an app; all hardened ones are made at once."""
    read: dict[str, Assembly] = {}

    def harden(folder: Path) -> None:
        subprocess.run([sys.executable, "-c", _HARDEN, str(folder), *HARDENED], check=True)

    def of(app: str) -> Assembly:
        if app in EXAMPLES:
            return Assembly(synthesized(app))
        if app == EVERY:
            return Assembly(made_once(EVERY, _every))
        return Assembly(made_once("hardened", harden) / app.removeprefix("hardened-"))

    return lambda app: read[app] if app in read else read.setdefault(app, of(app))


def _every(folder: Path) -> None:
    """Synthesize the app with every role; other tests of this folder need no CDK."""
    from aws_cdk import App
    from every_role import every_role

    app = App(outdir=str(folder))
    every_role(app)
    app.synth()
