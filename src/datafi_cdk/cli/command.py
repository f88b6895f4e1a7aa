"""What every subcommand has: `--debug`, one sentence for an error, exit codes, signals."""

from __future__ import annotations

import errno
import functools
import inspect
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Annotated, Any, get_args

import typer
from rich.markup import escape

from ..errors import DatafiError
from .aws_errors import aws_error_sentence
from .output import error_console

FAILED = 1
"""Exit code of a command that could not do what it was asked to."""

ANSWER_IS_NO = 3
"""Exit code of a command that did its work, and found that not all is well."""

_INTERRUPTED = 128

_DEBUG = inspect.Parameter(
    "debug",
    inspect.Parameter.KEYWORD_ONLY,
    default=False,
    annotation=Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")],
)


def command(function: Callable[..., None]) -> Callable[..., None]:
    """Make a function a subcommand: what goes wrong in it is told in one sentence.

    Args:
        function: The function, with the options as `typer` takes them.

    Returns:
        The same with the option `--debug`, which lets a traceback through.

    Example:
        ```python
        @app.command()
        @command
        def check(config: ConfigOption = Path("datafi.yaml")) -> None: ...
        ```
    """
    signature = inspect.signature(function, eval_str=True)

    @functools.wraps(function)
    def run(*arguments: Any, debug: bool, **options: Any) -> None:
        with _signals_interrupt(), _errors_told(debug):
            function(*arguments, **options)

    parameters = [*signature.parameters.values(), _DEBUG]
    for parameter in parameters:
        _show_no_type_of_flag(parameter.annotation)
    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def _show_no_type_of_flag(annotation: Any) -> None:
    """Keep the help from showing `<bool>` after an option that takes no value."""
    match get_args(annotation):
        case (kind, option) if kind is bool and option.metavar is None:
            option.metavar = ""


@contextmanager
def _errors_told(debug: bool) -> Iterator[None]:
    try:
        yield
    except (typer.Exit, typer.BadParameter):
        raise
    except typer.Abort:
        tell_error("interrupted; nothing is left running")
        raise typer.Exit(_INTERRUPTED + signal.SIGINT) from None
    except KeyboardInterrupt as interrupt:
        tell_error("interrupted")
        number = interrupt.args[0] if interrupt.args else signal.SIGINT
        raise typer.Exit(_INTERRUPTED + number) from None
    except BrokenPipeError:
        # Whoever read the output has seen enough. Nothing may be written at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(_INTERRUPTED + getattr(signal, "SIGPIPE", 13)) from None
    except Exception as error:
        if debug:
            raise
        tell_error(_sentence(error))
        raise typer.Exit(FAILED) from None


def _sentence(error: Exception) -> str:
    if isinstance(error, DatafiError):
        return str(error)
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}; check the path and its permissions"
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return f"{error.strerror}; check where the output goes"
    # The words of an unforeseen error may hold what is secret.
    return aws_error_sentence(error) or (
        f"unforeseen {type(error).__name__}, a fault of this command;"
        " run it again with --debug and report what it shows"
    )


def tell_error(message: str) -> None:
    """Say on standard error what went wrong.

    Args:
        message: One sentence: offender, value, what is allowed, what to do.
    """
    error_console().print(f"[bold red]error:[/] {escape(message)}", soft_wrap=True)


@contextmanager
def _signals_interrupt() -> Iterator[None]:
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
