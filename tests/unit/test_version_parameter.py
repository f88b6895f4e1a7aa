"""The stack that keeps the live versions: where it is, what it holds, and what never changes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import jsii
import pytest
from datafi_cdk import EdgeServer
from aws_cdk import (
    App,
    Aspects,
    BootstraplessSynthesizer,
    DefaultStackSynthesizer,
    Environment,
    IAspect,
    NestedStack,
    Stack,
    Stage,
    Tags,
)
from aws_cdk.assertions import Template
from constructs import Construct, IConstruct
from deployment import (
    ACCOUNT,
    REGION,
    Surroundings,
    container,
    new_app,
    new_stack,
    readers,
    recommended_flags,
    surroundings,
    versions,
)

PARAMETER = "AWS::SSM::Parameter"
ENV = Environment(account=ACCOUNT, region=REGION)


def add_server(made: Surroundings, scope: Construct, name: str = "es", **options: Any) -> str:
    """Add a server and tell the name of its parameter."""
    server = EdgeServer(scope, "Es", **made.around, name=name, **options)
    assert server.version_parameter_name is not None
    return server.version_parameter_name


def beside(stack: Stack) -> Stack:
    """The stack of the parameters."""
    assert stack.node.scope is not None
    found = stack.node.scope.node.find_child(f"{stack.node.id}-versions")
    assert isinstance(found, Stack)
    return found


def test_it_holds_a_parameter_for_each_server_and_nothing_else() -> None:
    """Each has its name, its type and the version of the code; the servers' stack comes after."""
    made = surroundings()
    names = [
        add_server(made, Construct(made.stack, "A"), "a"),
        add_server(made, Construct(made.stack, "B"), "b", image_tag="v1"),
    ]
    assert names == ["/datafi/Test/A.Es", "/datafi/Test/B.Es"]
    stack = beside(made.stack)
    assert made.stack.dependencies == [stack]
    assert stack.stack_name == "Test-versions"
    template = Template.from_stack(stack).to_json()
    assert set(template) == {"Resources", "Parameters", "Rules"}
    assert set(template["Parameters"]) == {"BootstrapVersion"}
    assert list(template["Resources"].values()) == [
        {"Type": PARAMETER, "Properties": {"Name": name, "Type": "String", "Value": version}}
        for name, version in zip(names, ("latest", "v1"), strict=True)
    ]


def test_a_nested_stack_is_handed_the_version() -> None:
    """Only the outermost template reads the parameter; the nested one has a plain parameter."""
    made = surroundings()
    inner = NestedStack(NestedStack(made.stack, "Nested"), "Inner")
    assert add_server(made, inner) == "/datafi/Test/Nested.Inner.Es"
    (reader,) = readers(Template.from_stack(made.stack)).values()
    assert reader["Default"] == "/datafi/Test/Nested.Inner.Es"
    nested = Template.from_stack(inner)
    assert readers(nested) == {}
    ((_, joined),) = [container(nested)["Image"]["Fn::Join"][1]["Fn::Split"]]
    handed_in = joined["Fn::Join"][1][1]["Ref"]
    assert nested.find_parameters(handed_in) == {handed_in: {"Type": "String"}}
    assert versions(made.stack) == {"/datafi/Test/Nested.Inner.Es": "latest"}


def test_in_a_stage_it_is_in_that_stage() -> None:
    """With the names and the environment of the stage."""
    app = new_app()
    stage = Stage(app, "Prod", env=ENV)
    made = surroundings(Stack(stage, "Data"))
    assert add_server(made, made.stack) == "/datafi/Prod-Data/Es"
    stack = beside(made.stack)
    assert stack.node.path == "Prod/Data-versions"
    assert (stack.stack_name, stack.account, stack.region) == (
        "Prod-Data-versions",
        ACCOUNT,
        REGION,
    )
    written = app.synth().get_nested_assembly("assembly-Prod").stacks
    assert {each.stack_name for each in written} == {"Prod-Data", "Prod-Data-versions"}


@pytest.mark.parametrize(
    ("env", "known"),
    [(None, "unknown-account/unknown-region"), (ENV, f"{ACCOUNT}/{REGION}")],
)
def test_it_is_where_the_servers_are(env: Environment | None, known: str) -> None:
    """In their account and region, known or not."""
    app = new_app()
    made = surroundings(Stack(app, "Test", env=env))
    add_server(made, made.stack)
    written = app.synth().get_stack_by_name("Test-versions")
    assert written.environment.name == f"aws://{known}"


def test_stacks_of_an_app_have_one_each() -> None:
    """One stack's versions have nothing to do with those of another."""
    app = new_app()
    stacks = [new_stack(name, app) for name in ("One", "Two")]
    names = []
    for stack in stacks:
        made = surroundings(stack, f"{stack.node.id.lower()}.example.com")
        names.append(add_server(made, stack))
    assert names == ["/datafi/One/Es", "/datafi/Two/Es"]
    assert [versions(stack) for stack in stacks] == [{name: "latest"} for name in names]
    assert [stack.dependencies for stack in stacks] == [[beside(stack)] for stack in stacks]


def test_a_stack_name_of_ones_own_names_both() -> None:
    """Also one that leaves no room: it is shortened, and told apart."""
    names = {}
    for stack_name in ("acme", "a" * 128, "a" * 127 + "b"):
        made = surroundings(Stack(new_app(), "Test", stack_name=stack_name))
        parameter = add_server(made, made.stack)
        assert parameter.startswith(f"/datafi/{stack_name}/")
        assert len(parameter) <= 200
        names[stack_name] = beside(made.stack).stack_name
    assert names["acme"] == "acme-versions"
    assert all(len(name) <= 128 for name in names.values())
    assert len(set(names.values())) == 3


@pytest.mark.parametrize("has_flags", [False, True])
@pytest.mark.parametrize("of_app", [False, True])
def test_it_is_deployed_as_the_servers_are(of_app: bool, has_flags: bool) -> None:
    """With their synthesizer, so their qualifier and roles, and their termination protection."""
    synthesizer = DefaultStackSynthesizer(qualifier="acme")
    app = App(
        analytics_reporting=False,
        default_stack_synthesizer=synthesizer if of_app else None,
        context=recommended_flags() if has_flags else None,
    )
    stage = Stage(app, "Prod")
    made = surroundings(Stack(stage, "Test", synthesizer=None if of_app else synthesizer))
    add_server(made, made.stack)
    made.stack.termination_protection = True
    written = stage.synth().get_stack_by_name("Prod-Test-versions")
    assert "cdk-acme-deploy-role" in str(written.assume_role_arn)
    assert "cdk-acme-cfn-exec-role" in str(written.cloud_formation_execution_role_arn)
    assert written.termination_protection is True
    assert written.template["Parameters"]["BootstrapVersion"]["Default"].startswith(
        "/cdk-bootstrap/acme/"
    )


class _OfAcme(DefaultStackSynthesizer):
    """A synthesizer of somebody's own that can be used again."""


@pytest.mark.parametrize(
    ("make", "role"),
    [(lambda: _OfAcme(qualifier="own"), "cdk-own-"), (BootstraplessSynthesizer, None)],
)
def test_other_synthesizers_are_used_again(
    make: Callable[[], DefaultStackSynthesizer], role: str | None
) -> None:
    """One that is derived, and one without a bootstrap."""
    app = new_app()
    made = surroundings(Stack(app, "Test", synthesizer=make()))
    add_server(made, made.stack)
    written = app.synth().get_stack_by_name("Test-versions")
    if role is None:
        assert set(written.template) == {"Resources"}
    else:
        assert role in str(written.assume_role_arn)


@jsii.implements(IAspect)
class _Late:
    """Tags stacks after everything that CDK does by default."""

    def visit(self, node: IConstruct) -> None:
        """Add a tag."""
        if isinstance(node, Stack):
            node.tags.set_tag("late", "yes", 500)


@pytest.mark.parametrize("context", [None, recommended_flags()], ids=["no flags", "all flags"])
def test_no_tag_reaches_it(context: Mapping[str, Any] | None) -> None:
    """Neither from app, stage or stack, nor from an aspect; the servers' stack has them."""
    app = new_app(context)
    stage = Stage(app, "Prod")
    stack = Stack(stage, "Data", tags={"of-stack": "yes"})
    made = surroundings(stack)
    add_server(made, stack)
    kinds = ["aws:cdk:stack", "AWS::ECS::Service", PARAMETER]
    for scope in (app, stage, stack):
        Tags.of(scope).add("any", "yes", priority=1000)
        Tags.of(scope).add("listed", "yes", include_resource_types=kinds)
    for place in (app, stage):
        Aspects.of(place).add(_Late(), priority=1500)
    written = {each.stack_name: each for each in stage.synth().stacks}
    assert {"of-stack", "late", "listed"} <= set(written["Prod-Data"].tags)
    assert written["Prod-Data-versions"].tags == {}
    assert "Tags" not in json.dumps(written["Prod-Data-versions"].template)


def written(change: Callable[[App], None] = lambda _: None, **options: Any) -> str:
    """The template of the parameters, with something changed around them."""
    app = new_app()
    made = surroundings(new_stack("Test", app))
    add_server(made, made.stack, **options)
    change(app)
    return json.dumps(app.synth().get_stack_by_name("Test-versions").template)


CHANGES: dict[str, dict[str, Any]] = {
    "size": {"cpu": 512, "memory_limit_mib": 4096},
    "count": {"desired_count": 3},
    "environment": {"environment": {"TIMEOUT": "60"}},
    "name": {"name": "other"},
    "tags": {"change": lambda app: Tags.of(app).add("owner", "data")},
}


@pytest.mark.parametrize("case", CHANGES)
def test_nothing_but_the_version_changes_it(case: str) -> None:
    """CloudFormation would write the version of the code over the live one."""
    assert written(**CHANGES[case]) == written()


def test_the_version_changes_its_value_alone() -> None:
    """So that the version of the code is rolled out."""
    assert written(image_tag="v2") == written().replace('"latest"', '"v2"')


def test_paths_of_constructs_are_not_in_it() -> None:
    """The `cdk` command asks for them, and can be told not to."""
    app = App(analytics_reporting=True, context={"aws:cdk:enable-path-metadata": True})
    made = surroundings(new_stack("Test", app))
    add_server(made, made.stack)
    template = app.synth().get_stack_by_name("Test-versions").template
    assert "Metadata" not in json.dumps(template)
    assert "aws:cdk:path" in json.dumps(app.synth().get_stack_by_name("Test").template)


def test_another_server_leaves_a_parameter_as_it_is() -> None:
    """Its name and its logical id do not follow from others."""
    alone = surroundings()
    add_server(alone, alone.stack)
    both = surroundings()
    add_server(both, Construct(both.stack, "Before"), "before")
    add_server(both, both.stack)
    first = Template.from_stack(beside(alone.stack)).find_resources(PARAMETER)
    then = Template.from_stack(beside(both.stack)).find_resources(PARAMETER)
    assert first.items() <= then.items()


def test_ids_that_look_alike_have_names_of_their_own() -> None:
    """What had to be exchanged or left out is told by a hash, the same every time."""
    ids = ["a b", "a_b", "a+b", "a.b", "ü", "é", "x" * 200, "x" * 199 + "y"]

    def names() -> list[str]:
        made = surroundings()
        scopes = [Construct(made.stack, each) for each in ids]
        scopes.append(Construct(Construct(made.stack, "a"), "b"))
        return [add_server(made, scope, f"es-{i}") for i, scope in enumerate(scopes)]

    found = names()
    assert len(set(found)) == len(ids) + 1
    assert found[1] == "/datafi/Test/a_b.Es"
    assert found[-1] == "/datafi/Test/a.b.Es"
    assert all(len(name) <= 200 for name in found)
    allowed = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-/")
    assert set("".join(found)) <= allowed
    assert names() == found
