"""What the README shows works as it stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from datafi_cdk import DatafiEdgeConfig, DatafiEdgeStack
from aws_cdk import App
from aws_cdk.assertions import Template

_README = Path(__file__).parents[2] / "README.md"


def _block(language: str) -> str:
    (block,) = re.findall(rf"^```{language}\n(.*?)^```$", _README.read_text(), re.DOTALL | re.M)
    return str(block)


def test_the_composition_synthesizes(tmp_path: Path) -> None:
    """The app that composes the constructs writes a template with both services."""
    environment = {**os.environ, "CDK_OUTDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", _block("python")], env=environment, check=True)
    template = Template.from_string((tmp_path / "DataPlatform.template.json").read_text())
    template.resource_count_is("AWS::ECS::Service", 2)


def test_the_configuration_synthesizes(tmp_path: Path) -> None:
    """The datafi.yaml makes a stack with both services."""
    path = tmp_path / "datafi.yaml"
    path.write_text(_block("yaml"))
    stack = DatafiEdgeStack(App(), "DatafiEdge", config=DatafiEdgeConfig.from_file(path))
    Template.from_stack(stack).resource_count_is("AWS::ECS::Service", 2)
