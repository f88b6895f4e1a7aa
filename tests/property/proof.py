"""Synthesizes what was generated, and proves of it what must hold of everything."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import building
from building import Answer
from config_values import CANARY, REGION
from datafi_cdk.topology import find_problems, reachability, read_topology
from linting import Linter

_PLACES = (
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "ACR_PASSWORD",
    "CO_JWT_KEY",
    "CO_KEYVAL",
    "ES1_KEY",
    "ES1_UPDATE_API_SECRET",
    "DATAFI_KEY",
)
"""Variables of the terminal in which users keep secrets."""

_EXAMPLES_OF_A_PROCESS = 100
_SECONDS = 300
_WHOLE_EVERY = 25
"""One of how many templates is linted as a whole."""


class Proof:
    """Proves examples, and counts them.

    Args:
        kind: `configuration` or `composition`.
    """

    def __init__(self, kind: str) -> None:
        """Prepare the two processes, whose hashes differ; one has no checks of types by Python."""
        self._kind = kind
        self._linter = Linter(REGION)
        self._maker = Maker([], "0")
        self._other = Maker(["-O"], "4711")
        self.made: list[Any] = []
        self.refused: list[str] = []
        self.used: set[tuple[str, int]] = set()

    def close(self) -> None:
        """End the processes."""
        self._maker.close()
        self._other.close()

    def of(self, data: Any) -> bool:
        """Prove one example.

        Args:
            data: What was generated.

        Returns:
            Whether it was synthesized; if not it was refused, with an error of our own.

        Raises:
            AssertionError: It broke something that must hold of every example.
        """
        with folder() as first, folder() as second:
            answer = self._maker.ask(self._kind, data, first)
            self.used |= answer.used
            assert answer.kind != "failed", answer.text
            if answer.kind == "refused":
                self.refused.append(answer.text)
                assert CANARY not in answer.text, f"a secret's value in: {answer.text}"
                assert answer.text.strip(), "no sentence"
                return False
            self._other.send(self._kind, data, second)
            try:
                self._prove(first, answer)
            finally:
                again = self._other.receive()
            assert again.digest == answer.digest, f"made differently: {again.text}"
            self.made.append(data)
            return True

    def _prove(self, assembly: Path, answer: Answer) -> None:
        for name, template in templates_in(assembly).items():
            is_sample = len(self.made) % _WHOLE_EVERY == 0
            find = self._linter.whole if is_sample else self._linter.new_forms
            found = find(template)
            assert not found, "\n".join([name, *found])
        for path in assembly.rglob("*"):
            is_leak = path.is_file() and CANARY.encode() in path.read_bytes()
            assert not is_leak, f"a secret's value in {path.relative_to(assembly)}"
        topology = read_topology(assembly)
        reaches = reachability(topology)
        problems = find_problems(topology, reaches)
        assert not problems, "\n".join(map(str, problems))
        groups = topology.load_balancing.target_groups
        for host, takes_grpc in answer.hosts:
            ways = [way for way in reaches if way.name == host and way.target and way.open]
            protocols = {groups[way.target_group].version for way in ways}
            assert any(way.port in (443, None) for way in ways), f"no way to {host} at 443"
            assert not takes_grpc or "GRPC" in protocols, f"no gRPC at {host}: {protocols}"


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for a cloud assembly, which is deleted."""
    made = Path(tempfile.mkdtemp(prefix="datafi-property-"))
    try:
        yield made
    finally:
        shutil.rmtree(made)


def in_environment(setenv: Callable[[str, str], None]) -> None:
    """Put values of secrets where users keep them while they synthesize."""
    for variable in _PLACES:
        setenv(variable, CANARY)


def templates_in(assembly: Path) -> Mapping[str, Any]:
    """The templates of a cloud assembly by file."""
    return {
        path.name: json.loads(path.read_text())
        for path in sorted(assembly.rglob("*.template.json"))
    }


class Maker:
    """Processes that synthesize, one after the other, as each keeps all that it has ever made.

    Args:
        options: Those of Python.
        hash_seed: What the order of a set depends on.
    """

    def __init__(self, options: list[str], hash_seed: str) -> None:
        """Wait for the first example."""
        self._command = [sys.executable, *options, building.__file__]
        self._environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        self._process: subprocess.Popen[bytes] | None = None
        self._count = 0

    def ask(self, kind: str, data: Any, assembly: Path) -> Answer:
        """What becomes of an example."""
        self.send(kind, data, assembly)
        return self.receive()

    def send(self, kind: str, data: Any, assembly: Path) -> None:
        """Hand over an example."""
        if self._count >= _EXAMPLES_OF_A_PROCESS:
            self.close()
        if self._process is None:
            self._count = 0
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=self._environment,
            )
        assert self._process.stdin
        pickle.dump((kind, data, str(assembly)), self._process.stdin)
        self._process.stdin.flush()

    def receive(self) -> Answer:
        """What became of it."""
        assert self._process
        assert self._process.stdout
        timer = threading.Timer(_SECONDS, self._process.kill)
        timer.start()
        try:
            answer: Answer = pickle.load(self._process.stdout)  # noqa: S301 (from building.py)
        except EOFError:
            self.close()
            return Answer("failed", f"no answer within {_SECONDS} s, or the process ended")
        finally:
            timer.cancel()
        self._count += answer.kind == "made"
        return answer

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.communicate()
            self._process = None
