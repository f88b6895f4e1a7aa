"""Rules for every committed file, and for the pins."""

import re
import tomllib
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from ruamel.yaml import YAML

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


PIN_WITH_HASH = re.compile(
    r"^([\w.-]+)(?:\[[\w,-]+\])?==(\S+).*\\\n    --hash=sha256:", re.MULTILINE
)


@pytest.mark.parametrize("pins_of", ["dev", "runtime", "scan", "audit", "docs", "publish", "index"])
def test_pins_cover_every_dependency(root: Path, pins_of: str) -> None:
    """Each constraints file pins, with hashes, a version that fits each requirement we state."""
    pyproject = tomllib.loads((root / "pyproject.toml").read_text())
    project = pyproject["project"]
    groups = pyproject["dependency-groups"]
    needed = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    stated = {
        "dev": [*needed, *groups["dev"], *pyproject["build-system"]["requires"]],
        "runtime": needed,
    }.get(pins_of) or groups[pins_of]
    text = (root / f"constraints/{pins_of}.txt").read_text()
    pins = dict(PIN_WITH_HASH.findall(text))

    assert len(PIN_WITH_HASH.findall(text)) == len(re.findall(r"^\w", text, re.MULTILINE))
    for requirement in map(Requirement, stated):
        pin = pins.get(canonicalize_name(requirement.name))
        assert pin is not None, f"{requirement.name} is not pinned"
        assert requirement.specifier.contains(pin), f"{requirement} is pinned to {pin}"


def test_every_group_has_pins(root: Path) -> None:
    """No group of tools is installed without hashes."""
    groups = tomllib.loads((root / "pyproject.toml").read_text())["dependency-groups"]
    assert set(groups) <= {path.stem for path in (root / "constraints").glob("*.txt")}


def test_workflows_pin_actions_and_permissions(root: Path) -> None:
    """Every action is named by its commit, and no workflow may write but where a job says so."""
    workflows = sorted((root / ".github/workflows").glob("*.yml"))
    assert [path.stem for path in workflows] == ["audit", "ci", "pages", "release"]
    for path in workflows:
        workflow = YAML(typ="safe").load(path)
        assert workflow["permissions"] == {"contents": "read"}
        for name, job in workflow["jobs"].items():
            writes = {key for key, value in job.get("permissions", {}).items() if value == "write"}
            allowed = {
                "publish": {"id-token"},
                "github": {"contents"},
                "pages": {"pages", "id-token"},
            }
            assert writes == allowed.get(name, set())
            for step in job["steps"]:
                if "uses" in step:
                    assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", step["uses"])
                if step.get("uses", "").startswith("actions/checkout"):
                    assert step["with"]["persist-credentials"] is False
