"""The generated files are what `.projenrc.py` generates, and nothing else."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def _changed_by_projen(checkout: Path) -> set[str]:
    """Run `.projenrc.py` and name every file that it created, changed or deleted."""
    before = _contents(checkout)
    subprocess.run([sys.executable, ".projenrc.py"], cwd=checkout, check=True)
    after = _contents(checkout)
    return {name for name in before | after if before.get(name) != after.get(name)}


def test_generating_again_changes_nothing(copy_checkout: Callable[[], Path]) -> None:
    """`.projenrc.py` creates, changes and deletes no file of an up-to-date checkout."""
    assert _changed_by_projen(copy_checkout()) == set()


def test_hand_edits_are_found(copy_checkout: Callable[[], Path]) -> None:
    """An edit of a generated file, and one that was deleted, show up as changes."""
    checkout = copy_checkout()
    pyproject = checkout / "pyproject.toml"
    pyproject.chmod(0o644)
    pyproject.write_text(pyproject.read_text() + "\n[tool.edited]\n")
    (checkout / ".github/workflows/ci.yml").unlink()

    assert _changed_by_projen(checkout) == {"pyproject.toml", ".github/workflows/ci.yml"}
