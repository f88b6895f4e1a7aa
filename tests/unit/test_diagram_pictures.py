"""Pictures of unusual apps: no stacks, awkward characters, ways without a load balancer."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from assemblies import edge, resource, write_assembly
from datafi_cdk.cli.diagram.compose import compose
from datafi_cdk.cli.diagram.mermaid import mermaid
from datafi_cdk.cli.diagram.picture import Picture
from datafi_cdk.cli.diagram.svg import svg
from datafi_cdk.topology import reachability, read_topology

AWKWARD = "a <b> & \"c\" 'd' `e` #1; \x07 |x| ]]>"


def picture(folder: Path, **templates: Any) -> Picture:
    """The picture of an app with these stacks."""
    topology = read_topology(write_assembly(folder, templates))
    return compose(topology, reachability(topology))


def with_function(folder: Path) -> Picture:
    """An app whose tasks and function are reached without a load balancer too."""
    resources = edge()
    resources["Fn"] = resource("AWS::Lambda::Function", Runtime="python3.14", Description=AWKWARD)
    resources["Url"] = resource(
        "AWS::Lambda::Url", TargetFunctionArn={"Fn::GetAtt": ["Fn", "Arn"]}, AuthType="NONE"
    )
    resources["Tasks"]["Properties"]["SecurityGroupIngress"].append(
        {"CidrIp": "0.0.0.0/0", "IpProtocol": "-1"}
    )
    return picture(folder, App={"Resources": resources})


def test_awkward_characters_are_text_in_svg(tmp_path: Path) -> None:
    """Signs of markup are shown as they are, control characters are not."""
    root = ElementTree.fromstring(svg(with_function(tmp_path)))  # noqa: S314
    words = " ".join(one.text or "" for one in root.iter("{http://www.w3.org/2000/svg}text"))
    for part in ("a <b> & \"c\" 'd' `e` #1;", "|x| ]]>"):
        assert part in words


def test_awkward_characters_are_codes_in_mermaid(tmp_path: Path) -> None:
    """Nothing in a label ends the label."""
    [line] = [one for one in mermaid(with_function(tmp_path)).splitlines() if "python3.14" in one]
    assert "a #lt;b#gt; #amp; #quot;c#quot; 'd' #96;e#96; #35;1;" in line
    assert line.count('"') == 2


def test_ways_without_load_balancer_lead_from_column_to_column(tmp_path: Path) -> None:
    """Each line ends in the column after its own, so that none crosses a box."""
    drawn = with_function(tmp_path)
    columns = {box.id: box.column for box in drawn.boxes}
    columns |= {row.id: box.column for box in drawn.boxes for row in box.rows}
    assert {columns[line.target] - columns[line.source] for line in drawn.lines} == {1}
    clients = {box.title for box in drawn.boxes if box.kind == "clients"}
    assert clients == {"10.1.0.0/16", "Internet", "VPC existing vpc-1"}


def test_an_app_without_anything_is_an_empty_page(tmp_path: Path) -> None:
    """No stack, no boxes, and still a drawing."""
    drawn = picture(tmp_path)
    assert drawn.boxes == ()
    assert "<title" in svg(drawn)
    assert mermaid(drawn).endswith("flowchart LR\n")
