"""Options that several subcommands have, and questions."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from ..errors import CommandError
from .output import error_console

JsonOption = Annotated[
    bool, typer.Option("--json", help="Write the result as JSON to standard output.")
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]
ConfigOption = Annotated[
    Path,
    typer.Option("--config", "-c", metavar="FILE", help="The configuration, a datafi.yaml."),
]
ProfileOption = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="NAME",
        help="The profile of the AWS configuration.",
        show_default="AWS_PROFILE, or default",
    ),
]
RegionOption = Annotated[
    str | None,
    typer.Option(
        "--region",
        metavar="REGION",
        help="The AWS region.",
        show_default="that of the configuration or of the profile",
    ),
]
LocalOption = Annotated[
    bool,
    typer.Option(
        "--local",
        envvar="DATAFI_CDK_LOCAL",
        help="Use the embedded AWS that `datafi-cdk local up` started.",
    ),
]

DEFAULT_CONFIG = Path("datafi.yaml")


def as_option(name: str, path: Path, default: Path) -> str:
    """An option with a path, to be shown in a command that somebody is to run next.

    Args:
        name: The option.
        path: The path that was given.
        default: The path that the option has without being given; then nothing is shown.

    Example:
        >>> as_option("--config", Path("my datafi.yaml"), DEFAULT_CONFIG)
        " --config 'my datafi.yaml'"
    """
    return "" if path == default else f" {name} {shlex.quote(str(path))}"


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something that cannot be undone, and end the command if the answer is no.

    Args:
        question: What is about to happen, with its question mark.
        yes: Whether `--yes` was given.

    Raises:
        CommandError: There is nobody to ask.
        typer.Exit: The answer is no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise CommandError("this asks for confirmation, and there is no terminal; add --yes")
    if not typer.confirm(question, err=True):
        error_console().print("Nothing was changed.")
        raise typer.Exit(1)
