"""Every block of code of every page works: it is run, or checked as far as that needs no AWS."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from datafi_cdk import DatafiEdgeConfig, DatafiEdgeStack
from aws_cdk import App
from datafi_cdk.cli.secrets.draft import read_draft
from ruamel.yaml import YAML

from .pages import PAGES, ROOT, Block, blocks
from .shell import console_faults, functions, shell_faults
from .surroundings import Surroundings, free_names, of_library

# What a fragment of a datafi.yaml leaves out.
_REST: dict[str, Any] = {
    "deployment_name": "acme",
    "dns": {"root_domain": "datafi-edge.example.com"},
    "edge_servers": {"long_running": [{"name": "es"}]},
}
_INSTRUCTIONS = frozenset(
    {"ARG", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "RUN", "USER", "WORKDIR"}
)


class Page:
    """The blocks of one page, which may build upon one another, and the folder they run in."""

    def __init__(self, folder: Path, synthesized: Callable[[str], Path]) -> None:
        self._folder = folder
        self._synthesized = synthesized
        self._names: dict[str, Any] = {}
        self._functions: set[str] = set()
        self._runners: Mapping[str, Callable[[Block], list[str]]] = {
            "console": lambda block: console_faults(block.text),
            "dockerfile": _dockerfile_faults,
            "json": lambda block: [] if json.loads(block.text) else ["it is empty"],
            "python": self._run_python,
            "sh": self._look_at_shell,
            "text": lambda block: [],
            "yaml": self._read_yaml,
        }

    def faults(self, markdown: str) -> list[str]:
        """What does not work on the page, each with its line.

        Args:
            markdown: The page.
        """
        found = blocks(markdown)
        shutil.copy(ROOT / "examples" / "quickstart" / "datafi.yaml", self._folder)
        for block in found:
            if block.file:
                path = self._folder / block.file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(block.text)
        faults = []
        for block in found:
            runner = self._runners.get(block.language)
            if runner is None:
                known = ", ".join(self._runners)
                faults.append(f"line {block.line}: {block.language!r} is none of {known}")
                continue
            try:
                faults += [f"line {block.line}: {fault}" for fault in runner(block)]
            except Exception as error:
                faults.append(f"line {block.line}: {type(error).__name__}: {error}")
        return faults

    def _look_at_shell(self, block: Block) -> list[str]:
        """Check a script, which may call functions of those before it."""
        faults = shell_faults(block.text, self._functions)
        self._functions |= functions(block.text)
        return faults

    def _run_python(self, block: Block) -> list[str]:
        """Run an app, a test, or a fragment of either."""
        if block.file and Path(block.file).name.startswith("test_"):
            return self._run_tests(block.file)
        if '"cdk.out"' in block.text:
            shutil.copytree(self._synthesized("quickstart"), self._folder / "cdk.out")
        around = Surroundings()
        names: dict[str, Any] = {"__name__": "__main__"}
        for name in free_names(block.text):
            if name in self._names:
                names[name] = self._names[name]
            elif name in around:
                names[name] = around[name]
            elif (known := of_library(name)) is not None:
                names[name] = known
        exec(compile("\n" * (block.line - 1) + block.text, "page", "exec"), names)  # noqa: S102
        apps = {id(each): each for each in names.values() if isinstance(each, App)}
        if around_app := around.app_if_made():
            apps[id(around_app)] = around_app
        else:
            self._names |= names
        for app in apps.values():
            shutil.rmtree(app.synth().directory)
        return []

    def _run_tests(self, file: str) -> list[str]:
        """Run a test file in the folder, where the files of the page are, as a user does."""
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", file],
            cwd=self._folder,
            env={**_environment(), "PYTHONPATH": str(self._folder)},
            capture_output=True,
            text=True,
        )
        return [done.stdout + done.stderr] if done.returncode else []

    def _read_yaml(self, block: Block) -> list[str]:
        """Make a stack of a datafi.yaml, or of a fragment with what it leaves out.

        With the mark `draft`, ARNs of secrets may be missing, which the command puts in.
        """
        data = YAML(typ="safe").load(block.text)
        if block.file and Path(block.file).name != "datafi.yaml":
            return []
        path = self._folder / "datafi.yaml"
        if block.mark == "draft":
            path.write_text(block.text)
            config = read_draft(path).config
        elif "deployment_name" in data:
            path.write_text(block.text)
            config = DatafiEdgeConfig.from_file(path)
        else:
            config = DatafiEdgeConfig.model_validate(_merged(_REST, data))
        DatafiEdgeStack(App(), "DatafiEdge", config=config)
        return []


def _environment() -> dict[str, str]:

    return {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}


def _merged(rest: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**rest, **given}
    for key in rest.keys() & given.keys():
        if isinstance(rest[key], Mapping) and isinstance(given[key], Mapping):
            merged[key] = _merged(rest[key], given[key])
    return merged


def _dockerfile_faults(block: Block) -> list[str]:
    lines = block.text.replace("\\\n", " ").splitlines()
    words = [line.split()[0] for line in lines if line.strip() and not line.startswith("#")]
    return [f"{word} is no instruction" for word in words if word not in _INSTRUCTIONS]


@pytest.fixture
def page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, synthesized: Callable[[str], Path]
) -> Page:
    """A page whose blocks run in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return Page(tmp_path, synthesized)


@pytest.mark.parametrize("name", PAGES)
def test_every_block_works(name: str, page: Page) -> None:
    """Python runs, configurations make a stack, commands and their options are there."""
    assert page.faults((ROOT / name).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("block", "told"),
    [
        ("```\ntext\n```\n", "'' is none of"),
        ("```perl\nprint\n```\n", "'perl' is none of"),
        ("1. item\n   ```sh\n   frobnicate\n   ```\n", "line 3: frobnicate: no program"),
        ("```sh\nfor\n```\n", "line 2: "),
        ("```sh\nf() {\n  frobnicate\n}\nf\n```\n", "frobnicate: no program"),
        ("```sh\ndatafi-cdk check --offlin\n```\n", "No such option: --offlin"),
        ("```sh\ntrue && datafi-cdk chekc\n```\n", "No such command 'chekc'"),
        ("```sh\nx=$(aws s3api list-bucket)\n```\n", "s3 has no operation list-bucket"),
        ("```sh\naws ec2 describe-vpcs --vpc-id vpc-1\n```\n", "no option --vpc-id"),
        ("```sh\nnpx aws-cdk@2.0.0 deploy\n```\n", "the package is aws-cdk@2"),
        ("```sh\nprojen bild\n```\n", "there is no task bild"),
        ("```sh\npip install 'datafi-cdk[ui]'\n```\n", "there is no extra ui"),
        ("```console\ndatafi-cdk check\n```\n", "no line begins with"),
        ("```json\n{,}\n```\n", "JSONDecodeError"),
        ("```dockerfile\nFORM scratch\n```\n", "FORM is no instruction"),
        ("```yaml\nhardend: true\n```\n", "hardend"),
        ("```yaml\ndeployment_name: acme\n```\n", "dns"),
        ('```python\nEdgeServer(self, "Es", name="es")\n```\n', "TypeError"),
        ('```python\nEdgeDns(self, "Dns", root_domain="no domain")\n```\n', "InvalidInputError"),
        ("```python\n# test_it.py\ndef test_it():\n    assert False\n```\n", "assert False"),
    ],
)
def test_finds_what_does_not_work(block: str, told: str, page: Page) -> None:
    """Each kind of block can fail."""
    (fault, *_) = page.faults(block)
    assert told in fault


def test_fragments_of_a_page_build_upon_one_another(page: Page) -> None:
    """A later block may use what an earlier one made."""
    first = "```python\nname = 'es'\n```\n\n```sh\nf() {\n  true\n}\n```\n"
    assert page.faults(f"{first}\n```python\nassert name == 'es'\n```\n\n```sh\nf x\n```\n") == []
