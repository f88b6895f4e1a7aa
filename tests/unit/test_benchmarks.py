"""The benchmarks' own code: what is made of figures, and that their apps are apps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from benchmarks import __main__, apps, imports, processes, report, sampling, synthesis
from benchmarks.targets import targets


def app(milliseconds: float) -> dict[str, float]:
    """The figures of an app."""
    names = ("ms", "least ms", "cpu ms", "jsii requests", "resources", "template bytes")
    return dict.fromkeys(names, milliseconds)


def figures(milliseconds_of_a_server: float) -> dict[str, Any]:
    """Figures that meet every target but that of an added server, maybe."""
    sizes = {
        f"{count} servers, {kind}": app(2000 + count * milliseconds_of_a_server)
        for kind in synthesis.KINDS
        for count in synthesis.COUNTS
    }
    timed = {"floor": app(1000), "reference": app(2400), **sizes}
    per_server = {kind: synthesis._per_server(timed, kind) for kind in synthesis.KINDS}
    for grown in per_server.values():
        grown["resources, first step"] = 16
    return {
        "machine": {"processor": "a fast one"},
        "runs": 5,
        "imports": {
            "aws_cdk": {"ms": 500, "mib": 30},
            "aws_cdk and datafi_cdk": {"ms": 502, "mib": 30},
            "what every name needs": {"ms": 900, "mib": 90},
            "every name": {"ms": 1000, "mib": 100},
            "unused service modules": [],
        },
        "synthesis": {"apps": timed, "per server": per_server},
    }


def test_targets_are_met_or_not() -> None:
    """Of figures that are too large by one millisecond a server, only that target is missed."""
    assert [each.name for each in targets(figures(60)) if not each.is_met] == []
    missed = [each.name for each in targets(figures(61)) if not each.is_met]
    assert missed == [f"each added server, {kind}" for kind in synthesis.KINDS]


@pytest.mark.parametrize(("milliseconds", "code"), [(60, 0), (61, 1)])
def test_check_ends_with_1_if_a_target_is_missed(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    milliseconds: float,
    code: int,
) -> None:
    """What is printed is written, too, beside the figures as JSON."""
    made = figures(milliseconds)
    monkeypatch.setattr(__main__, "measure_imports", lambda runs: made["imports"])
    monkeypatch.setattr(__main__, "measure_synthesis", lambda runs: made["synthesis"])
    folder = tmp_path / "figures"
    said = ["--check", "--without-deployment", "--output", str(folder)]
    assert __main__.main(said) == code
    assert __main__.main(said[1:]) == 0
    table = (folder / report.TABLE_NAME).read_text()
    assert table in capsys.readouterr().out
    assert ("| NO |" in table) == bool(code)
    written = json.loads((folder / report.JSON_NAME).read_text())
    assert all(each["met"] for each in written["targets"]) == (code == 0)


def test_growth_that_is_not_linear_is_a_missed_target() -> None:
    """Ten servers at 50 ms each and twenty more at 70."""
    made = figures(50)
    timed = made["synthesis"]["apps"]
    for kind in synthesis.KINDS:
        timed[f"30 servers, {kind}"]["ms"] += 20 * 20
        made["synthesis"]["per server"][kind] = synthesis._per_server(timed, kind)
        made["synthesis"]["per server"][kind]["resources, first step"] = 16
    missed = [each.name for each in targets(made) if not each.is_met]
    assert [name for name in missed if name.startswith("last servers")] == [
        f"last servers as against the first, {kind}" for kind in synthesis.KINDS
    ]


def test_things_are_measured_in_turn() -> None:
    """What disturbs one disturbs all; the median counts, and the least is kept."""
    asked = []

    def measure(name: str, values: list[float]) -> dict[str, Any]:
        asked.append(name)
        return {"ms": values.pop(0), "modules": ["not", "a", "figure"]}

    slow, fast = [9.0, 7.0, 8.0], [1.0, 3.0, 2.0]
    found = sampling.medians_of(
        {"slow": lambda: measure("slow", slow), "fast": lambda: measure("fast", fast)}, 3
    )
    assert asked == ["slow", "fast"] * 3
    assert found == {"slow": {"ms": 8, "least ms": 7}, "fast": {"ms": 2, "least ms": 1}}


def test_an_app_is_counted() -> None:
    """The app of one server asks Node.js, and has resources."""
    counted = synthesis._counted(synthesis._app(1, True))
    assert counted["jsii requests"] > 100
    assert counted["resources"] > 50
    assert counted["template bytes"] > 10_000


def test_a_failed_app_is_told_of() -> None:
    """With what it said."""
    with pytest.raises(RuntimeError, match="no such app"):
        processes.run_python("raise SystemExit('no such app')")


def test_the_floor_is_what_is_imported_besides() -> None:
    """Of other packages, whole ones; nothing of the library itself."""
    names = ["aws_cdk.aws_s3", "aws_cdk.aws_s3.x", "datafi_cdk.config", "pydantic", "ruamel.yaml"]
    assert [name for name in names if imports._is_of_package(name)] == [
        "aws_cdk.aws_s3", "pydantic", "ruamel.yaml",
    ]  # fmt: skip
    assert "datafi_cdk" not in apps.FLOOR
