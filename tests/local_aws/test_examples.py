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

pytestmark = pytest.mark.long

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


def synthesize(folder: Path, outdir: Path, **context: str) -> None:
    """Run an example's app with these values of `-c`."""
    env = {**os.environ, "CDK_OUTDIR": str(outdir), "CDK_CONTEXT_JSON": json.dumps(context)}
    subprocess.run([sys.executable, "app.py"], cwd=folder, env=env, check=True)


def delete_logs_of_cdk(aws: EmbeddedAws) -> None:
    """Delete what Lambda made for CDK's own function of a bucket that is not the library's."""
    logs = aws.client("logs")
    prefix = "/aws/lambda/Company-CustomS3AutoDeleteObjects"
    for group in logs.describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]:
        logs.delete_log_group(logGroupName=group["logGroupName"])


@pytest.fixture(scope="session")
def key_arn(bootstrapped: EmbeddedAws) -> str:
    """A secret with a server's key, as READMEs ask for one."""
    made = bootstrapped.client("secretsmanager").create_secret(
        Name="datafi/es", SecretString=json.dumps({"KEY": "not-a-key"})
    )
    return str(made["ARN"])


@pytest.mark.parametrize(
    "example", sorted(path.parent.name for path in EXAMPLES.glob("*/cdk.json"))
)
def test_deploys_compares_and_destroys(
    example: str, bootstrapped: EmbeddedAws, key_arn: str, tmp_path: Path
) -> None:
    """With the README's arguments everything is made and runs, and nothing is left."""
    folder = EXAMPLES / example
    assert json.loads((folder / "cdk.json").read_text()) == {"app": "python app.py"}
    context = {
        "root_domain": "edge.acme.com",
        "secret_arn": key_arn,
        "deletion_protection": "false",
    }
    starts_later = "-c tasks=1" in (folder / "README.md").read_text(encoding="utf-8")

    before, others = inventory(bootstrapped), set(stacks(bootstrapped))
    # Synthesized once, for all commands that follow.
    outdirs = [tmp_path / "first", *([tmp_path / "tasks"] if starts_later else [])]
    for outdir in outdirs:
        tasks = {"tasks": "1"} if outdir.name == "tasks" else {}
        synthesize(folder, outdir, **context, **tasks)
        cdk = CdkCli(bootstrapped, folder, app=f'cp -r {outdir}/. "$CDK_OUTDIR"')
        cdk.run("deploy", "--all", *QUICKLY, "--require-approval", "never")
    made = {name: stack for name, stack in stacks(bootstrapped).items() if name not in others}
    assert made
    assert {stack["StackStatus"] for stack in made.values()} <= DONE
    assert all(
        0 < service["runningCount"] == service["desiredCount"] for service in services(bootstrapped)
    )
    assert sum("There were no differences" in line for line in cdk.diff()) == len(made)
    cdk.run("destroy", "--all", "--concurrency", "4", "--force")
    assert set(stacks(bootstrapped)) == others
    delete_logs_of_cdk(bootstrapped)
    check_nothing_is_left(before, bootstrapped)
