"""The subcommands of `datafi-cdk`."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from ..errors import DatafiError
from .demo import run_demo

app = typer.Typer(
    help="Run the Datafi data plane in your own AWS account.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
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
    try:
        with _ended_by_signals_alike():
            run_demo(Console(highlight=False), port=port)
    except KeyboardInterrupt as interrupt:
        _fail("interrupted; the embedded AWS is stopped and nothing is left running")
        number = interrupt.args[0] if interrupt.args else signal.SIGINT
        raise typer.Exit(128 + number) from None
    except DatafiError as error:
        if debug:
            raise
        _fail(str(error))
        raise typer.Exit(1) from None


@contextmanager
def _ended_by_signals_alike() -> Iterator[None]:
    """Let a closed terminal and a request to terminate clean up as ctrl-C does."""

    def interrupt(number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt(number)

    numbers = [getattr(signal, name, None) for name in ("SIGTERM", "SIGHUP")]
    before = {number: signal.signal(number, interrupt) for number in numbers if number}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _fail(message: str) -> None:
    console = Console(stderr=True, highlight=False)
    console.print(f"[bold red]error:[/] {escape(message)}", soft_wrap=True)
