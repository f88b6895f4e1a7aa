"""The docstrings of what is public leave nothing out."""

from __future__ import annotations

from pathlib import Path

import griffe
import pytest
from docstring_gaps import gaps
from public_objects import load, public_modules
from raised_errors import RaisedErrors

LIBRARY = load()
MODULES = public_modules(LIBRARY)
FAMILY = "errors.DatafiError"


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.path)
def test_packages_say_what_is_public(module: griffe.Module) -> None:
    """Each has an `__all__`, of which each name is there; so all others are not public."""
    assert module.exports
    assert {str(name) for name in module.exports} <= module.members.keys()


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.path)
def test_nothing_is_left_out(module: griffe.Module) -> None:
    """Every public name says what it is, takes and raises; classes and functions have examples."""
    assert gaps(module, RaisedErrors(LIBRARY, FAMILY)) == []


SLOPPY = '''
from .errors import DatafiError
from .helpers import refuse
from typing import TypedDict, Unpack

__all__ = ["Sloppy", "UNSAID", "careful", "careless"]

UNSAID = 1


class Keywords(TypedDict):
    size: int


class Sloppy:
    """A class.

    Args:
        said: What is said. Default: nothing.
        gone: Is no argument any more.
        options: What `Keywords` say.
    """

    def __init__(self, said: str = "", unsaid: int = 0, **options: Unpack[Keywords]) -> None:
        self.made = said
        refuse(unsaid)

    def undocumented(self) -> None: ...

    @property
    def raising(self) -> int:
        """A property."""
        raise DatafiError("never")

    def calling(self) -> int:
        """Calls one that raises."""
        return self.raising

    def catching(self) -> int:
        """Calls it, too, and lets nothing out."""
        try:
            return self.raising
        except DatafiError:
            return 0


def careless(value: int = 1) -> None:
    """A function.

    Args:
        value: A number.
    """


def careful(value: int = 1) -> None:
    """Does all that it says.

    Args:
        value: A number. Default: 1.

    Raises:
        DatafiError: The number is 2.

    Example:
        >>> careful()
    """
    refuse(value)
'''
HELPERS = """
from .errors import InvalidInputError


def refuse(value):
    if value == 2:
        raise InvalidInputError("2")
"""
PLANTED = [
    "Keywords has no docstring",
    "Keywords.size has no docstring",
    "UNSAID has no docstring",
    "careless does not tell the default of value",
    "careless has no example",
    "Sloppy describes gone, which is no argument",
    "Sloppy does not describe unsaid",
    "Sloppy does not say that it raises InvalidInputError",
    "Sloppy has no example",
    "Sloppy.calling does not say that it raises DatafiError",
    "Sloppy.made has no docstring",
    "Sloppy.raising does not say that it raises DatafiError",
    "Sloppy.undocumented has no docstring",
]


def test_gaps_are_found(tmp_path: Path) -> None:
    """Each kind of gap in a careless package is found, and nothing in what is documented."""
    package = tmp_path / "sloppy"
    package.mkdir()
    (package / "__init__.py").write_text(SLOPPY)
    (package / "helpers.py").write_text(HELPERS)
    (package / "errors.py").write_text(
        "class DatafiError(Exception): ...\nclass InvalidInputError(DatafiError): ...\n"
    )
    sloppy = load("sloppy", tmp_path)
    assert sorted(gaps(sloppy, RaisedErrors(sloppy, FAMILY))) == sorted(PLANTED)
