"""The subcommands of `datafi-cdk`."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from ..errors import DatafiError
from .demo import run_demo

_INTERRUPTED = 130

app = typer.Typer(
    help="Run the Datafi data plane in your own AWS account.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


@app.callback()
def _command() -> None:
    """Keep `demo` a subcommand while it is the only one."""


@app.command()
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
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Deploy, try, update and destroy the quickstart on an embedded AWS.

    Needs no AWS account, no Docker and no Node.js of the machine's own; the first run fetches the
    cdk command with npm. Ends with an error if any step does not do what it must.
    """
    console = Console(highlight=False)
    try:
        run_demo(console, port=port)
    except KeyboardInterrupt:
        _fail("interrupted; the embedded AWS is stopped and nothing is left running")
        raise typer.Exit(_INTERRUPTED) from None
    except DatafiError as error:
        if debug:
            raise
        _fail(str(error))
        raise typer.Exit(1) from None


def _fail(message: str) -> None:
    Console(stderr=True, highlight=False).print(f"[bold red]error:[/] {message}", soft_wrap=True)
