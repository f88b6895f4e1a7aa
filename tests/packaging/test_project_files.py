"""Rules for every committed file, and for the pins."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

# Split, so that this file keeps its own rule.
REGISTRIES = [
    host + domain
    for host, domain in [
        ("pypi.", "org"),
        ("pythonhosted.", "org"),
        ("npmjs.", "org"),
        ("npmjs.", "com"),
        ("yarnpkg.", "com"),
    ]
]


def _lines_with(pattern: re.Pattern[str], root: Path, project_files: list[str]) -> list[str]:
    return [
        f"{name}:{number}: {match.group()}"
        for name in project_files
        for number, line in enumerate((root / name).read_bytes().splitlines(), start=1)
        if (match := pattern.search(line.decode(errors="replace")))
    ]


def test_no_file_names_a_registry(root: Path, project_files: list[str]) -> None:
    """No committed file names the host of a package registry."""
    hosts = re.compile("|".join(map(re.escape, REGISTRIES)))
    assert _lines_with(hosts, root, project_files) == []


def test_no_file_names_a_local_path(root: Path, project_files: list[str]) -> None:
    """No committed file holds a path into this checkout or into somebody's home."""
    here = "|".join(re.escape(f"{place}/") for place in (root, Path.home()))
    paths = re.compile(rf"{here}|/(?:home|Users)/\w+/")
    assert _lines_with(paths, root, project_files) == []


def test_pins_cover_every_dependency(root: Path) -> None:
    """constraints/dev.txt pins, with hashes, a version that fits each requirement we state."""
    pyproject = tomllib.loads((root / "pyproject.toml").read_text())
    stated = [
        *pyproject["project"]["dependencies"],
        *(r for extra in pyproject["project"]["optional-dependencies"].values() for r in extra),
        *(r for group in pyproject["dependency-groups"].values() for r in group),
        *pyproject["build-system"]["requires"],
    ]
    text = (root / "constraints/dev.txt").read_text()
    pin_with_hash = r"^([\w.-]+)(?:\[[\w,]+\])?==(\S+).*\\\n    --hash=sha256:"
    pins = dict(re.findall(pin_with_hash, text, re.MULTILINE))

    assert len(pins) == len(re.findall(r"^\w", text, re.MULTILINE))
    for requirement in map(Requirement, stated):
        pin = pins.get(canonicalize_name(requirement.name))
        assert pin is not None, f"{requirement.name} is not pinned"
        assert requirement.specifier.contains(pin), f"{requirement} is pinned to {pin}"
