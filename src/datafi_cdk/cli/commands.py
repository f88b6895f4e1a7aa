"""The subcommands of `datafi-cdk`."""

from __future__ import annotations

from typing import Annotated

import typer

from . import local_commands
from .check.command import check
from .command import command
from .cost.command import cost
from .init import init
from .keys.command import app as keys_app
from .output import console
from .secrets.command import app as secrets_app
from .update_commands import rollback, status, update

app = typer.Typer(
    help="Run the Datafi data plane in your own AWS account.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)

app.command()(command(init))
for each in (status, update, rollback):
    app.command()(command(each))
app.add_typer(local_commands.app, name="local")
app.add_typer(keys_app, name="keys")
app.add_typer(secrets_app, name="secrets")

app.command()(command(check))


@app.command()
@command
def demo(
    port: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=65535,
            help="Loopback port of the embedded AWS.",
            show_default="a free one",
        ),
    ] = None,
) -> None:
    """Deploy, try, update and destroy the quickstart on an embedded AWS.

    Needs no AWS account, no Docker and no Node.js of the machine's own; the first run fetches the
    cdk command with npm. Ends with an error if any step does not do what it must.
    """
    from .demo import run_demo

    run_demo(console(), port=port)


app.command()(cost)
