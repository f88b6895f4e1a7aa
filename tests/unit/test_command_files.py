"""Files that the command writes: whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from datafi_cdk.cli import files
from datafi_cdk.cli.files import create_file, replace_file, require_writable
from datafi_cdk.errors import CommandError


def test_a_replaced_file_keeps_its_permissions(tmp_path: Path) -> None:
    """The text is new, the mode is the old one unless another is asked for."""
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(0o640)
    replace_file(path, "new\n")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new\n", 0o640)
    replace_file(path, "newer", mode=0o600)
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """What a symbolic link points at is replaced, not the link."""
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old")
    link.symlink_to(target)
    replace_file(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_a_new_file_has_the_permissions_of_new_files(tmp_path: Path) -> None:
    """As the process' umask says, or as asked for."""
    before = os.umask(0o027)
    try:
        replace_file(tmp_path / "a", "x")
        create_file(tmp_path / "b", "x")
        create_file(tmp_path / "c", "x", mode=0o600)
    finally:
        os.umask(before)
    modes = [(tmp_path / name).stat().st_mode & 0o777 for name in "abc"]
    assert modes == [0o640, 0o640, 0o600]


def test_refuses_to_create_what_is_there(tmp_path: Path) -> None:
    """The file stays as it was, and nothing lies beside it."""
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(CommandError, match="is there already and is not overwritten"):
        create_file(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("write", [replace_file, create_file])
def test_a_failure_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: object
) -> None:
    """When the disk is full, what was there is there, and nothing lies beside it."""

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(OSError, match="No space") as told:
        write(path, "new")  # type: ignore[operator]
    assert told.value.filename == str(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("write", [replace_file, create_file])
def test_an_error_names_the_file_that_was_asked_for(tmp_path: Path, write: object) -> None:
    """Not the one beside it, whose name nobody knows."""
    path = tmp_path / "nowhere" / "file"
    with pytest.raises(FileNotFoundError) as told:
        write(path, "new")  # type: ignore[operator]
    assert told.value.filename == str(path)


def test_refuses_a_file_of_a_folder_that_takes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link counts as what it points at."""
    folder = tmp_path / "closed"
    folder.mkdir()
    link = tmp_path / "link"
    link.symlink_to(folder / "file")
    require_writable(link)
    monkeypatch.setattr(files.os, "access", lambda place, _mode: place != folder)
    require_writable(tmp_path / "file")
    with pytest.raises(CommandError, match="nothing can be written to"):
        require_writable(link)
