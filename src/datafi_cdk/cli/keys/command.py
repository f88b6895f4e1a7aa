"""The options of `datafi-cdk keys`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
)
from ..output import console, error_console, print_json, table
from ..secrets.algorithms import Algorithm

if TYPE_CHECKING:
    from .destination import Made

app = typer.Typer(
    help="Make the keys that edge servers and coordinator need. No private value is shown.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

OutOption = Annotated[
    Path | None,
    typer.Option(
        "--out",
        "-o",
        metavar="FILE",
        help="The shell file to add to; only you can read it.",
        show_default="env.sh",
    ),
]
SecretOption = Annotated[
    str | None,
    typer.Option(
        "--to-secret",
        metavar="NAME_OR_ARN",
        help="A secret of Secrets Manager to write to in place of a file; made if it is not there.",
    ),
]
ShowOption = Annotated[
    bool, typer.Option("--show", help="Show the values, private ones too, in place of a file.")
]
AlgorithmOption = Annotated[
    Algorithm, typer.Option("--algorithm", help="How tokens are signed: RSA 2048 or ECDSA P-256.")
]


@app.command("make")
@command
def make(
    config: ConfigOption = DEFAULT_CONFIG,
    out: Annotated[
        Path,
        typer.Option("--out", "-o", metavar="FILE", help="The shell file to make, or to add to."),
    ] = Path("env.sh"),
    algorithm: AlgorithmOption = Algorithm.RS256,
    json: JsonOption = False,
) -> None:
    """Make everything that datafi.yaml needs and the file does not have yet.

    Signing keys are made; at a terminal, the Redis, the registry's credentials and the output of
    each edge server's image are asked for. Then run: datafi-cdk secrets import --env-file env.sh

    Ends with 3 while something is missing.
    """
    import sys

    from ..secrets.draft import read_draft
    from .everything import make_everything

    asks = sys.stdin.isatty() and not json
    rows = make_everything(read_draft(config), out, algorithm, asks=asks)
    missing = [row for row in rows if row["state"] == "missing"]
    if json:
        print_json({"file": str(out), "variables": rows})
    else:
        shown = table("variable", "for", "", "how")
        for row in rows:
            how = row["command"] if row["state"] == "missing" else ""
            shown.add_row(row["name"], row["server"] or "all", row["state"], escape(how))
        console().print(shown)
        if not missing:
            console().print(
                f"All is there. Next: datafi-cdk secrets import --env-file {escape(str(out))}"
            )
    if missing:
        raise typer.Exit(ANSWER_IS_NO)


@app.command()
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
    from .destination import Made

    if bool(to_secret) != bool(jwks_to_secret):
        raise typer.BadParameter(
            "give --to-secret for the coordinator together with --jwks-to-secret for edge servers,"
            " or neither"
        )
    keys = make_jwt_keys(algorithm)
    made = Made(
        {"CO_JWT_KEY": keys.key, "CO_JWT_KID": keys.kid, "JWT_JWKS": keys.jwks},
        [
            *((secret, {"JWT_JWKS": keys.jwks}) for secret in jwks_to_secret or ()),
            (to_secret, {"JWT_KEY": keys.key, "JWT_KID": keys.kid}),
        ],
        {"kid": keys.kid, "algorithm": algorithm.value},
    )
    _finish(made, out, (profile, region, local), show=show, json=json)


@app.command("update-secret")
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
    _finish(made, out, (profile, region, local), show=show, json=json)


@app.command()
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
    _finish(made, out, (profile, region, local), show=show, json=json)


@app.command()
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
    _finish(
        Made({name: value}, [(to_secret, {field: value})], about),
        out,
        (profile, region, local),
        show=show,
        json=json,
    )


def _finish(
    made: Made,
    out: Path | None,
    account: tuple[str | None, str | None, bool],
    *,
    show: bool,
    json: bool,
) -> None:
    from ..aws_access import AwsAccess
    from .destination import deliver, told

    profile, region, local = account
    aws = None
    if any(secret for secret, _ in made.into):
        aws = AwsAccess(profile=profile, region=region, local=local)
    result = deliver(made, out=out, show=show, aws=aws)
    if json:
        print_json(result)
        return
    for line in told(result):
        console().print(escape(line), soft_wrap=True)
