"""`datafi-cdk init`: a new CDK app."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from ..errors import CommandError, InvalidInputError
from .files import create_file
from .output import console, error_console

_NO_LABEL = re.compile(r"[^a-z0-9]+")
_NEXT = """\
  datafi-cdk keys make                         what the containers need, into env.sh
  datafi-cdk secrets import --env-file env.sh  into Secrets Manager
  datafi-cdk check                             what would fail, before anything is deployed
  npx aws-cdk@{cdk} bootstrap               once for account and region
  npx aws-cdk@{cdk} deploy --all
Or first on this machine{copy}:
  datafi-cdk local up{environment}
{secrets}  datafi-cdk local deploy"""
_LOCAL_SECRETS = "  datafi-cdk secrets import --env-file env.sh --local\n"


def init(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where the app is made, a folder of its own.")
    ] = Path(),
    root_domain: Annotated[
        str | None,
        typer.Option(
            metavar="DOMAIN",
            help="The domain under which servers have their names.",
            show_default="asked for",
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The name of the deployment, one DNS label.",
            show_default="that of the folder",
        ),
    ] = None,
    server: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="The name of an edge server; repeat it for more.",
            show_default="es",
        ),
    ] = None,
    coordinator: Annotated[bool, typer.Option("--coordinator", help="With a coordinator.")] = False,
    account: Annotated[
        str | None,
        typer.Option(metavar="ID", help="The AWS account.", show_default="who deploys decides"),
    ] = None,
    region: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Its region; given with the account."),
    ] = None,
) -> None:
    """Make a new CDK app with a DatafiEdgeStack: app.py, cdk.json, datafi.yaml and what they need.

    Asks for the root domain, unless it is given. Overwrites nothing.
    """
    from ..local.npm_packages import cdk_cli_version
    from .new_app import NewApp

    taken = {
        "name": name or _label(directory),
        "servers": tuple(server or ("es",)),
        "coordinator": coordinator,
        "account": account,
        "region": region,
    }
    if root_domain is None:
        root_domain = _asked_root_domain()
    app = NewApp(root_domain=root_domain, **taken)  # type: ignore[arg-type]
    files = app.files()
    _write(directory, files)
    console().print(
        f"Made {', '.join(sorted(files))} in {directory.resolve()}. Next, in that folder:\n"
        + _NEXT.format(
            cdk=cdk_cli_version(),
            copy=", in a copy of the folder" if coordinator else "",
            environment=f" --account {account} --region {region}" if account else "",
            secrets=_LOCAL_SECRETS if coordinator else "",
        ),
        markup=False,
    )


def _asked_root_domain() -> str:
    from .new_app import NewApp

    if not sys.stdin.isatty():
        raise CommandError(
            "the root domain must be given where there is no terminal;"
            " add --root-domain, such as --root-domain datafi-edge.example.com"
        )
    while True:
        asked = typer.prompt("Root domain, such as datafi-edge.example.com", err=True)
        try:
            NewApp(name="datafi", root_domain=asked)
        except InvalidInputError as error:
            error_console().print(str(error), markup=False)
        else:
            return str(asked)


def _label(directory: Path) -> str:
    """The name of a folder as a DNS label."""
    return _NO_LABEL.sub("-", directory.resolve().name.lower()).strip("-")[:63] or "datafi"


def _write(directory: Path, files: dict[str, str]) -> None:
    """Write all files, or none."""
    there = sorted(name for name in files if (directory / name).exists())
    if there:
        raise CommandError(
            f"{directory.resolve()} holds {', '.join(there)} already, which is not overwritten;"
            " name another folder"
        )
    directory.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    try:
        for name, text in files.items():
            create_file(directory / name, text)
            written.append(directory / name)
    except BaseException:
        for path in written:
            path.unlink()
        raise
