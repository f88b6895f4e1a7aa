"""Reading cloud assemblies, and following the references in their templates."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from datafi_cdk import topology
from assemblies import ref, resource, write_assembly
from datafi_cdk.errors import DatafiError
from datafi_cdk.topology import (
    AssemblyError,
    Reference,
    Resolver,
    ResourceId,
    SsmParameter,
    read_assembly,
    text,
)

QUEUE = resource("AWS::SQS::Queue")


def resolved(folder: Path, value: Any, **sections: Any) -> Any:
    """A value in a stack with a queue and some sections, resolved."""
    template = {"Resources": {"Queue": QUEUE}, **sections}
    assembly = read_assembly(write_assembly(folder, {"App": template}))
    return Resolver(assembly).resolve(assembly.stack("App"), value)


REFERENCE = "${App.Queue}"
VALUES: dict[str, tuple[Any, str]] = {
    "reference": (ref("Queue"), REFERENCE),
    "attribute": ({"Fn::GetAtt": ["Queue", "Arn"]}, "${App.Queue.Arn}"),
    "attribute in short": ({"Fn::GetAtt": "Queue.Arn"}, "${App.Queue.Arn}"),
    "join": ({"Fn::Join": ["-", ["a", ref("Queue"), "b"]]}, f"a-{REFERENCE}-b"),
    "sub": ({"Fn::Sub": "x${Queue}y${Queue.Arn}${!Z}"}, f"x{REFERENCE}y${{App.Queue.Arn}}${{Z}}"),
    "sub with values": ({"Fn::Sub": ["${A}/${Queue}", {"A": "1"}]}, f"1/{REFERENCE}"),
    "select": ({"Fn::Select": [1, ["a", "b"]]}, "b"),
    "select of split": ({"Fn::Select": ["1", {"Fn::Split": ["/", "a/b"]}]}, "b"),
    "split around a reference": (
        {"Fn::Select": [1, {"Fn::Split": [":", {"Fn::Join": ["", ["a:", ref("Queue")]]}]}]},
        REFERENCE,
    ),
    "known condition": ({"Fn::If": ["Yes", "a", "b"]}, "a"),
    "nested condition": ({"Fn::If": ["No", "a", "b"]}, "b"),
    "unknown condition": ({"Fn::If": ["InRegion", "a", "b"]}, "${if InRegion: a, else b}"),
    "either list": ({"Fn::If": ["InRegion", ["a", "b"], ["b", "c"]]}, "a, b, c"),
    "perhaps nothing": ({"Fn::If": ["InRegion", ref("AWS::NoValue"), "c"]}, "c"),
    "mapping": ({"Fn::FindInMap": ["Sizes", "small", "cpu"]}, "256"),
    "missing in the mapping": ({"Fn::FindInMap": ["Sizes", "big", "cpu"]}, "${Sizes big cpu}"),
    "parameter with default": (ref("Size"), "small"),
    "list parameter": (ref("Zones"), "a, b"),
    "parameter without default": (ref("Given"), "${Given}"),
    "hidden parameter": (ref("Hidden"), "${Hidden}"),
    "SSM parameter elsewhere": (ref("Elsewhere"), "${ssm:/elsewhere}"),
    "import from elsewhere": ({"Fn::ImportValue": "theirs"}, "${import theirs}"),
    "pseudo parameter": (ref("AWS::Region"), "${AWS::Region}"),
    "no value": ({"a": ref("AWS::NoValue"), "b": [ref("AWS::NoValue"), 1]}, "{'b': [1]}"),
    "unknown function": ({"Fn::Length": [1]}, "${Fn::Length}"),
    "base64": ({"Fn::Base64": "secret"}, "${base64}"),
}
SECTIONS: dict[str, Any] = {
    "Conditions": {
        "Yes": {"Fn::Equals": ["a", "a"]},
        "No": {"Fn::And": [{"Condition": "Yes"}, {"Fn::Not": [{"Condition": "Yes"}]}]},
        "InRegion": {"Fn::Or": [{"Condition": "No"}, {"Fn::Equals": [ref("AWS::Region"), "x"]}]},
    },
    "Mappings": {"Sizes": {"small": {"cpu": "256"}}},
    "Parameters": {
        "Size": {"Type": "String", "Default": "small"},
        "Zones": {"Type": "CommaDelimitedList", "Default": "a,b"},
        "Given": {"Type": "String"},
        "Hidden": {"Type": "String", "NoEcho": True, "Default": "not-a-real-secret"},
        "Elsewhere": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/elsewhere"},
    },
}


@pytest.mark.parametrize("name", VALUES)
def test_values_are_resolved(name: str, tmp_path: Path) -> None:
    """Each intrinsic function gives what CloudFormation makes of it, or a readable text."""
    value, expected = VALUES[name]
    assert text(resolved(tmp_path, value, **SECTIONS)) == expected


def test_an_environment_that_is_known_is_filled_in(tmp_path: Path) -> None:
    """Account, region, partition and suffix are those of the stack."""
    folder = write_assembly(
        tmp_path, {"App": {"Resources": {}}}, environment="aws://111111111111/cn-north-1"
    )
    assembly = read_assembly(folder)
    words = "${AWS::AccountId} ${AWS::Region} ${AWS::Partition} ${AWS::URLSuffix} ${AWS::StackName}"
    assert Resolver(assembly).resolve(assembly.stack("App"), {"Fn::Sub": words}) == (
        "111111111111 cn-north-1 aws-cn amazonaws.com.cn App"
    )


def test_exports_lead_to_resources_of_other_stacks(tmp_path: Path) -> None:
    """An import is the resource that the other stack exports."""
    output = {"Value": {"Fn::GetAtt": ["Queue", "Arn"]}, "Export": {"Name": "queue"}}
    folder = write_assembly(
        tmp_path,
        {
            "One": {"Resources": {"Queue": QUEUE}, "Outputs": {"Out": output}},
            "Two": {"Resources": {}},
        },
    )
    assembly = read_assembly(folder)
    found = Resolver(assembly).resolve(assembly.stack("Two"), {"Fn::ImportValue": "queue"})
    assert found == Reference(ResourceId("One", "Queue"), "Arn")


@pytest.mark.parametrize(
    "region", [{}, {"Region": "eu-west-1"}, {"Region": {"Ref": "AWS::Region"}}]
)
def test_outputs_by_name_lead_to_resources_of_other_stacks(
    region: dict[str, Any], tmp_path: Path
) -> None:
    """With the CDK's recommended flags, stacks refer to each other's outputs without exports."""
    output = {"StackName": "One", "OutputName": "Queue", **region}
    folder = write_assembly(
        tmp_path,
        {
            "One": {
                "Resources": {"Queue": resource("AWS::SQS::Queue")},
                "Outputs": {"Queue": {"Value": {"Ref": "Queue"}}},
            },
            "Two": {"Resources": {}},
        },
        environment="aws://111111111111/eu-west-1",
    )
    assembly = read_assembly(folder)
    found = Resolver(assembly).resolve(assembly.stack("Two"), {"Fn::GetStackOutput": output})
    assert found == Reference(ResourceId("One", "Queue"))
    elsewhere = {"Fn::GetStackOutput": {**output, "Region": "us-east-1"}}
    text = Resolver(assembly).resolve(assembly.stack("Two"), elsewhere)
    assert text == "${output Queue of One}"


def test_exports_to_other_regions_lead_to_resources(tmp_path: Path) -> None:
    """What a custom resource writes and another reads is the resource itself."""
    name = "/cdk/exports/Two/Cert"
    written = {"exports": {name: {"Ref": "Cert"}}, "region": "eu-west-1"}
    templates = {
        "One": {
            "Resources": {
                "Cert": resource("AWS::CertificateManager::Certificate", DomainName="x.com"),
                "Writer": resource("Custom::CrossRegionExportWriter", WriterProps=written),
            }
        },
        "Two": {"Resources": {"Reader": resource("Custom::CrossRegionExportReader")}},
    }
    assembly = read_assembly(write_assembly(tmp_path, templates))
    read = Resolver(assembly).resolve(assembly.stack("Two"), {"Fn::GetAtt": ["Reader", name]})
    assert read == Reference(ResourceId("One", "Cert"))


def test_live_tags_come_from_the_parameter_that_holds_them(
    synthesized: Callable[[str], Path],
) -> None:
    """The image has its first tag, and the parameter of the companion stack is named."""
    assembly = read_assembly(synthesized("multi_stack"))
    resolver = Resolver(assembly)
    [definition] = [
        one
        for one in assembly.of_type("AWS::ECS::TaskDefinition")
        if one.path == "DatafiEdgeServers/Es/TaskDefinition"
    ]
    image = definition.properties["ContainerDefinitions"][0]["Image"]
    stack = assembly.stack("DatafiEdgeServers")
    assert resolver.resolve(stack, image) == "datafi/es:latest"
    [parameter] = resolver.ssm_parameters(stack, image)
    assert (parameter.name, parameter.value) == ("/datafi/DatafiEdgeServers/Es", "latest")
    assert parameter.resource
    assert parameter.resource.stack == "DatafiEdgeServers-versions"
    assert SsmParameter("/x") == SsmParameter("/x", None, None)


def test_nested_stacks_and_stages_are_read(tmp_path: Path) -> None:
    """What is handed to a nested stack and back leads to the resources."""
    inner = {
        "Parameters": {"Given": {"Type": "String"}},
        "Resources": {"Topic": resource("AWS::SNS::Topic", Policy=ref("Given"))},
        "Outputs": {"Topic": {"Value": ref("Topic")}},
    }
    nested = {
        "Type": "AWS::CloudFormation::Stack",
        "Properties": {"Parameters": {"Given": {"Fn::GetAtt": ["Queue", "Arn"]}}},
        "Metadata": {"aws:asset:path": "inner.json", "aws:cdk:path": "Prod/App/N.NestedStack/N"},
    }
    outer = {"Resources": {"Queue": QUEUE, "N": nested}}
    stage = tmp_path / "assembly-Prod"
    stage.mkdir()
    (stage / "inner.json").write_text(json.dumps(inner))
    write_assembly(stage, {"App": outer})
    artifact = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Prod"}}
    manifest = {"version": "48.0.0", "artifacts": {"assembly-Prod": artifact}}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))

    assembly = read_assembly(tmp_path)
    resolver = Resolver(assembly)
    [topic] = assembly.of_type("AWS::SNS::Topic")
    assert topic.id == ResourceId("App/N", "Topic")
    assert text(resolver.properties(topic)["Policy"]) == "${App.Queue.Arn}"
    output = {"Fn::GetAtt": ["N", "Outputs.Topic"]}
    assert resolver.resolve(assembly.stack("App"), output) == Reference(topic.id)


def test_a_resource_under_a_false_condition_is_not_made(tmp_path: Path) -> None:
    """Only a condition that is known to be false leaves a resource out."""
    resources = {
        name: {"Type": "AWS::SQS::Queue", "Condition": name} for name in ("Yes", "No", "InRegion")
    }
    template = {"Resources": resources, **SECTIONS}
    assembly = read_assembly(write_assembly(tmp_path, {"App": template}))
    resolver = Resolver(assembly)
    made = [one.id.logical_id for one in assembly.resources if resolver.is_made(one)]
    assert made == ["InRegion", "Yes"]


def test_tells_that_there_is_no_assembly(tmp_path: Path) -> None:
    """A folder without manifest is named, with the way to make one."""
    with pytest.raises(AssemblyError, match=r"no manifest\.json; run `cdk synth` first"):
        read_assembly(tmp_path)
    assert issubclass(AssemblyError, DatafiError)


def test_refuses_a_newer_schema_with_what_it_does_not_know(tmp_path: Path) -> None:
    """An unknown kind of artifact in a newer version asks for an upgrade; older ones are let by."""
    for version, refused in (("56.1.0", True), ("55.0.0", False)):
        manifest = {"version": version, "artifacts": {"X": {"type": "cdk:new"}}}
        (tmp_path / "manifest.json").write_text(json.dumps(manifest))
        if refused:
            with pytest.raises(AssemblyError, match=r"X is of type cdk:new.*upgrade datafi-cdk"):
                read_assembly(tmp_path)
        else:
            assert read_assembly(tmp_path).stacks == ()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "is not readable JSON"),
        ("[]", "must hold a JSON object"),
        ("[" * 100_000, "is not readable JSON"),
        ('{"artifacts": []}', "artifacts must be an object of objects"),
        ('{"artifacts": {"A": {"type": "aws:cloudformation:stack"}}}', "no environment"),
    ],
)
def test_refuses_a_malformed_manifest(content: str, told: str, tmp_path: Path) -> None:
    """What is wrong is told in one sentence that names the file."""
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(AssemblyError, match=told) as refusal:
        read_assembly(tmp_path)
    assert "manifest.json" in str(refusal.value)


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ({"Resources": {"A": {}}}, "the resource A has no Type"),
        ({"Resources": []}, "Resources must be an object"),
        ({"Resources": {"A": resource("T", X={"Fn::Join": 1})}}, "Fn::Join has not the form"),
        ({"Resources": {"A": resource("T", X={"Fn::Select": []})}}, "Fn::Select has not the form"),
    ],
)
def test_refuses_a_malformed_template(template: Any, told: str, tmp_path: Path) -> None:
    """What is wrong is told in one sentence that names the stack or the file."""
    with pytest.raises(AssemblyError, match=told) as refusal:
        topology.read_topology(write_assembly(tmp_path, {"App": template}))
        Resolver(read_assembly(tmp_path)).properties(read_assembly(tmp_path).resources[0])
    assert "App" in str(refusal.value)


def test_refuses_references_in_a_circle(tmp_path: Path) -> None:
    """Outputs that import each other end in an error, not in a crash."""
    templates = {
        one: {
            "Resources": {},
            "Outputs": {
                "X": {"Value": {"Fn::ImportValue": other}, "Export": {"Name": one}},
            },
        }
        for one, other in (("One", "Two"), ("Two", "One"))
    }
    assembly = read_assembly(write_assembly(tmp_path, templates))
    with pytest.raises(AssemblyError, match="look for a circle"):
        Resolver(assembly).resolve(assembly.stack("One"), {"Fn::ImportValue": "Two"})


def test_needs_the_standard_library_only() -> None:
    """Each module imports its siblings, the errors, and the standard library."""
    for file in Path(topology.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                assert {alias.name.partition(".")[0] for alias in node.names} <= set(
                    sys.stdlib_module_names
                )
            elif isinstance(node, ast.ImportFrom) and node.level == 2:
                assert node.module == "errors"
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                assert str(node.module).partition(".")[0] in sys.stdlib_module_names
