"""Servers that are alike are told of once, and each is still named."""

from __future__ import annotations

from pathlib import Path

import pytest
from assemblies import edge, write_assembly
from datafi_cdk.cli.describe.alike import SERVER, Servers, names_in_short
from datafi_cdk.topology import read_topology


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (["es"], "es"),
        (["b", "a"], "a, b"),
        (["x-1", "x-2"], "x-1, x-2"),
        (["x-10", "x-9", "x-8"], "x-8 to x-10"),
        (["x-1", "x-2", "x-3", "x-5", "y"], "x-1 to x-3, x-5, y"),
        (["1", "2", "3"], "1 to 3"),
    ],
)
def test_names_are_told_in_short(names: list[str], short: str) -> None:
    """Names that are numbered in a row are told as the first and the last."""
    assert names_in_short(names) == short


def servers(folder: Path, *names: str) -> Servers:
    """Servers whose constructs are called `App/Name`."""
    resources = {}
    for name in names:
        made = edge()
        definition, service = made["Definition"], made["Service"]
        definition["Properties"]["ContainerDefinitions"][0]["Name"] = name
        service["Properties"]["TaskDefinition"] = {"Ref": f"{name}Definition"}
        service["Metadata"] = {"aws:cdk:path": f"App/{name.title()}/Service/Service"}
        resources |= {f"{name}Definition": definition, f"{name}Service": service}
    template = {"Resources": resources}
    return Servers(read_topology(write_assembly(folder, {"App": template})), ())


@pytest.mark.parametrize(
    ("label", "owner"),
    [
        ("App/Sales", "sales"),
        ("App/Sales/LogGroup", "sales"),
        ("App/SalesUpdates/Role", "sales"),
        ("/datafi/App/Sales", "sales"),
        ("App/Sales-2/LogGroup", "sales-2"),
        ("App/Sales-20/LogGroup", None),
        ("App/Salesman/LogGroup", None),
        ("App/UpdateApi-sales-2/Role", "sales-2"),
        ("App/UpdateApi-sales/Role", "sales"),
        ("App/Cluster", None),
    ],
)
def test_things_belong_to_the_server_they_are_named_after(
    label: str, owner: str | None, tmp_path: Path
) -> None:
    """By the path of its construct, or by its name as a word; the longest name wins."""
    found = servers(tmp_path, "sales", "sales-2").owner(label)
    assert (found.name if found else None) == owner


def test_only_rows_that_are_the_same_are_joined(tmp_path: Path) -> None:
    """Other cells keep rows apart; one cell may be each server's own."""
    made = servers(tmp_path, "a-1", "a-2", "b")
    rows = [(one, (f"{one.label}/Role", "1" if one.name == "b" else "2")) for one in made.all]
    assert made.fold(rows) == [
        ("a-1, a-2", f"{SERVER}/Role", "2"),
        ("b", "App/B/Role", "1"),
    ]
    assert made.fold(rows, own=1) == [("a-1, a-2, b", f"{SERVER}/Role", "its own")]
    assert made.fold([(None, ("x",)), (None, ("x",)), (None, ("y",))]) == [("", "x"), ("", "y")]


def test_servers_of_one_name_are_told_by_their_paths(tmp_path: Path) -> None:
    """One in each stage, say: a row that is for one of them must say for which."""
    stages = {}
    for stage in ("Dev", "Prod"):
        made = edge()
        made["Service"]["Metadata"] = {"aws:cdk:path": f"{stage}/Es/Service/Service"}
        stages[stage] = {"Resources": made}
    found = Servers(read_topology(write_assembly(tmp_path, stages)), ())
    rows = [(one, (f"{one.label}/Role",)) for one in found.all]
    assert found.owner("Prod/Definition/es/LogGroup") is None
    assert found.fold([(found.all[0], ("es",)), (found.all[1], ("es",))]) == [
        ("Dev/Es, Prod/Es", "es")
    ]
    assert found.fold(rows[1:]) == [("Prod/Es", "Prod/Es/Role")]
    assert found.fold(rows) == [("Dev/Es, Prod/Es", f"{SERVER}/Role")]
