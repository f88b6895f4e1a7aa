"""The assertions that users call in their own tests."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from datafi_cdk import EdgeServer, InvalidInputError
from assemblies import edge, resource, write_assembly
from aws_cdk import App, Stack, Stage
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_servicediscovery as servicediscovery
from datafi_cdk.testing import assert_no_problems, assert_reachable
from datafi_cdk.topology import AssemblyError, read_topology
from deployment import new_stack, surroundings

PAGE = Path(__file__).parents[2] / "docs" / "testing.md"
TABLE = """
| from        | name           | port | to                 | container port |
|-------------|----------------|------|--------------------|----------------|
| 10.1.0.0/16 | *              | 80   | fixed-response 404 |                |
| 10.1.0.0/16 | es.example.com | 80   | Service            | 80             |
"""


def pages(page: str) -> dict[str, str]:
    """The files that a page shows, by the names in their first lines."""
    blocks = re.findall(r"^```python\n# (\S+)\n(.*?)^```$", page, re.DOTALL | re.M)
    return dict(blocks)


def run_example(folder: Path, page: str) -> subprocess.CompletedProcess[str]:
    """Run the tests of the page in a folder, as a user does."""
    for name, text in pages(page).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path, str(folder)])}
    env = {key: value for key, value in env.items() if not key.startswith("PYTEST_")}
    return subprocess.run(tests, cwd=folder, env=env, capture_output=True, text=True)


def test_every_column_is_on_the_page() -> None:
    """And in the words of the refusal of others."""
    with pytest.raises(InvalidInputError) as told:
        assert_reachable("cdk.out", "| nmae |")
    columns = str(told.value).partition("columns of ")[2].partition(", got")[0].split(", ")
    shown = PAGE.read_text(encoding="utf-8")
    assert len(columns) > 10
    assert [column for column in columns if f"`{column}`" not in shown] == []


def test_takes_whatever_has_the_templates(tmp_path: Path) -> None:
    """An app, a stage, a cloud assembly, a folder by name or path, and what was read before."""
    app = App(outdir=str(tmp_path / "app"))
    stage = Stage(app, "Stage")
    Stack(stage, "Empty")
    for empty in (app, stage, app.synth()):
        assert_reachable(empty, "| from | name |")
        assert_no_problems(empty)
    folder = write_assembly(tmp_path, {"App": {"Resources": edge()}})
    for same in (folder, str(folder), read_topology(folder)):
        assert_reachable(same, TABLE)


def test_a_table_can_be_a_file(tmp_path: Path) -> None:
    """What is around it is for people."""
    folder = write_assembly(tmp_path, {"App": {"Resources": edge()}})
    file = tmp_path / "reachable.md"
    file.write_text(f"# Reviewed\n\nBy security.\n{TABLE}\nNothing else.\n")
    assert_reachable(folder, file)


def test_a_difference_is_told_in_both_directions(tmp_path: Path) -> None:
    """What is missing with the reason, and what is not expected."""
    resources = edge()
    resources["Tasks"]["Properties"]["SecurityGroupIngress"] = []
    resources["Other"] = resource("AWS::Lambda::Function")
    resources["Url"] = resource(
        "AWS::Lambda::Url", TargetFunctionArn={"Ref": "Other"}, AuthType="NONE"
    )
    folder = write_assembly(tmp_path, {"App": {"Resources": resources}})
    table = TABLE + "| internet | gone.example.com | 443 | Gone | 80 |"
    with pytest.raises(AssertionError) as told:
        assert_reachable(folder, table)
    assert str(told.value).splitlines() == [
        "The ways in are not those of the table.",
        "Missing, 2 of 3 rows:",
        "  | from        | name             | port | to      | container port |",
        "  | 10.1.0.0/16 | es.example.com   | 80   | Service | 80             |",
        "    the security groups of Service do not let TCP 80 in from Lb",
        "  | internet    | gone.example.com | 443  | Gone    | 80             |",
        "    no rule, and nothing else, has this name",
        "Unexpected, 1:",
        "  | from     | name         | port | to    | container port |",
        "  | internet | function URL | 443  | Other |                |",
    ]


@pytest.mark.parametrize(
    ("table", "allowed"),
    [
        ("", "lines with | at both ends"),
        ("| from | nmae |", "one with columns of from, name"),
        ("| from | from |", "one that has each column once"),
        ("| from | name |\n| internet |", "one with 2 cells in each row"),
        ("| from |\n| internet |\n| internet |", "one that has each row once"),
    ],
)
def test_refuses_a_table_that_cannot_be_meant(table: str, allowed: str, tmp_path: Path) -> None:
    """What is wrong with it is said in one sentence."""
    folder = write_assembly(tmp_path, {"App": {"Resources": edge()}})
    with pytest.raises(InvalidInputError, match=re.escape(f"table must be {allowed}")) as told:
        assert_reachable(folder, table)
    assert "\n" not in str(told.value)


def test_refuses_a_table_that_cannot_be_read(tmp_path: Path) -> None:
    """No file, a folder, another encoding, and nothing."""
    folder = write_assembly(tmp_path, {"App": {"Resources": edge()}})
    file = tmp_path / "reachable.md"
    file.write_bytes(b"| \xff |")
    for table in (tmp_path / "none.md", tmp_path, file):
        with pytest.raises(InvalidInputError, match="a readable file in UTF-8, got"):
            assert_reachable(folder, table)
    with pytest.raises(InvalidInputError, match="table must be text or a Path, got"):
        assert_reachable(folder, None)  # type: ignore[arg-type]


def test_refuses_a_source_that_is_none(tmp_path: Path) -> None:
    """Those that can be asked about are named."""
    folder = write_assembly(tmp_path, {"App": {"Resources": edge()}})
    with pytest.raises(InvalidInputError, match="source must be one of Service, got 'Servcie'"):
        assert_reachable(folder, TABLE, source="Servcie")


def test_refuses_what_is_no_app(tmp_path: Path) -> None:
    """A stack, and a folder without an assembly."""
    with pytest.raises(InvalidInputError, match="app must be an App, a Stage"):
        assert_no_problems(Stack())
    with pytest.raises(AssemblyError, match="is no cloud assembly"):
        assert_no_problems(tmp_path)


INSIDE = """
| name                 | port  | to                             | container port | security groups |
|----------------------|-------|--------------------------------|----------------|-----------------|
| *                    | 80    | redirect 301 to HTTPS port 443 |       | LB                       |
| *                    | 443   | fixed-response 404             |       | LB                       |
| *                    | 50051 | fixed-response 404             |       | LB                       |
| one.edge.example.com | 443   | Test/One                       | 80    | LB > ONE |
| one.edge.example.com | 443   | Test/One                       | 50051 | LB > ONE |
| one.edge.example.com | 50051 | Test/One                       | 50051 | LB > ONE |
| one.data.internal    | 80    | Test/One                       | 80    | OWN > ONE |
""".replace("LB", "Test/Ingress/SecurityGroup").replace("ONE", "Test/One/SecurityGroup")


def test_names_of_cloud_map_lead_from_one_service_to_another(tmp_path: Path) -> None:
    """As far as security groups let through, and from a function in the network as well."""
    here = surroundings(new_stack(app=App(outdir=str(tmp_path))))
    namespace = servicediscovery.PrivateDnsNamespace(
        here.stack, "Namespace", name="data.internal", vpc=here.vpc
    )
    server = EdgeServer(here.stack, "One", name="one", cloud_map_namespace=namespace, **here.around)
    task = ecs.FargateTaskDefinition(here.stack, "Task")
    task.add_container("job", image=ecs.ContainerImage.from_registry("acme/job"))
    job = ecs.FargateService(here.stack, "Job", cluster=here.cluster, task_definition=task)
    function = lambda_.Function(
        here.stack,
        "Function",
        vpc=here.vpc,
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.handler",
        code=lambda_.Code.from_inline("pass"),
    )
    for client in (job, function):
        server.connections.allow_from(client, ec2.Port.tcp(80))
    topology = read_topology(App.of(here.stack).synth().directory)
    for client, group in (
        ("Job", "Test/Job/SecurityGroup"),
        ("Function", "Test/Function/SecurityGroup"),
    ):
        assert_reachable(topology, INSIDE.replace("OWN", group), source=f"Test/{client}")
    with pytest.raises(AssertionError, match="Missing, 1 of 7 rows"):
        assert_reachable(
            topology, INSIDE.replace("OWN", "Test/One/SecurityGroup"), source="Test/Job"
        )
