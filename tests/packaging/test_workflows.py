"""What the workflows test and publish, read from the files that are committed."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML


@pytest.fixture(scope="module")
def jobs(root: Path) -> dict[str, Any]:
    """The jobs of all workflows, by workflow and name."""
    found = {}
    for path in (root / ".github/workflows").glob("*.yml"):
        found |= {
            f"{path.stem}/{name}": job for name, job in YAML(typ="safe").load(path)["jobs"].items()
        }
    return found


def _commands(job: dict[str, Any]) -> list[str]:
    return [line for step in job["steps"] for line in step.get("run", "").splitlines()]


def test_each_supported_python_runs_with_lowest_and_newest(
    root: Path, jobs: dict[str, Any]
) -> None:
    """Those that the package's classifiers name, each with both ends of what it requires."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    told = [re.search(r"Python :: (3\.\d+)$", each) for each in project["classifiers"]]
    matrix = jobs["ci/versions"]["strategy"]["matrix"]
    assert matrix["python"] == [each[1] for each in told if each]
    assert project["requires-python"] == f">={matrix['python'][0]}"
    assert matrix["cdk"] == ["lowest", "newest"]
    assert _commands(jobs["ci/versions"])[-1].endswith("projen ${{ matrix.cdk }} tests/unit")


def test_the_tasks_of_the_matrix_are_there(root: Path) -> None:
    """`lowest` takes our pins of the lowest versions, `newest` whatever is newest."""
    tasks = json.loads((root / ".projen/tasks.json").read_text())["tasks"]
    lowest, newest = (
        [step["exec"] for step in tasks[name]["steps"]] for name in ("lowest", "newest")
    )
    assert "--require-hashes" in lowest[0]
    assert "constraints/lowest.txt" in lowest[0]
    assert "--upgrade" in newest[0]
    assert "constraints" not in newest[0]
    assert lowest[1] == newest[1].replace("newest", "lowest")


def test_a_release_is_tested_built_and_compared_with_its_tag(jobs: dict[str, Any]) -> None:
    """In this order, from a checkout that knows the tags."""
    build = jobs["release/build"]
    assert build["steps"][0]["with"]["fetch-depth"] == 0
    commands = _commands(build)
    assert commands[0] == ".ci/run"
    assert [command.split()[-1] for command in commands[1:-1]] == ["build", ".ci/audit", ".ci/sbom"]
    assert "${GITHUB_REF_NAME#v}" in commands[-1]


def test_only_publishing_may_ask_for_a_token(jobs: dict[str, Any]) -> None:
    """Of packages, by a trusted publisher that attests them, and of the site."""
    publish = jobs["release/publish"]
    assert publish["needs"] == "build"
    assert publish["environment"] == "pypi"
    assert _commands(publish) == [".ci/publish"]
    assert publish["steps"][-1]["env"] == {"PYPI_TRUSTED_PUBLISHER": "true"}
    with_token = [name for name, job in jobs.items() if "id-token" in job.get("permissions", {})]
    assert sorted(with_token) == ["pages/pages", "release/publish"]
    assert jobs["pages/pages"]["environment"] == "github-pages"


def test_the_release_has_notes_and_a_bill_of_materials(jobs: dict[str, Any]) -> None:
    """They are written when the packages are published."""
    assert jobs["release/github"]["needs"] == "publish"
    (command,) = _commands(jobs["release/github"])
    assert "CHANGELOG.md dist/python/* dist/sbom.json" in command


def test_the_publisher_is_pinned_with_hashes(root: Path) -> None:
    """Publib and all that it needs from npm, whatever the registry."""
    lock = json.loads((root / ".ci/publib/package-lock.json").read_text())
    manifest = json.loads((root / ".ci/publib/package.json").read_text())
    own, *others = lock["packages"].values()
    assert own["dependencies"] == manifest["dependencies"] == {"publib": "0.2.1061"}
    assert all(each["integrity"].startswith("sha512-") for each in others)
    assert not any("resolved" in each for each in others)


def test_publishing_takes_nothing_that_is_not_pinned(root: Path) -> None:
    """What publib installs is there before it, and it is held to these versions."""
    script = (root / ".ci/publish").read_text()
    assert script.index("--require-hashes -r constraints/publish.txt") < script.index("publib-pypi")
    assert 'PIP_CONSTRAINT="$tools/pins.txt"' in script
    assert "npm ci " in script
    assert "npx" not in script
