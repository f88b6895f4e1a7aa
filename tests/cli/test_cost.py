"""`datafi-cdk cost`: what synthesized apps cost a month."""

import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from .in_process import run

EXAMPLES = Path(__file__).parents[2] / "examples"
MANIFEST = {
    "version": "36.0.0",
    "artifacts": {
        "S": {
            "type": "aws:cloudformation:stack",
            "environment": "aws://unknown-account/us-east-1",
            "properties": {"templateFile": "S.template.json"},
        }
    },
}
US_EAST_1 = ("--prices-of", "us-east-1")


def synthesize(example: str, folder: Path, **context: Any) -> Path:
    """Synthesize an example into a folder."""
    subprocess.run(
        [sys.executable, "app.py"],
        cwd=EXAMPLES / example,
        env={**os.environ, "CDK_OUTDIR": str(folder), "CDK_CONTEXT_JSON": json.dumps(context)},
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture(scope="module")
def quickstart(synthesized: Callable[[str], Path]) -> Path:
    """The quickstart, synthesized."""
    return synthesized("quickstart")


@pytest.fixture(scope="module")
def many_servers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty servers in three stacks, with a task each."""
    return synthesize("many_servers", tmp_path_factory.mktemp("many_servers"), tasks=1)


def parts(estimate: dict[str, Any]) -> dict[str, Decimal]:
    """What each part of the only region costs; the same at both ends."""
    [region] = estimate["regions"]
    found: dict[str, Decimal] = defaultdict(Decimal)
    for line in region["lines"]:
        assert line["usd"]["low"] == line["usd"]["high"]
        found[line["part"]] += Decimal(line["usd"]["low"])
    return dict(found)


def test_the_quickstart_worked_out_by_hand(quickstart: Path, tmp_path: Path) -> None:
    """One server of 1 vCPU and 2 GB, one NAT gateway, one load balancer in two zones."""
    estimate = run("cost", quickstart, *US_EAST_1, "--json", cwd=tmp_path).json
    assert parts(estimate) == {
        # 730 h x (0.04048 + 2 GB x 0.004445)
        "Fargate tasks": Decimal("36.0401"),
        # 730 h x 0.0225 + 50 GB = 50 LCU-hours x 0.008
        "Load balancer": Decimal("16.825"),
        # (2 zones + 1 of NAT) x 730 h x 0.005
        "Public IPv4 addresses": Decimal("10.95"),
        # 730 h x 0.045 + 20 GB x 0.045
        "NAT gateways": Decimal("33.75"),
        # 50 GB x 0.09
        "Data to the internet": Decimal("4.5"),
        # 1 GB written x 0.50 + 1 GB kept for a month x 0.03
        "Logs": Decimal("0.53"),
        # (12 + 15 + 10) x 0.30
        "Metrics and alarms": Decimal("11.1"),
        # 50 GB x 0.023
        "Storage": Decimal("1.15"),
        "Secrets and keys": Decimal("0.4"),
        "Hosted zones": Decimal("0.5"),
    }
    assert estimate["total"] == {"low": "115.7451", "high": "115.7451"}
    [region] = estimate["regions"]
    assert (region["region"], region["prices_of"]) == (None, "us-east-1")
    assert Decimal(region["fixed"]["low"]) == Decimal("108.2651")
    assert Decimal(region["usage"]["low"]) == Decimal("7.48")
    changes = {other["key"]: other["usd"]["low"] for other in region["alternatives"]}
    assert changes == {
        # 4 endpoints x 2 zones x 7.30 + 20 GB x 0.01 - 36.50 - 20 GB x 0.045
        "new_vpc: {nat_gateways: 0}": "21.2",
        # 730 h x (0.03238 + 2 x 0.00356) - 36.0401
        "cpu_architecture: ARM64": "-7.2051",
        "capacity_provider_strategies: [{capacity_provider: FARGATE_SPOT}]": "-25.22807",
        "cpu, memory_mib": "-18.02005",
    }


def test_thirty_servers_worked_out_by_hand(many_servers: Path, tmp_path: Path) -> None:
    """Thirty of 0.5 vCPU and 1 GB, and a coordinator, that use the network of one stack."""
    estimate = run("cost", many_servers, *US_EAST_1, "--json", cwd=tmp_path).json
    assert parts(estimate) == {
        # 30 x 730 h x (0.5 x 0.04048 + 0.004445) + 730 h x (0.04048 + 2 x 0.004445)
        "Fargate tasks": Decimal("576.6416"),
        # 730 h x 0.0225 + 31 x 50 GB = 1550 LCU-hours x 0.008
        "Load balancer": Decimal("28.825"),
        "Public IPv4 addresses": Decimal("10.95"),
        # 730 h x 0.045 + 31 x 20 GB x 0.045
        "NAT gateways": Decimal("60.75"),
        # 31 x 50 GB x 0.09
        "Data to the internet": Decimal("139.5"),
        # 31 x (0.50 + 0.03)
        "Logs": Decimal("16.43"),
        # (12 + 31 x (15 + 10)) x 0.30
        "Metrics and alarms": Decimal("236.1"),
        "Secrets and keys": Decimal("2.4"),
        "Hosted zones": Decimal("0.5"),
    }
    lines = [line["what"] for line in estimate["regions"][0]["lines"]]
    assert [what for what in lines if what.startswith("30 servers")][:2] == [
        "30 servers, 1 task each (0.5 vCPU, 1 GB): vCPU",
        "30 servers, 1 task each (0.5 vCPU, 1 GB): memory",
    ]


def test_shows_the_same_as_text(quickstart: Path, tmp_path: Path) -> None:
    """A table with the totals, then what they rest on, what is left out, and the sources."""
    done = run("cost", quickstart, *US_EAST_1, cwd=tmp_path)
    assert "with the prices of us-east-1 as asked" in done.out
    rows = [" ".join(line.split()) for line in done.out.splitlines()]
    assert "Fargate tasks es, 1 task (1 vCPU, 2 GB): vCPU 730 vCPU-hour 0.04048 29.55" in rows
    assert "Fixed by the hour and by the month 108.27" in rows
    assert "Usage follows from the assumptions 7.48" in rows
    assert "Total 115.75" in rows
    assert any("cpu_architecture: ARM64 -7.21" in row for row in rows)
    assert "- Everything runs 730 hours a month (--hours)." in rows
    assert any("6 functions of updates and deployments" in row for row in rows)
    assert any("AWS::IAM::Role" in row for row in rows)
    assert "- 2026-09-11 https://aws.amazon.com/route53/pricing/" in rows
    assert done.err == ""


def test_two_runs_show_the_same(quickstart: Path, tmp_path: Path) -> None:
    """Nothing in it depends on the time or on the order of a set."""
    assert (
        run("cost", quickstart, *US_EAST_1, cwd=tmp_path).out
        == run("cost", quickstart, *US_EAST_1, cwd=tmp_path, env={"PYTHONHASHSEED": "7"}).out
    )


def test_options_are_the_assumptions(quickstart: Path, tmp_path: Path) -> None:
    """Each of them is named in the result, and changes what it is about."""
    options = {
        "hours": "100",
        "requests": "0",
        "data_gb": "10",
        "nat_gb": "0",
        "log_gb": "0",
        "storage_gb": "0.5",
        "request_seconds": "2",
    }
    given = [
        word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", value)
    ]
    estimate = run("cost", quickstart, *US_EAST_1, *given, "--json", cwd=tmp_path).json
    assert estimate["assumptions"] == options
    found = parts(estimate)
    assert found["Fargate tasks"] == Decimal("4.937")
    assert found["NAT gateways"] == Decimal("4.5")
    assert found["Data to the internet"] == Decimal("0.9")
    assert found["Storage"] == Decimal("0.0115")
    assert "Logs" not in found


def test_finds_cdk_out_in_the_working_directory(quickstart: Path, tmp_path: Path) -> None:
    """The folder that `cdk synth` writes to is the default."""
    (tmp_path / "cdk.out").symlink_to(quickstart)
    assert "Total" in run("cost", *US_EAST_1, cwd=tmp_path).out


def test_refuses_stacks_without_a_region(quickstart: Path, tmp_path: Path) -> None:
    """Prices of a region that nobody named would be a guess."""
    done = run("cost", quickstart, cwd=tmp_path, fails=1)
    assert done.out == ""
    assert done.err.startswith("error: the stack DatafiEdge names no region")
    assert "us-east-1, us-west-2, eu-west-1, eu-west-2 and eu-central-1" in done.err
    assert "--prices-of" in done.err


def test_refuses_a_region_without_prices(tmp_path: Path) -> None:
    """Another region's prices are used if asked for, never in silence."""
    folder = assembly(tmp_path, India="ap-south-1")
    done = run("cost", folder, cwd=tmp_path, fails=1)
    assert "the stack India is in ap-south-1, and the table has the prices of" in done.err
    asked = run("cost", folder, *US_EAST_1, cwd=tmp_path)
    assert "ap-south-1, with the prices of us-east-1 as asked" in asked.out


def test_refuses_to_take_prices_of_a_region_that_has_none(tmp_path: Path) -> None:
    """A slip in the region's name is said before anything is read."""
    done = run("cost", "--prices-of", "us-east-9", cwd=tmp_path, fails=1)
    assert done.err.startswith("error: --prices-of us-east-9: the table has the prices of")


@pytest.mark.parametrize("given", ["-1", "nan", "inf", "many", "1e99"])
def test_refuses_assumptions_that_are_no_amount(given: str, tmp_path: Path) -> None:
    """A usage error, as of any option."""
    done = run("cost", f"--hours={given}", cwd=tmp_path, fails=2)
    assert "must be a number from 0" in done.err


def test_tells_that_there_is_no_cloud_assembly(tmp_path: Path) -> None:
    """The next step is a synthesis."""
    done = run("cost", cwd=tmp_path, fails=1)
    assert "cdk.out is no cloud assembly" in done.err
    assert "cdk synth" in done.err


def test_tells_that_an_app_has_no_stacks(tmp_path: Path) -> None:
    """An estimate of nothing would look like good news."""
    done = run("cost", assembly(tmp_path), cwd=tmp_path, fails=1)
    assert "has no stacks" in done.err


def test_takes_resources_without_properties(tmp_path: Path) -> None:
    """A template that no cdk has written may say so with null."""
    (tmp_path / "manifest.json").write_text(json.dumps(MANIFEST))
    gateway = {"Type": "AWS::EC2::NatGateway", "Properties": None}
    (tmp_path / "S.template.json").write_text(json.dumps({"Resources": {"Nat": gateway}}))
    estimate = run("cost", tmp_path, "--json", cwd=tmp_path).json
    assert parts(estimate)["NAT gateways"] == Decimal("32.85")


def test_regions_and_stages_are_told_apart(tmp_path: Path) -> None:
    """Each region has its own prices; a stage's stacks count, and can be asked for alone."""
    folder = assembly(tmp_path, Here="us-east-1", There="eu-central-1")
    stage = assembly(folder / "assembly-Test", Test="eu-central-1")
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["artifacts"]["assembly-Test"] = {
        "type": "cdk:cloud-assembly",
        "properties": {"directoryName": "assembly-Test"},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    estimate = run("cost", folder, "--json", cwd=tmp_path).json
    found = {place["region"]: place["total"]["low"] for place in estimate["regions"]}
    # 730 h x 0.045 in one, twice 730 h x 0.052 in the other
    assert found == {"us-east-1": "32.85", "eu-central-1": "75.92"}
    assert estimate["total"] == {"low": "108.77", "high": "108.77"}
    assert "All regions: 108.77 USD a month" in run("cost", folder, cwd=tmp_path).out
    alone = run("cost", stage, "--json", cwd=tmp_path).json
    assert alone["total"]["low"] == "37.96"


def assembly(folder: Path, **regions: str) -> Path:
    """A cloud assembly with stacks of one NAT gateway each."""
    folder.mkdir(exist_ok=True)
    resources = {"Nat": {"Type": "AWS::EC2::NatGateway", "Properties": {"SubnetId": "subnet-1"}}}
    artifacts = {}
    for name, region in regions.items():
        file = folder / f"{name}.template.json"
        file.write_text(json.dumps({"Resources": resources}), encoding="utf-8")
        artifacts[name] = {
            "type": "aws:cloudformation:stack",
            "environment": f"aws://111111111111/{region}",
            "properties": {"templateFile": file.name},
        }
    manifest = {"version": "36.0.0", "artifacts": artifacts}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder
