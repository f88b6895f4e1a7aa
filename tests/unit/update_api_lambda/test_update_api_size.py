"""How much there is to load before the first request is answered."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile

import pytest
from conftest import ASSET, ENVIRONMENT

MOST_BYTES = 60 * 1024
MOST_SECONDS = 0.150
CLIENTS = {
    "handler": ("ecs", "ssm", "events", "secretsmanager"),
    "router_handler": ("lambda",),
}
BOTOCORE = """
import botocore.session
from botocore.config import Config
session = botocore.session.get_session()
for name in {clients!r}:
    session.create_client(name, region_name="eu-west-1", config=Config(connect_timeout=1))
"""
TIMED = """
import sys, time
sys.path.insert(0, {asset!r})
sys.dont_write_bytecode = True
start = time.process_time()
{code}
print(time.process_time() - start)
"""


def test_the_zip_is_small() -> None:
    """As CDK zips it: the modules of both functions, compressed."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(ASSET.glob("*.py")):
            archive.write(path, path.name)
    assert 10_000 < len(written.getvalue()) <= MOST_BYTES


@pytest.mark.parametrize("entry", CLIENTS)
def test_a_cold_import_costs_little_beyond_botocore(entry: str) -> None:
    """Processor time of a new process, the least of five, so that a busy machine does not count."""
    own = min(seconds(f"import {entry}") for _ in range(5))
    of_botocore = min(seconds(BOTOCORE.format(clients=CLIENTS[entry])) for _ in range(5))
    assert own - of_botocore <= MOST_SECONDS


def seconds(code: str) -> float:
    """What some code takes in a new process."""
    done = subprocess.run(
        [sys.executable, "-c", TIMED.format(asset=str(ASSET), code=code)],
        env={**ENVIRONMENT, "FUNCTIONS": json.dumps({}), "AWS_REGION": "eu-west-1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return float(done.stdout)
