"""The options of `datafi-cdk secrets rotate`."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.markup import escape

from ..command import command
from ..options import (
    DEFAULT_CONFIG,
    ConfigOption,
    JsonOption,
    LocalOption,
    ProfileOption,
    RegionOption,
    YesOption,
)
from ..output import console, error_console, print_json
from ..quiet_command import QuietCommand
from .algorithms import Algorithm

rotate_app = typer.Typer(
    help="Replace a secret by a new one, so that nobody who has the old one is refused at once.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


@rotate_app.command("update-secret", cls=QuietCommand)
@command
def update_secret(
    server: Annotated[
        str | None,
        typer.Argument(
            help="The server whose update API it is.", show_default="the only one there is"
        ),
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    yes: YesOption = False,
    json: JsonOption = False,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
) -> None:
    """Give an update API a new key.

    It takes the new key within half a minute, and the one before for 15 minutes more, so that
    callers can change over.
    """
    from .account import account_of
    from .draft import read_draft
    from .rotation import rotate_update_secret

    draft = read_draft(config)
    aws = account_of(draft.config, profile=profile, region=region, local=local)
    result = rotate_update_secret(draft, aws, server=server, yes=yes)
    _show(result, json=json)


@rotate_app.command("jwt", cls=QuietCommand)
@command
def jwt(
    switch: Annotated[
        bool, typer.Option("--switch", help="The second step: the coordinator takes the new key.")
    ] = False,
    finish: Annotated[
        bool, typer.Option("--finish", help="The third step: servers forget the old key.")
    ] = False,
    algorithm: Annotated[
        Algorithm | None,
        typer.Option(help="How the new key signs.", show_default="as the old one"),
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    yes: YesOption = False,
    json: JsonOption = False,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
) -> None:
    """Give the coordinator a new signing key, in three steps, so that no token is refused.

    First the edge servers learn the new public key beside the old one; then, with --switch, the
    coordinator signs with the new key; then, with --finish, the servers forget the old one.
    After each step the containers must start anew, and after the second one the last token of the
    old key must have expired.
    """
    if switch and finish:
        raise typer.BadParameter("give one of --switch and --finish, one step after the other")
    from ...config import DatafiEdgeConfig
    from .account import account_of
    from .jwt_rotation import JwtRotation

    read = DatafiEdgeConfig.from_file(config)
    rotation = JwtRotation(read, account_of(read, profile=profile, region=region, local=local))
    if switch:
        result = rotation.switch(yes=yes)
    elif finish:
        result = rotation.finish(yes=yes)
    else:
        result = rotation.begin(algorithm, yes=yes)
    _show(result, json=json)


def _show(result: dict[str, Any], *, json: bool) -> None:
    if json:
        print_json(result)
        return
    secrets = ", ".join(result["secrets"])
    console().print(escape(f"Changed: {secrets}" if secrets else "Nothing was left to change."))
    for line in result["next"]:
        error_console().print(escape(line), soft_wrap=True)
