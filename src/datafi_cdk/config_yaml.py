"""YAML 1.2 as a configuration is written in it: whatever is wrong with it has its line."""

from __future__ import annotations

from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer, ComposerError
from ruamel.yaml.constructor import ConstructorError, SafeConstructor
from ruamel.yaml.nodes import Node
from ruamel.yaml.scanner import Scanner, ScannerError

MOST_LEVELS = 100
"""How deep lists and mappings may stand in each other: far deeper than any key of the file."""

_WIDEST_NUMBER = 64


class TooDeepError(ComposerError):
    """Lists and mappings that stand in each other on too many levels."""


class _Composer(Composer):
    """Names the line of what stands too deep."""

    _levels = 0

    def compose_node(self, parent: Node | None, index: Any) -> Any:
        """Read a node and what is in it."""
        self._levels += 1
        if self._levels > MOST_LEVELS:
            raise TooDeepError(None, None, "too deep", self.parser.peek_event().start_mark)
        node = super().compose_node(parent, index)
        self._levels -= 1
        return node


class _Scanner(Scanner):
    """Names the line of an escape beyond Unicode."""

    def fetch_more_tokens(self) -> Any:
        """Read on."""
        try:
            return super().fetch_more_tokens()
        except (OverflowError, ValueError):
            problem = "an escape of no character"
            raise ScannerError(None, None, problem, self.reader.get_mark()) from None


class _Constructor(SafeConstructor):
    """Names the line of what cannot be converted. What looks like a date is a string."""

    def construct_object(self, node: Node, deep: bool = False) -> Any:
        """Convert a node."""
        try:
            value = super().construct_object(node, deep)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            raise ConstructorError(None, None, "no such value", node.start_mark) from None
        if isinstance(value, int) and value.bit_length() > _WIDEST_NUMBER:
            raise ConstructorError(None, None, "too long a number", node.start_mark)
        return value


_Constructor.add_constructor("tag:yaml.org,2002:timestamp", SafeConstructor.construct_yaml_str)


def new_yaml() -> YAML:
    """A reader that takes a key twice, so that its caller can tell of all of them."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Scanner = _Scanner
    yaml.Composer = _Composer
    yaml.Constructor = _Constructor
    yaml.allow_duplicate_keys = True
    return yaml
