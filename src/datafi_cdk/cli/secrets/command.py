"""The options of `datafi-cdk secrets`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from ..command import ANSWER_IS_NO, command
from ..options import (
    DEFAULT_CONFIG,
    ConfigOption,
    JsonOption,
    LocalOption,
    ProfileOption,
    RegionOption,
    YesOption,
)
from ..output import console, error_console, print_json, table
from ..quiet_command import QuietCommand
from .rotate_command import rotate_app

app = typer.Typer(
    help="Keep what the containers read in Secrets Manager, without copying it by hand.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)
app.add_typer(rotate_app, name="rotate")

_COLOURS = {"pass": "green", "warn": "yellow", "fail": "red"}


@app.command("import", cls=QuietCommand)
@command
def import_(
    config: ConfigOption = DEFAULT_CONFIG,
    env_file: Annotated[
        list[Path] | None,
        typer.Option(
            "--env-file",
            "-e",
            metavar="FILE",
            help="A shell file with values; it is read, not executed. May be given repeatedly.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only check, and say what would be written.")
    ] = False,
    kms_key: Annotated[
        str | None,
        typer.Option(
            "--kms-key",
            metavar="ARN",
            help="The key that encrypts secrets that are made.",
            show_default="that of Secrets Manager",
        ),
    ] = None,
    yes: YesOption = False,
    json: JsonOption = False,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
) -> None:
    """Write keys to Secrets Manager, and the secrets' ARNs into datafi.yaml.

    The values come from environment variables (ES1_KEY, CO_KEYVAL, CO_JWT_KID, CO_JWT_KEY,
    JWT_JWKS, ACR_USERNAME, ACR_PASSWORD, ES1_UPDATE_API_SECRET; ES2_… for the second edge server)
    and from files. All are checked before the first is written. Running it again continues, and
    changes nothing that is equal.
    """
    from .importing import import_secrets, show_import

    report = import_secrets(
        config,
        env_file or [],
        dry_run=dry_run,
        yes=yes,
        kms_key=kms_key,
        profile=profile,
        region=region,
        local=local,
    )
    if report["unused"]:
        names = ", ".join(report["unused"])
        error_console().print(
            f"Not used, as {escape(str(config))} has no place for them: {names}", soft_wrap=True
        )
    if json:
        print_json(report)
    else:
        show_import(report, console())


@app.command(cls=QuietCommand)
@command
def check(
    config: ConfigOption = DEFAULT_CONFIG,
    json: JsonOption = False,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
) -> None:
    """Compare what datafi.yaml needs with what the secrets hold, without showing values.

    Ends with 3 if something is missing or wrong.
    """
    import dataclasses

    from ...config import DatafiEdgeConfig
    from .account import account_of
    from .requirements import secret_findings

    read = DatafiEdgeConfig.from_file(config)
    aws = account_of(read, profile=profile, region=region, local=local)
    findings = secret_findings(read, aws)
    if json:
        print_json([dataclasses.asdict(finding) for finding in findings])
    else:
        rows = table("", "what", "found")
        for each in findings:
            where = f"{each.place}\n{each.secret}" if each.secret else each.place
            found = f"{each.message};\n{each.remedy}" if each.remedy else each.message
            colour = _COLOURS[each.result]
            rows.add_row(f"[{colour}]{each.result}[/]", escape(where), escape(found))
        console().print(rows if findings else f"{escape(str(config))} names no secrets.")
    if any(finding.result == "fail" for finding in findings):
        raise typer.Exit(ANSWER_IS_NO)
