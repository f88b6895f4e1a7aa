"""Reads a YAML file so that a fault can name its line."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml.composer import ComposerError
from ruamel.yaml.constructor import ConstructorError
from ruamel.yaml.error import MarkedYAMLError, StringMark, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError
from ruamel.yaml.scanner import ScannerError

from .config_yaml import MOST_LEVELS, TooDeepError, new_yaml
from .errors import Fault, InvalidInputError

_PLAIN_PLACE = re.compile(r"[A-Za-z0-9_.\[\]-]+")
_LAST_KEY = re.compile(r"(\.?[^.\[\]]+|\[[0-9]+\])$")
_MOST_KEYS = 100_000
"""How many keys and entries a file may have, each alias counted as what it stands for."""
_MOST_BYTES = 256 * 1024
"""How long a file may be: room for many more servers than a stack has, and read within seconds."""
_TOO_DEEP = f"lists and mappings in each other on more than {MOST_LEVELS} levels"


@dataclass(frozen=True)
class YamlDocument:
    """The data of a YAML file, and the line of each key.

    Args:
        path: The file.
        data: Its contents.
        lines: Path of keys (`dns.root_domain`, `edge_servers.long_running[0]`) to line, from 1.
        duplicates: A fault for each key that stands where one of its name stands already.
    """

    path: Path
    data: Any
    lines: dict[str, int]
    duplicates: tuple[Fault, ...]

    def with_lines(self, faults: Iterable[Fault]) -> list[Fault]:
        """The faults with the file and the line before their place, in the order of the file."""
        placed = sorted(((self._line(fault.place), fault) for fault in faults), key=lambda p: p[0])
        return [
            dataclasses.replace(fault, place=f"{self.path}:{line}: {fault.place}")
            for line, fault in placed
        ]

    def _line(self, place: str) -> int:
        """The line of a place, or of the nearest key around it."""
        while place and place not in self.lines:
            place = _LAST_KEY.sub("", place)
        return self.lines.get(place, 1)


def read_yaml(path: Path) -> YamlDocument:
    """Read one YAML document.

    Args:
        path: The file.

    Raises:
        InvalidInputError: There is no such file, it cannot be read, or it is no YAML 1.2.
    """
    text = _text(path)
    yaml = new_yaml()
    try:
        root = yaml.compose(text)
        lines = list(_lines(root, path)) if root else []
        data = yaml.load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{path}:{mark.line + 1}" if mark else str(path)
        raise _refusal(place, "YAML", _problem(error), "correct the line") from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        given = "a control character"
        raise _refusal(f"{path}:{line}", "YAML", given, "remove the character") from None
    except YAMLError as error:
        raise _refusal(path, "YAML", type(error).__name__, "correct the file") from None
    return YamlDocument(path, data, dict(lines), tuple(_duplicates(lines)))


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        raise _refusal(path, "an existing file", "nothing", "check the path") from None
    except OSError as error:
        given = type(error).__name__
        raise _refusal(path, "a readable file", given, "check the path") from None
    except ValueError:
        raise _refusal("path", "one that a file can have", repr(str(path)), "check it") from None
    if len(content) > _MOST_BYTES:
        allowed = f"at most {_MOST_BYTES} bytes long"
        raise _refusal(path, allowed, "more", "name the configuration, or make it shorter")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        given = "bytes of another encoding"
        raise _refusal(f"{path}:{line}", "in UTF-8", given, "save the file as UTF-8") from None


def _duplicates(lines: Iterable[tuple[str, int]]) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for place, line in lines:
        if place in first:
            shown = place if _PLAIN_PLACE.fullmatch(place) else _LAST_KEY.sub("", place)
            given = f"another one of its name in line {first[place]}"
            yield Fault(shown or "the file", "the only key of its name", given, "remove one")
        first.setdefault(place, line)


def _problem(error: MarkedYAMLError) -> str:
    """What is wrong with a line, without its text, which may be secret."""
    if isinstance(error, ScannerError):
        return str(error.problem)
    if isinstance(error, TooDeepError):
        return _TOO_DEEP
    if isinstance(error, ComposerError) and error.context is None:
        return "an alias without its anchor"
    if isinstance(error, ConstructorError):
        return "a tag or value that is not known"
    return "something that cannot stand there"


def _refusal(place: Path | str, allowed: str, given: str, remedy: str) -> InvalidInputError:
    return InvalidInputError([Fault(str(place), allowed, given, remedy)])


def _lines(root: Node, path: Path) -> Iterator[tuple[str, int]]:
    """The line of each key, also of those that an alias stands for, unless these are too many."""
    for count, (place, line) in enumerate(_lines_inside(root, "", path, ()), start=1):
        if count > _MOST_KEYS:
            allowed = f"YAML of at most {_MOST_KEYS} keys and entries, with those of aliases"
            raise _refusal(f"{path}:{line}", allowed, "more", "use fewer aliases")
        yield place, line


def _lines_inside(
    node: Node, place: str, path: Path, ancestors: tuple[Node, ...]
) -> Iterator[tuple[str, int]]:
    if len(ancestors) > MOST_LEVELS:
        where = f"{path}:{node.start_mark.line + 1}"
        raise _refusal(where, "YAML", _TOO_DEEP, "use fewer aliases")
    for key, mark, value in _entries(node, path):
        inside = (
            f"{place}{key}" if isinstance(node, SequenceNode) or not place else f"{place}.{key}"
        )
        if value is node or value in ancestors:
            given = "an alias of what it stands in"
            where = f"{path}:{mark.line + 1}"
            raise _refusal(where, "YAML without recursion", given, "write it out")
        yield inside, mark.line + 1
        yield from _lines_inside(value, inside, path, (*ancestors, node))


def _entries(node: Node, path: Path) -> Iterator[tuple[str, StringMark, Node]]:
    if isinstance(node, MappingNode):
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                where = f"{path}:{key.start_mark.line + 1}"
                allowed = "a mapping whose keys are strings"
                raise _refusal(where, allowed, "another key", "put it in quotes")
            yield key.value, key.start_mark, value
    elif isinstance(node, SequenceNode):
        for index, entry in enumerate(node.value):
            yield f"[{index}]", entry.start_mark, entry
