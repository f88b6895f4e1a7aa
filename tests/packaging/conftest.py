"""What the packaging tests share: the project's files, and copies of them to work in."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def project_files(root: Path) -> list[str]:
    """Every file that is, or would be, committed; relative to the checkout, with `/`."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout
    return sorted(name for name in set(listed.split("\0")) if name and (root / name).is_file())


@pytest.fixture(scope="session")
def copy_checkout(
    root: Path, project_files: list[str], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], Path]:
    """Copies the project's files, and nothing else, to a new folder."""

    def copy() -> Path:
        target = tmp_path_factory.mktemp("checkout")
        for name in project_files:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, target / name)
        return target

    return copy
