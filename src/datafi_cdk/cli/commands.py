"""The subcommands of `datafi-cdk`."""

from __future__ import annotations

import typer

from . import local_commands
from .check.command import check
from .command import command
from .cost.command import cost
from .describe.command import describe
from .diagram.command import diagram
from .init import init
from .keys.command import app as keys_app
from .secrets.command import app as secrets_app
from .update_commands import rollback, status, update

app = typer.Typer(
    help="Run the Datafi data plane in your own AWS account.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)

app.command()(command(init))
app.add_typer(keys_app, name="keys")
app.add_typer(secrets_app, name="secrets")
for each in (check, describe, diagram, status, update, rollback, cost):
    app.command()(command(each))
app.add_typer(local_commands.app, name="local")
app.command()(command(local_commands.demo))
