"""The `datafi-cdk keys` that take what the user has: a Redis, an edge server's key."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

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
)
from ..output import console, error_console, print_json
from .common import OutOption, SecretOption, ShowOption, finish


@command
def redis(
    address: Annotated[str, typer.Argument(metavar="HOST:PORT", help="Where the Redis is.")],
    username: Annotated[str, typer.Option(help="Who signs in.")] = "default",
    password_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The file with the password.",
            show_default="asked for, or standard input",
        ),
    ] = None,
    secure: Annotated[bool, typer.Option("--secure", help="The connection is encrypted.")] = False,
    out: OutOption = None,
    to_secret: SecretOption = None,
    show: ShowOption = False,
    json: JsonOption = False,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
) -> None:
    """Put together CO_KEYVAL: the Redis of the coordinator's workspace.

    It needs the modules Search and JSON.
    """
    from .destination import Made
    from .hidden import read_hidden
    from .redis_key import make_keyval

    make_keyval(address, username, "", secure=secure)
    password = read_hidden("The password of the Redis", password_file)
    value = make_keyval(address, username, password, secure=secure)
    about = {"address": address, "username": username, "secure": secure}
    made = Made({"CO_KEYVAL": value}, [(to_secret, {"KEYVAL": value})], about)
    finish(made, out, (profile, region, local), show=show, json=json)


@command
def edge(
    server: Annotated[
        str | None,
        typer.Argument(help="The edge server.", show_default="the only one there is"),
    ] = None,
    tag: Annotated[
        str | None,
        typer.Option(
            metavar="TAG",
            help="The tag of the image that shall read the key.",
            show_default="that of datafi.yaml",
        ),
    ] = None,
    key_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The file with what the image printed.",
            show_default="asked for, or standard input",
        ),
    ] = None,
    print_command: Annotated[
        bool, typer.Option("--print-command", help="Only print the command that makes the key.")
    ] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    out: OutOption = None,
    to_secret: SecretOption = None,
    show: ShowOption = False,
    json: JsonOption = False,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
) -> None:
    """Take the key that an edge server's image made: says which command makes it.

    For example: docker run … | datafi-cdk keys edge es
    """
    import sys

    from ...errors import CommandError
    from ..secrets.draft import read_draft
    from ..secrets.values import value_problem
    from .destination import Made
    from .edge_key import edge_key
    from .hidden import read_hidden

    found = edge_key(read_draft(config), server, tag)
    if print_command:
        if json:
            print_json({"server": found.server, "command": found.command})
        else:
            console().print(escape(found.command), soft_wrap=True)
        return
    if sys.stdin.isatty() and not key_file:
        error_console().print(
            f"Run where there is Docker:\n  {escape(found.command)}", soft_wrap=True
        )
    value = read_hidden(f"What `{found.command}` printed", key_file)
    name, variable = found.wanted.names[0], found.wanted.variable
    if problem := value_problem(variable, value):
        raise CommandError(f"{name} must be {problem}; run: {found.command}")
    field = found.wanted.field or variable
    about = {"server": found.server}
    finish(
        Made({name: value}, [(to_secret, {field: value})], about),
        out,
        (profile, region, local),
        show=show,
        json=json,
    )
