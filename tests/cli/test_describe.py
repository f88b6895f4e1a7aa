"""`datafi-cdk describe`, as it is installed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from .canary import CANARY, with_canaries
from .in_process import run

Synthesized = Callable[[str], Path]
WIDE = {"COLUMNS": "400"}
"""Room enough for no cell to be broken."""


@pytest.mark.parametrize("example", ["quickstart", "many_servers"])
def test_sheet_is_as_before(
    example: str, synthesized: Synthesized, tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    """The whole sheet of one server and of thirty, as Markdown."""
    assert run("describe", synthesized(example), "--markdown", cwd=tmp_path).out == snapshot


def test_thirty_servers_take_little_more_room_than_one(
    synthesized: Synthesized, tmp_path: Path
) -> None:
    """Servers that are alike are told of once, and all by name."""
    one = run("describe", synthesized("quickstart"), "--markdown", cwd=tmp_path)
    done = run("describe", synthesized("many_servers"), "--markdown", cwd=tmp_path)
    assert len(done.out.splitlines()) < 1.5 * len(one.out.splitlines())
    assert "finance-1 to finance-10, research-1 to research-10, sales-1 to sales-10" in done.out


def test_reads_the_current_folder_by_default(synthesized: Synthesized, tmp_path: Path) -> None:
    """Without an argument it is `cdk.out`; the sheet has all of its sections."""
    (tmp_path / "cdk.out").symlink_to(synthesized("quickstart"))
    done = run("describe", cwd=tmp_path, env=WIDE)
    for words in (
        "2. What can be reached",
        "4. Who may connect",
        "5. What leaves",
        "6. Where secrets come from",
        "8. Which rights there are",
        "es.edge.example.com",
        "container es port 50051",
        "deleted with all objects",
        "s3:GetObject",
        "None was found.",
    ):
        assert words in done.out


def test_is_the_same_every_time(synthesized: Synthesized, tmp_path: Path) -> None:
    """Byte for byte, also with another order of hashes."""
    outputs = {
        run(
            "describe",
            synthesized("quickstart"),
            "--json",
            cwd=tmp_path,
            env={"PYTHONHASHSEED": seed},
        ).out
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_json_holds_everything_unfolded(synthesized: Synthesized, tmp_path: Path) -> None:
    """Each way in by itself, with its target, and what the sheet is made of."""
    data = run("describe", synthesized("many_servers"), "--json", cwd=tmp_path).json
    open_ways = [one for one in data["reachable"] if one["target"]]
    # Three to each of thirty-one servers, and two host names of the update API.
    assert len(open_ways) == 95
    assert all(one["open"] for one in open_ways)
    assert len(data["services"]) == 31
    assert len(data["security_groups"]) == 32
    assert data["problems"] == []
    edge_server = next(one for one in data["services"] if "finance-1" in json.dumps(one))
    [secret] = edge_server["containers"][0]["secrets"]
    assert secret["variable"] == "KEY"


def test_existing_parts_are_named_as_such(synthesized: Synthesized, tmp_path: Path) -> None:
    """What no template makes is told of as existing, with its ARN whole."""
    done = run("describe", synthesized("private"), cwd=tmp_path)
    assert (
        "existing arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:datafi/es-AbCdEf" in done.out
    )
    assert "the existing certificate" in done.out


def test_ends_with_3_if_there_are_problems(synthesized: Synthesized, tmp_path: Path) -> None:
    """The sheet is written all the same, with the problem at its end."""
    copy = shutil.copytree(synthesized("quickstart"), tmp_path / "cdk.out")
    file = copy / "DatafiEdge.template.json"
    template = json.loads(file.read_text())
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Route53::RecordSet":
            resource["Properties"]["Name"] = "elsewhere.example.org."
    file.write_text(json.dumps(template))
    done = run("describe", cwd=tmp_path, env=WIDE, fails=3)
    assert "no record answers for es.edge.example.com" in done.out
    assert done.err == ""
    assert run("describe", "--json", cwd=tmp_path, fails=3).json["problems"]


def test_shows_no_value_that_may_be_secret(synthesized: Synthesized, tmp_path: Path) -> None:
    """Names of variables are shown; a template's values are not, wherever they stand."""
    copy = with_canaries(synthesized("quickstart"), tmp_path)
    for form in ([], ["--markdown"], ["--json"]):
        done = run("describe", copy, *form, cwd=tmp_path)
        assert "PLAIN" in done.out
        assert CANARY not in done.out + done.err
    sheet = run("describe", copy, cwd=tmp_path, env=WIDE).out
    assert "x-from-cdn a value that is not shown" in sheet
    assert "its value stands in the template" in sheet


def test_tells_that_there_is_no_cdk_out(tmp_path: Path) -> None:
    """One sentence with the way to make one."""
    done = run("describe", cwd=tmp_path, fails=1)
    assert done.err == (
        "error: cdk.out is no cloud assembly, it has no manifest.json; run `cdk synth` first, or"
        " name the folder that it writes to\n"
    )
    assert done.out == ""


def test_refuses_two_forms_at_once(synthesized: Synthesized, tmp_path: Path) -> None:
    """Markdown and JSON exclude each other."""
    done = run("describe", synthesized("quickstart"), "--markdown", "--json", cwd=tmp_path, fails=1)
    assert "leave one of them out" in done.err
