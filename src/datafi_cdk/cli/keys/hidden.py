"""Takes a value that nobody may see: never from an argument, never shown."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from ...errors import CommandError


def read_hidden(what: str, file: Path | None) -> str:
    """Read a value from a file, from the keyboard without showing it, or from standard input.

    Args:
        what: What is asked for.
        file: The file that holds it. Default: the keyboard, or standard input if it is no terminal.

    Returns:
        The value without white space around it.

    Raises:
        CommandError: There is none.
        OSError: The file cannot be read.
    """
    try:
        text = _text(what, file)
    except UnicodeDecodeError:
        raise CommandError(f"{what} must be text in UTF-8; correct where it comes from") from None
    if not text.strip():
        place = file or "standard input"
        raise CommandError(f"{what} must be given, and {place} is empty; type it, or name a file")
    return text.strip()


def ask_hidden(what: str) -> str:
    """Ask for a value at the keyboard without showing it; empty if there is no answer."""
    answer: str = typer.prompt(what, default="", hide_input=True, show_default=False, err=True)
    return answer.strip()


def _text(what: str, file: Path | None) -> str:
    if file:
        return file.read_text(encoding="utf-8")
    return ask_hidden(what) if sys.stdin.isatty() else sys.stdin.read()
