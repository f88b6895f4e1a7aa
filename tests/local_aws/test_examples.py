"""Each example as its README says: deployed by the real `cdk` command, and destroyed again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from datafi_cdk.cli.demo_checks import check_nothing_is_left, inventory
from datafi_cdk.local import CdkCli, EmbeddedAws

EXAMPLES = Path(__file__).parents[2] / "examples"
DONE = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
BOOTSTRAP = "CDKToolkit"
QUICKLY = ("--concurrency", "4", "--method", "direct")


@pytest.fixture(scope="session")
def bootstrapped(embedded_aws: EmbeddedAws) -> EmbeddedAws:
    """The worker's embedded AWS, to which apps can be deployed."""
    CdkCli(embedded_aws, EXAMPLES / "quickstart").bootstrap()
    return embedded_aws


def stacks(aws: EmbeddedAws) -> dict[str, dict[str, Any]]:
    """What is deployed, without the stack of `cdk bootstrap`."""
    found = aws.client("cloudformation").describe_stacks()["Stacks"]
    return {stack["StackName"]: stack for stack in found if stack["StackName"] != BOOTSTRAP}


def services(aws: EmbeddedAws) -> list[dict[str, Any]]:
    """Every ECS service, with its counts."""
    ecs = aws.client("ecs")
    found: list[dict[str, Any]] = []
    for cluster in ecs.list_clusters()["clusterArns"]:
        pages = ecs.get_paginator("list_services").paginate(cluster=cluster)
        arns = [arn for page in pages for arn in page["serviceArns"]]
        for start in range(0, len(arns), 10):
            described = ecs.describe_services(cluster=cluster, services=arns[start : start + 10])
            found += described["services"]
    return found


@pytest.mark.parametrize(
    "example", sorted(path.parent.name for path in EXAMPLES.glob("*/cdk.json"))
)
def test_deploys_compares_and_destroys(
    example: str, bootstrapped: EmbeddedAws, tmp_path: Path
) -> None:
    """Everything is made and runs, a second look finds no difference, and nothing is left."""
    folder = EXAMPLES / example
    assert json.loads((folder / "cdk.json").read_text()) == {"app": "python app.py"}
    env = {**os.environ, "CDK_OUTDIR": str(tmp_path)}
    subprocess.run([sys.executable, "app.py"], cwd=folder, env=env, check=True)

    before, others = inventory(bootstrapped), set(stacks(bootstrapped))
    # Synthesized once, for all three commands.
    cdk = CdkCli(bootstrapped, folder, app=f'cp -r {tmp_path}/. "$CDK_OUTDIR"')
    cdk.run("deploy", "--all", *QUICKLY, "--require-approval", "never")
    made = {name: stack for name, stack in stacks(bootstrapped).items() if name not in others}
    assert made
    assert {stack["StackStatus"] for stack in made.values()} <= DONE
    assert all(
        service["runningCount"] == service["desiredCount"] for service in services(bootstrapped)
    )
    assert sum("There were no differences" in line for line in cdk.diff()) == len(made)
    cdk.run("destroy", "--all", "--concurrency", "4", "--force")
    assert set(stacks(bootstrapped)) == others
    check_nothing_is_left(before, bootstrapped)
