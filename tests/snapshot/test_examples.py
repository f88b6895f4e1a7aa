"""Each example's templates, whole: what a change of the library changes for its users."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

EXAMPLES = Path(__file__).parents[2] / "examples"
ASSET_HASH = re.compile(r"\b[0-9a-f]{64}\b")


def test_every_example_has_a_snapshot() -> None:
    """Every folder in `examples` is an app, and so is below."""
    folders = {path.name for path in EXAMPLES.iterdir() if path.is_dir()}
    assert folders == {path.parent.name for path in EXAMPLES.glob("*/app.py")}
    assert folders


@pytest.mark.parametrize("example", sorted(path.parent.name for path in EXAMPLES.glob("*/app.py")))
def test_templates_are_as_before(
    example: str, synthesized: Callable[[str], Path], snapshot: SnapshotAssertion
) -> None:
    """The example's templates are those of the snapshot, but for the code of the Lambdas."""
    templates: dict[str, Any] = {
        path.name.removesuffix(".template.json"): json.loads(
            ASSET_HASH.sub("asset-hash", path.read_text(encoding="utf-8"))
        )
        for path in synthesized(example).glob("**/*.template.json")
    }
    assert templates
    assert templates == snapshot(extension_class=JSONSnapshotExtension)
