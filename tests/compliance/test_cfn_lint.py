"""cfn-lint finds no error and no warning in a template of the examples, by default and hardened."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .apps import EXAMPLES, HARDENED, Examined

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
CFN_LINT = str(Path(sys.executable).parent / "cfn-lint")


@pytest.mark.parametrize("app", [*EXAMPLES, *HARDENED], ids=lambda path: path.name)
def test_templates_are_without_fault(app: Path, examined: Callable[[Path], Examined]) -> None:
    """Nothing is found, but for what `.cfnlintrc.yaml` gives reasons for."""
    templates = sorted(map(str, examined(app).assembly.glob("**/*.template.json")))
    assert templates
    command = [CFN_LINT, "--regions", "us-east-1", "--template", *templates]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_finds_faults(tmp_path: Path) -> None:
    """A template that is wrong is told."""
    template = tmp_path / "wrong.template.json"
    template.write_text('{"Resources": {"Bucket": {"Type": "AWS::S3::Buckett"}}}')
    command = [CFN_LINT, "--template", str(template)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "AWS::S3::Buckett" in done.stdout
