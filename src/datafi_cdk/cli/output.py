"""Where subcommands write: results to standard output, all else to standard error.

Neither has colours when it is no terminal, or when NO_COLOR is set (https://no-color.org).
"""

from __future__ import annotations

import json
import sys
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

_WIDTH_IN_PIPE = 200


def console() -> Console:
    """Standard output, for results."""
    return _console()


def error_console() -> Console:
    """Standard error, for progress, questions and errors."""
    return _console(stderr=True)


def print_json(data: Any) -> None:
    """Write a result as one JSON document, and nothing else, to standard output.

    Args:
        data: Dictionaries, lists, strings, numbers and `None`.
    """
    sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False) + "\n")


def table(*columns: str, title: str | None = None) -> Table:
    """An empty table in the look of all of them.

    Args:
        *columns: Their headings.
        title: What stands above it. Default: nothing.
    """
    made = Table(
        title=f"\n{title}" if title else None,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Let it be told as for all other output, in place of an exit code of rich's own."""
        raise BrokenPipeError


def _console(*, stderr: bool = False) -> Console:
    # Of an ARN, ":secret:" is the name of an emoji.
    made = _Console(stderr=stderr, highlight=False, emoji=False)
    if not made.is_terminal and "COLUMNS" not in made._environ:
        made.width = _WIDTH_IN_PIPE
    return made
