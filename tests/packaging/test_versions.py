"""The version of what is built is the tag that it is built from."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest


def _git(checkout: Path, *arguments: str) -> None:
    who = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.com"]
    subprocess.run(["git", *who, *arguments], cwd=checkout, check=True, capture_output=True)


def _hatchling(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "hatchling", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def released(copy_checkout: Callable[[], Path]) -> Path:
    """A checkout of which the last commit has a tag."""
    checkout = copy_checkout()
    _git(checkout, "init", "--quiet")
    _git(checkout, "add", "--all")
    _git(checkout, "commit", "--quiet", "--message", "All")
    _git(checkout, "tag", "v3.1.4")
    return checkout


def test_the_tag_is_the_version(released: Path) -> None:
    """Without the `v`."""
    assert _hatchling(released, "version").strip() == "3.1.4"


def test_an_sdist_keeps_the_version(released: Path, tmp_path: Path) -> None:
    """What is built from it, where there is no git, has the version of its tag."""
    _hatchling(released, "build", "--target", "sdist", "--directory", str(tmp_path))
    (sdist,) = tmp_path.glob("*.tar.gz")
    shutil.unpack_archive(sdist, tmp_path)
    assert _hatchling(tmp_path / "datafi_cdk-3.1.4", "version").strip() == "3.1.4"


def test_after_a_tag_comes_the_development_of_the_next(released: Path, tmp_path: Path) -> None:
    """It is newer than the tag, and no release."""
    checkout = tmp_path / "checkout"
    _git(released, "clone", "--quiet", ".", str(checkout))
    _git(checkout, "commit", "--quiet", "--allow-empty", "--message", "More")
    assert _hatchling(checkout, "version").strip() == "3.1.5.dev1"


def test_without_tags_it_builds_as_development(released: Path, tmp_path: Path) -> None:
    """As from a fresh clone of a project that has released nothing, or a shallow one."""
    checkout = tmp_path / "checkout"
    _git(released, "clone", "--quiet", "--no-tags", ".", str(checkout))
    assert _hatchling(checkout, "version").strip() == "0.0.1.dev1"


def test_without_git_it_builds(copy_checkout: Callable[[], Path]) -> None:
    """A copy of the files knows no version, and is built all the same."""
    assert _hatchling(copy_checkout(), "version").strip() == "0.0.0"
