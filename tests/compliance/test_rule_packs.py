"""The rules of cdk-nag: none is broken without a reason, and no reason stands for nothing."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from .apps import EXAMINE, EXAMPLES, HARDENED, Examined

pytestmark = pytest.mark.long

ALWAYS = {"AwsSolutions", "Serverless"}
ALL = ALWAYS | {"NIST.800.53.R5", "HIPAA.Security", "PCI.DSS.321"}
MOST_RULES = 10

every_app = pytest.mark.parametrize("app", [*EXAMPLES, *HARDENED], ids=lambda path: path.name)


def _rule(acknowledged_id: str) -> str:
    """The name of a rule, the same in every pack."""
    pack, _, rule = acknowledged_id.partition("::")
    return re.sub(r"\[.*\]$", "", rule, flags=re.DOTALL).removeprefix(f"{pack}-")


def test_every_example_has_its_like_hardened() -> None:
    """What an example deploys is looked at hardened, too."""
    by_constructs = {"hardened"}
    examples = {path.name for path in EXAMPLES}
    assert examples == {path.stem for path in HARDENED} | by_constructs


@every_app
def test_default_settings_break_no_rule(app: Path, examined: Callable[[Path], Examined]) -> None:
    """No unacknowledged error of AwsSolutions and Serverless."""
    assert examined(app).unacknowledged(ALWAYS) == []


@pytest.mark.parametrize(
    "app",
    [*HARDENED, *(path for path in EXAMPLES if path.name == "hardened")],
    ids=lambda path: path.name,
)
def test_hardened_breaks_no_rule(app: Path, examined: Callable[[Path], Examined]) -> None:
    """No unacknowledged error of NIST 800-53 r5, HIPAA and PCI DSS either."""
    assert examined(app).unacknowledged(ALL) == []


@every_app
def test_acknowledgements_match_findings(app: Path, examined: Callable[[Path], Examined]) -> None:
    """Nothing is acknowledged that is not found."""
    assert examined(app).unmatched() == []


@every_app
def test_acknowledgements_are_as_before(
    app: Path, examined: Callable[[Path], Examined], snapshot: SnapshotAssertion
) -> None:
    """What is acknowledged, where and why."""
    acknowledged = sorted(
        {f"{note.id} at {note.path}: {note.text}" for note in examined(app).acknowledged}
    )
    assert acknowledged == snapshot(extension_class=JSONSnapshotExtension)


def test_few_rules_are_acknowledged(examined: Callable[[Path], Examined]) -> None:
    """At most ten, whichever pack names them."""
    rules = {
        _rule(note.id) for app in (*EXAMPLES, *HARDENED) for note in examined(app).acknowledged
    }
    assert len(rules) <= MOST_RULES, sorted(rules)


@pytest.mark.parametrize(
    ("app", "packs"), [(EXAMPLES[-1], ALWAYS), (HARDENED[-1], ALL)], ids=["default", "hardened"]
)
def test_passes_as_users_run_it(app: Path, packs: set[str], tmp_path: Path) -> None:
    """cdk-nag itself takes the acknowledgements as they are read here."""
    command = [sys.executable, str(EXAMINE), str(app), str(tmp_path / "cdk.out"), *sorted(packs)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
