"""Reads and extends a shell file of variables. It is parsed and never executed.

What it may hold is the part of the POSIX shell that only names values:
https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_02
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from ...errors import CommandError
from ..files import replace_file
from .locked import locked

MODE = 0o600
"""Only the user reads a file of secrets."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BLANK = " \t"
_OPERATORS = "|&()<>;"
_ESCAPED_IN_QUOTES = '$`"\\'


class _LineError(Exception):
    """What is wrong with a line, without its text."""


def read_env_file(path: Path) -> dict[str, str]:
    """Read the variables of a shell file.

    Args:
        path: The file.

    Returns:
        Name to value; of a name that is given twice, the last value, as a shell has it.

    Raises:
        CommandError: It is not there, not in UTF-8, or some of its lines do more than name values;
            one sentence for each of these lines, none with its text.
    """
    return parse_env(_text(path), str(path))


def add_to_env_file(path: Path, values: Mapping[str, str]) -> None:
    """Add variables to a shell file, which is made if it is not there, for its user alone.

    Args:
        path: The file.
        values: Name to value.

    Raises:
        CommandError: The file has one of the names already, or it cannot be read.
        OSError: It cannot be written.
    """
    with locked(path.parent):
        text = _text(path) if path.exists() else ""
        there = sorted(parse_env(text, str(path)).keys() & values.keys())
        if there:
            raise CommandError(
                f"{path} has {', '.join(there)} already, and no value is overwritten;"
                " take the lines out, or name another file with --out"
            )
        if text and not text.endswith("\n"):
            text += "\n"
        lines = as_lines(values)
        replace_file(path, text + lines, mode=MODE)


def as_lines(values: Mapping[str, str]) -> str:
    """Variables as the lines of a shell file."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in values.items())


def parse_env(text: str, place: str) -> dict[str, str]:
    """Read variables from the text of a shell file.

    Args:
        text: The text.
        place: What the file is called in errors.

    Raises:
        CommandError: As `read_env_file`.
    """
    parser = _Parser(text.replace("\r\n", "\n"))
    problems = []
    while not parser.at_end:
        line = parser.line
        try:
            parser.statement()
        except _LineError as error:
            problems.append(f"{place}:{line}: {error}")
            parser.skip_line()
    if problems:
        raise CommandError("\n".join(problems))
    return parser.values


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise CommandError(f"{path} is not there; check the path") from None
    except UnicodeDecodeError:
        raise CommandError(f"{path} must be in UTF-8; save it so") from None


class _Parser:
    """Goes through the text once; `statement` reads one line, or several that belong together."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self.values: dict[str, str] = {}

    @property
    def at_end(self) -> bool:
        return self._at >= len(self._text)

    @property
    def line(self) -> int:
        return self._text.count("\n", 0, self._at) + 1

    def skip_line(self) -> None:
        end = self._text.find("\n", self._at)
        self._at = len(self._text) if end < 0 else end + 1

    def statement(self) -> None:
        """Read a line: nothing, a comment, or assignments."""
        found: dict[str, str] = {}
        is_export = False
        while True:
            self._skip_blanks()
            if self._peek() in ("", "\n", "#"):
                break
            name = self._name()
            if name == "export" and not is_export and self._peek() in ("", "\n", *_BLANK):
                is_export = True
            elif self._peek() == "=":
                self._at += 1
                found[name] = self._word()
            elif is_export and self._peek() in ("", "\n", *_BLANK):
                continue
            else:
                raise _LineError("only NAME=value and export NAME=value are read; take it out")
        self.values |= found
        self.skip_line()

    def _peek(self, offset: int = 0) -> str:
        at = self._at + offset
        return self._text[at] if at < len(self._text) else ""

    def _skip_blanks(self) -> None:
        while True:
            if self._text.startswith("\\\n", self._at):
                self._at += 2
            elif self._peek() and self._peek() in _BLANK:
                self._at += 1
            else:
                return

    def _name(self) -> str:
        match = _NAME.match(self._text, self._at)
        if not match:
            raise _LineError("only NAME=value and export NAME=value are read; take it out")
        self._at = match.end()
        return match.group()

    def _word(self) -> str:
        """A value: parts in quotes and without, up to a blank."""
        parts: list[str] = []
        if self._peek() == "~":
            raise _LineError("~ is not expanded; write the value out, or in single quotes")
        while (character := self._peek()) and character not in (*_BLANK, "\n"):
            if character == "'":
                parts.append(self._single_quoted())
            elif character == '"':
                parts.append(self._double_quoted())
            elif character == "\\" and not self._peek(1):
                raise _LineError("nothing follows the backslash; take it out")
            elif character == "\\":
                parts.append("" if self._peek(1) == "\n" else self._peek(1))
                self._at += 2
            elif character in _OPERATORS:
                raise _LineError(
                    "commands are not executed; put a value with special characters"
                    " in single quotes"
                )
            else:
                parts.append(self._plain(character))
        return "".join(parts)

    def _single_quoted(self) -> str:
        end = self._text.find("'", self._at + 1)
        if end < 0:
            raise _LineError("a single quote is not closed; close it")
        inside = self._text[self._at + 1 : end]
        self._at = end + 1
        return inside

    def _double_quoted(self) -> str:
        parts: list[str] = []
        self._at += 1
        while (character := self._peek()) != '"':
            following = self._peek(1)
            if not character:
                raise _LineError("a double quote is not closed; close it")
            if character == "\\" and following == "\n":
                self._at += 2
            elif character == "\\" and following and following in _ESCAPED_IN_QUOTES:
                parts.append(following)
                self._at += 2
            else:
                parts.append(self._plain(character))
        self._at += 1
        return "".join(parts)

    def _plain(self, character: str) -> str:
        if character == "$":
            raise _LineError("$ is not expanded; write the value out, or in single quotes")
        if character == "`":
            raise _LineError("commands are not executed; write the value out")
        if character == "\0":
            raise _LineError("a null character stands there; take it out")
        self._at += 1
        return character
