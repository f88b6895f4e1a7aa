"""What holds data is kept in every example, and deleted where the example says so."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = sorted(path.parent.name for path in EXAMPLES.glob("*/app.py"))
HOLDS_DATA = {
    "AWS::KMS::Key",
    "AWS::Logs::LogGroup",
    "AWS::Route53::HostedZone",
    "AWS::S3::Bucket",
    "AWS::SQS::Queue",
    "AWS::SSM::Parameter",
    "AWS::SecretsManager::Secret",
}
VERSIONS = re.compile(r"-versions$")
TRIAL = re.compile(r"(RemovalPolicy\.)DESTROY|(allow_delete_resources(?:: |=))[Tt]rue")


def templates(assembly: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every template by the name of its stack."""
    for path in assembly.glob("**/*.template.json"):
        yield path.name.removesuffix(".template.json"), json.loads(path.read_text(encoding="utf-8"))


def policies(assembly: Path) -> dict[str, tuple[str | None, str | None]]:
    """Both policies of what holds data, but for versions, which go with their servers."""
    return {
        f"{stack} {name}": (resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy"))
        for stack, template in templates(assembly)
        if not VERSIONS.search(stack)
        for name, resource in template["Resources"].items()
        if resource["Type"] in HOLDS_DATA
    }


@pytest.fixture
def lasting(tmp_path: Path) -> Callable[[str], Path]:
    """Synthesizes an example without what makes it a trial, so with the library's defaults."""

    def synthesize(example: str) -> Path:
        folder = tmp_path / example
        shutil.copytree(EXAMPLES / example, folder)
        found = 0
        for path in (*folder.glob("*.py"), *folder.glob("*.yaml")):
            text, count = TRIAL.subn(_as_by_default, path.read_text(encoding="utf-8"))
            path.write_text(text, encoding="utf-8")
            found += count
        assert found, f"{example} is no trial"
        assembly = tmp_path / "cdk.out"
        subprocess.run(
            [sys.executable, "app.py"],
            cwd=folder,
            env={**os.environ, "CDK_OUTDIR": str(assembly), "CDK_VALIDATION": "false"},
            check=True,
        )
        return assembly

    return synthesize


def _as_by_default(match: re.Match[str]) -> str:
    return f"{match[1]}RETAIN" if match[1] else f"{match[2]}{'F' if '=' in match[2] else 'f'}alse"


@pytest.mark.parametrize("example", NAMES)
def test_data_is_kept_by_default(example: str, lasting: Callable[[str], Path]) -> None:
    """Also what is replaced, and of every kind."""
    found = policies(lasting(example))
    assert found
    assert {name: kept for name, kept in found.items() if kept != ("Retain", "Retain")} == {}


@pytest.mark.parametrize("example", NAMES)
def test_a_trial_deletes_its_data(example: str, synthesized: Callable[[str], Path]) -> None:
    """Nothing is left of what is deployed to be looked at."""
    found = policies(synthesized(example))
    assert found
    assert {name: kept for name, kept in found.items() if kept != ("Delete", "Delete")} == {}


def test_versions_go_with_their_servers(synthesized: Callable[[str], Path]) -> None:
    """A kept parameter's fixed name would keep the stack from being deployed anew."""
    found = {
        stack: resource
        for stack, template in templates(synthesized("quickstart"))
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::SSM::Parameter"
    }
    assert [bool(VERSIONS.search(stack)) for stack in found] == [True]
    assert "DeletionPolicy" not in next(iter(found.values()))
