"""The options of `datafi-cdk keys`."""

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
    as_option,
)
from ..output import console, print_json, table
from ..quiet_command import QuietCommand
from ..secrets.algorithms import Algorithm
from .common import DEFAULT_FILE, AlgorithmOption, OutOption, SecretOption, ShowOption, finish
from .given_command import edge, redis

app = typer.Typer(
    help="Make the keys that edge servers and coordinator need. No private value is shown.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


@app.command("make", cls=QuietCommand)
@command
def make(
    config: ConfigOption = DEFAULT_CONFIG,
    out: Annotated[
        Path,
        typer.Option("--out", "-o", metavar="FILE", help="The shell file to make, or to add to."),
    ] = DEFAULT_FILE,
    algorithm: AlgorithmOption = Algorithm.RS256,
    json: JsonOption = False,
) -> None:
    """Make everything that datafi.yaml needs and the file does not have yet.

    Signing keys are made; at a terminal, the Redis, the registry's credentials and the output of
    each edge server's image are asked for. Then run: datafi-cdk secrets import --env-file env.sh

    Ends with 3 while something is missing.
    """
    import shlex
    import sys

    from ..secrets.draft import read_draft
    from .everything import make_everything

    asks = sys.stdin.isatty() and not json
    rows = make_everything(read_draft(config), out, algorithm, asks=asks)
    missing = [row for row in rows if row["state"] == "missing"]
    if json:
        print_json({"file": str(out), "variables": rows})
    else:
        shown = table("variable", "for", "")
        for row in rows:
            shown.add_row(row["name"], row["server"] or "all", row["state"])
        console().print(
            shown if rows else f"{escape(str(config))} names the secrets of all that it needs."
        )
        for row in missing:
            console().print(escape(f"{row['name']}: {row['how']}"), soft_wrap=True)
        if not missing:
            given = as_option("--config", config, DEFAULT_CONFIG)
            importing = f"import{given} --env-file {shlex.quote(str(out))}"
            following = escape(importing if rows else f"check{given}")
            console().print(f"All is there. Next: datafi-cdk secrets {following}", soft_wrap=True)
    if missing:
        raise typer.Exit(ANSWER_IS_NO)


@app.command(cls=QuietCommand)
@command
def jwt(
    algorithm: AlgorithmOption = Algorithm.RS256,
    out: OutOption = None,
    to_secret: SecretOption = None,
    jwks_to_secret: Annotated[
        list[str] | None,
        typer.Option(
            "--jwks-to-secret",
            metavar="NAME_OR_ARN",
            help="With --to-secret: the secret of an edge server, for the public half."
            " May be given repeatedly.",
        ),
    ] = None,
    show: ShowOption = False,
    json: JsonOption = False,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
) -> None:
    """Make a signing key: CO_JWT_KEY and CO_JWT_KID for the coordinator, JWT_JWKS for edge servers.

    Both halves are made together, and what one signs the other has verified.
    """
    from ..secrets.jwt_keys import make_jwt_keys
    from .destination import Fields, Made

    if bool(to_secret) != bool(jwks_to_secret):
        raise typer.BadParameter(
            "give --to-secret for the coordinator together with --jwks-to-secret for edge servers,"
            " or neither"
        )
    keys = make_jwt_keys(algorithm)
    public: Fields = {"JWT_JWKS": keys.jwks}
    private: Fields = {"JWT_KEY": keys.key, "JWT_KID": keys.kid}
    made = Made(
        {"CO_JWT_KEY": keys.key, "CO_JWT_KID": keys.kid, "JWT_JWKS": keys.jwks},
        [*((secret, public) for secret in jwks_to_secret or ()), (to_secret, private)],
        {"kid": keys.kid, "algorithm": algorithm.value},
    )
    finish(made, out, (profile, region, local), show=show, json=json)


@app.command("update-secret", cls=QuietCommand)
@command
def update_secret(
    server: Annotated[
        str | None,
        typer.Argument(
            help="The server whose update API it opens.", show_default="the only one there is"
        ),
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    out: OutOption = None,
    to_secret: SecretOption = None,
    show: ShowOption = False,
    json: JsonOption = False,
    profile: ProfileOption = None,
    region: RegionOption = None,
    local: LocalOption = False,
) -> None:
    """Make a key of an update API. Not needed where the stack makes it, as it does by default."""
    from ..secrets.draft import read_draft
    from ..secrets.rotation import make_update_secret, update_target
    from .destination import Made

    wanted = update_target(read_draft(config), server).wanted[0]
    value = make_update_secret()
    made = Made({wanted.names[0]: value}, [(to_secret, {None: value})], {"server": wanted.server})
    finish(made, out, (profile, region, local), show=show, json=json)


app.command(cls=QuietCommand)(redis)
app.command(cls=QuietCommand)(edge)
