"""Installs the pinned npm packages once per user: the `cdk` command and two AWS SDK clients."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from ..errors import LocalAwsError
from .node import Node
from .supervise import remove_tree
from .supervised import run_to_end

_MANIFEST = Path(__file__).with_name("npm")
_ERROR = "npm error"
_ERROR_LINES = 6
_REMEDIES = (
    (
        ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH"),
        "check the network, or npm's settings `registry` and `proxy`",
    ),
    (
        ("SELF_SIGNED_CERT_IN_CHAIN", "UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "CERT_UNTRUSTED"),
        "name the certificates of your network's proxy in NODE_EXTRA_CA_CERTS",
    ),
)


def cdk_cli_version() -> str:
    """The version of the npm package aws-cdk that this library pins.

    Example:
        >>> cdk_cli_version()
        '2.1148.1'
    """
    manifest = json.loads((_MANIFEST / "package.json").read_text())
    return str(manifest["dependencies"]["aws-cdk"])


def npm_packages_directory() -> Path:
    """Where the packages are, or will be, installed: a folder of the user's cache.

    Its name holds the cdk command's version and a digest of the lock file, so that two versions of
    this library never share one. `XDG_CACHE_HOME` moves the cache; by default it is `~/.cache`.
    """
    cache = os.environ.get("XDG_CACHE_HOME")
    root = Path(cache) if cache else Path.home() / ".cache"
    digest = hashlib.sha256((_MANIFEST / "package-lock.json").read_bytes()).hexdigest()[:12]
    return root / "datafi-cdk" / f"npm-aws-cdk-{cdk_cli_version()}-{digest}"


def install_npm_packages(node: Node, on_line: Callable[[str], None] = lambda _line: None) -> Path:
    """Install the packages unless they are; several processes may do so at once.

    npm works in a folder of its own that is renamed when it is complete, so an interrupted
    installation leaves nothing that could be taken for a complete one.

    Args:
        node: The Node.js whose npm is used, with the user's own npm configuration.
        on_line: Called with each line that npm writes, as it writes it. Default: nobody.

    Returns:
        The folder that holds `node_modules`.

    Raises:
        LocalAwsError: npm failed, or the cache cannot be written; the message says what to do.
    """
    target = npm_packages_directory()
    if target.is_dir():
        _require_pinned_cdk(target)
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        workshop = Path(tempfile.mkdtemp(prefix=".installing-", dir=target.parent))
    except OSError as error:
        raise LocalAwsError(
            f"the cache folder {target.parent} cannot be written ({error.strerror});"
            " set XDG_CACHE_HOME to a folder that can"
        ) from error
    try:
        shutil.copytree(_MANIFEST, workshop, dirs_exist_ok=True)
        _npm_ci(node, workshop, on_line)
        _require_pinned_cdk(workshop)
        try:
            workshop.rename(target)
        except OSError:
            if not target.is_dir():
                raise
    finally:
        remove_tree(workshop)
    return target


def _npm_ci(node: Node, workshop: Path, on_line: Callable[[str], None]) -> None:
    command = [*node.npm_command, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    environment = {
        **os.environ,
        "PATH": f"{node.executable.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "npm_config_update_notifier": "false",
        "NODE_DISABLE_COMPILE_CACHE": "1",
    }
    status, lines = run_to_end(command, workshop, environment, on_line)
    if status == 0:
        return
    errors = [line for line in lines if line.startswith(_ERROR)] or lines
    output = "\n".join(errors[:_ERROR_LINES])
    remedy = next(
        (remedy for codes, remedy in _REMEDIES if any(code in output for code in codes)),
        "mend what npm says and run again",
    )
    raise LocalAwsError(
        f"npm failed (exit status {status}) and said:\n{output}\n"
        f"npm could not install aws-cdk@{cdk_cli_version()}; {remedy}"
    )


def _require_pinned_cdk(directory: Path) -> None:
    package = directory / "node_modules" / "aws-cdk" / "package.json"
    found = json.loads(package.read_text())["version"] if package.is_file() else "nothing"
    if found != cdk_cli_version():
        raise LocalAwsError(
            f"the cdk command in {directory} must be aws-cdk@{cdk_cli_version()}, found {found};"
            " remove that folder and run again"
        )
