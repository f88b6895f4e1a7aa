"""Every change of what users may rely on shows as a difference in two text files."""

from __future__ import annotations

from pathlib import Path

import pytest
from datafi_cdk import DatafiEdgeConfig
from public_objects import load
from public_surface import sections, surface
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode


class Text(SingleFileSnapshotExtension):
    """A file of its own that reads as it is."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"


def test_the_public_names_are_those_of_the_snapshot(snapshot: SnapshotAssertion) -> None:
    """Names, signatures with types and defaults, bases, attributes and properties."""
    assert surface(load()) == snapshot(extension_class=Text)


def test_the_keys_of_the_file_are_those_of_the_snapshot(snapshot: SnapshotAssertion) -> None:
    """The fields of a `datafi.yaml`, with types and defaults."""
    assert sections(DatafiEdgeConfig) == snapshot(extension_class=Text)


SMALL = '''
__all__ = ["Box", "open_box"]

_SIZE = 3


class Box(Base):
    """A box."""

    lid: str

    def __init__(self, scope, *, size: int = _SIZE) -> None: ...

    @property
    def full(self) -> bool: ...

    def _hidden(self) -> None: ...


def open_box(box: Box, *, gently: bool = True) -> str: ...
'''
LINES = """small
  class Box(Base)
    argument scope: None
    argument size: int = 3 (keyword)
    attribute lid: str
    property full: bool
  function open_box(box: Box, gently: bool = True (keyword)) -> str
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("size: int", "size: float"),
        ("_SIZE = 3", "_SIZE = 4"),
        ("(Base)", "(Other)"),
        ("lid", "top"),
    ],
)
def test_changes_are_seen(old: str, new: str, tmp_path: Path) -> None:
    """Of a type, of a default that has a name, of a base and of an attribute."""
    package = tmp_path / "small"
    package.mkdir()
    (package / "__init__.py").write_text(SMALL)
    assert surface(load.__wrapped__("small", tmp_path)) == LINES
    (package / "__init__.py").write_text(SMALL.replace(old, new))
    assert surface(load.__wrapped__("small", tmp_path)) != LINES
