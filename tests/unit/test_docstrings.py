"""The docstrings of what is public leave nothing out."""

from __future__ import annotations

from pathlib import Path

import datafi_cdk
import griffe
import pytest
from docstring_gaps import gaps
from raised_errors import RaisedErrors

PACKAGE = Path(datafi_cdk.__file__).parent


def load(name: str, folder: Path) -> tuple[griffe.Module, RaisedErrors]:
    """A package as griffe reads it, and what its functions raise."""
    package = griffe.load(name, search_paths=[folder], resolve_aliases=True)
    assert isinstance(package, griffe.Module)
    return package, RaisedErrors(package, "errors.DatafiError")


LIBRARY, ERRORS = load("datafi_cdk", PACKAGE.parent)
SUBPACKAGES = [name for name, module in LIBRARY.modules.items() if module.is_subpackage]


@pytest.mark.parametrize("subpackage", SUBPACKAGES)
def test_subpackages_say_what_is_public(subpackage: str) -> None:
    """Each has an `__all__`, of which each name is there; so the others are not public."""
    module = LIBRARY[subpackage]
    assert module.exports
    assert {str(name) for name in module.exports} <= module.members.keys()


@pytest.mark.parametrize("module", ["", *SUBPACKAGES])
def test_nothing_is_left_out(module: str) -> None:
    """Every public name says what it is, takes and raises; classes and functions have examples."""
    assert gaps(LIBRARY[module] if module else LIBRARY, ERRORS) == []


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
    assert sorted(gaps(*load("sloppy", tmp_path))) == sorted(PLANTED)
