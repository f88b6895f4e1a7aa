"""UpdateApi away from its services: in another stack, nested, in a stage, in any environment."""

import json
from typing import Any

import pytest
from datafi_cdk import EdgeServer, UpdateApi, UpdateRouter
from aws_cdk import Environment, NestedStack, Stack, Stage
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk.assertions import Template
from constructs import Construct
from deployment import (
    ACCOUNT,
    FUNCTION,
    INLINE_POLICY,
    REGION,
    logical_id,
    needs,
    new_app,
    new_stack,
    properties,
    statements,
    surroundings,
)

RULE = "AWS::Events::Rule"


def update_api(servers: Construct, updates: Construct, **arguments: Any) -> UpdateApi:
    """An update API in one scope for an edge server in another one, and a router beside it.

    Load balancer and cluster are in the stack `Front` of the servers' app or stage.
    """
    front = surroundings(Stack(Stage.of(servers) or servers.node.root, "Front"))
    edge = EdgeServer(servers, "Es", **front.around, name="es", **arguments)
    api = UpdateApi(
        updates, "Updates", ingress=front.ingress, services=[edge], redeploy_on_rotation=True
    )
    UpdateRouter(updates, "Router", ingress=front.ingress, update_apis=[api])
    return api


def pattern(template: Template, prefix: str) -> Any:
    """The event pattern of the rule whose id starts so."""
    return properties(template, RULE, prefix)["EventPattern"]


def stack_prefix(template: Template) -> Any:
    """What the id of a stack starts with of which the function is told."""
    named, matcher = pattern(template, "DatafiUpdateEventsStacks")["detail"]["stack-id"]
    prefix = matcher["prefix"]
    assert json.dumps(named) == json.dumps(prefix).replace('/"]', '"]')
    return prefix


def of_any_environment(stack_name: str) -> dict[str, Any]:
    """The start of the ids of a stack in the account and region of the template."""
    parts = [
        "arn:", {"Ref": "AWS::Partition"}, ":cloudformation:", {"Ref": "AWS::Region"}, ":",
        {"Ref": "AWS::AccountId"}, f":stack/{stack_name}/",
    ]  # fmt: skip
    return {"Fn::Join": ["", parts]}


def is_told(template: Template, *, stack: str, parameter: str) -> bool:
    """Whether the function is told of one stack, and of one parameter that is named after it."""
    text = told(template)
    return f'\\"stacks\\":[\\"{stack}\\"]' in text and f'0,\\"{parameter}\\"]' in text


def told(template: Template) -> str:
    """The services that the function is told of, as text with what is not known yet in it."""
    found = properties(template, FUNCTION, "Updates")["Environment"]["Variables"]["SERVICES"]
    return json.dumps(found)


def test_in_another_stack_than_its_service() -> None:
    """It needs the service's stack and not the other way round; events are of that stack."""
    app = new_app()
    vault, servers, updates = (new_stack(name, app) for name in ("Vault", "Servers", "Updates"))
    update_api(servers, updates, secret=secretsmanager.Secret(vault, "Key"))
    app.synth()
    assert {stack.node.id for stack in needs(updates)} == {"Vault", "Servers", "Front"}
    assert {stack.node.id for stack in needs(servers)} == {"Vault", "Front"}
    template = Template.from_stack(updates)
    assert stack_prefix(template) == of_any_environment("Servers")
    (of_cluster,) = pattern(template, "DatafiUpdateEventsRollouts")["resources"]
    assert "Front:ExportsOutputRefCluster" in json.dumps(of_cluster["prefix"])
    (key,) = pattern(template, "UpdatesRotationes")["resources"]
    assert key["Fn::ImportValue"].startswith("Vault:ExportsOutputRefKey")
    assert is_told(template, stack="Servers", parameter="Es")
    passed = [entry for entry in statements(template, "UpdatesRole") if "iam:PassRole" in entry[0]]
    assert json.dumps(passed).count("Servers:ExportsOutputFnGetAttEs") == 2


@pytest.mark.parametrize("beside", [True, False])
def test_of_a_service_in_a_nested_stack(beside: bool) -> None:
    """In the nested stack or in its parent: events and parameter are those of the outermost."""
    app = new_app()
    parent = new_stack("Parent", app)
    nested = NestedStack(parent, "Nested")
    inner = NestedStack(nested, "Inner")
    updates = inner if beside else parent
    update_api(inner, updates)
    app.synth()
    template = Template.from_stack(updates)
    assert stack_prefix(template) == of_any_environment("Parent")
    assert is_told(template, stack="Parent", parameter="Nested.Inner.Es")
    assert "parameter/datafi/Parent/Nested.Inner.Es" in json.dumps(
        statements(template, "UpdatesRole")
    )


def test_in_a_nested_stack_of_its_services_stack() -> None:
    """The events are of the parent, and the service is handed into the nested stack."""
    app = new_app()
    parent = new_stack("Parent", app)
    nested = NestedStack(parent, "Nested")
    update_api(parent, nested)
    app.synth()
    template = Template.from_stack(nested)
    assert stack_prefix(template) == of_any_environment("Parent")
    (of_cluster,) = pattern(template, "DatafiUpdateEventsRollouts")["resources"]
    assert "referencetoFrontCluster" in json.dumps(of_cluster) or "Front:Exports" in json.dumps(
        of_cluster
    )


def test_in_a_stage() -> None:
    """The stack's name is that with the stage in it, in events, settings and parameter."""
    app = new_app()
    stage = Stage(app, "Prod")
    servers, updates = (Stack(stage, name) for name in ("Servers", "Updates"))
    update_api(servers, updates)
    app.synth()
    assert {stack.node.id for stack in needs(updates)} == {"Servers", "Front"}
    template = Template.from_stack(updates)
    assert stack_prefix(template) == of_any_environment("Prod-Servers")
    assert is_told(template, stack="Prod-Servers", parameter="Es")


def test_in_a_given_account_and_region() -> None:
    """Where the stack's account and region are known, events and rights name them."""
    app = new_app()
    env = Environment(account=ACCOUNT, region=REGION)
    front = surroundings(Stack(app, "Front", env=env))
    edge = EdgeServer(front.stack, "Es", **front.around, name="es")
    UpdateApi(front.stack, "Updates", ingress=front.ingress, services=[edge])
    template = Template.from_stack(front.stack)
    end = f":cloudformation:{REGION}:{ACCOUNT}:stack/Front/"
    assert stack_prefix(template) == {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, end]]}
    granted = json.dumps(statements(template, "UpdatesRole"))
    assert f":ssm:{REGION}:{ACCOUNT}:parameter/datafi/Front/Es" in granted
    assert f":events:{REGION}:{ACCOUNT}:event-bus/default" in granted


def test_a_stack_of_another_name_is_told_by_that_name() -> None:
    """With `stack_name` events, settings and parameter go by it, not by the construct's id."""
    app = new_app()
    stack = Stack(app, "Id", stack_name="acme-edge")
    update_api(stack, stack)
    template = Template.from_stack(stack)
    assert stack_prefix(template) == of_any_environment("acme-edge")
    assert is_told(template, stack="acme-edge", parameter="Es")


def test_several_services_of_several_stacks() -> None:
    """One function knows each with its own cluster and stack, and is told of each stack."""
    app = new_app()
    front = surroundings(new_stack("Front", app))
    services = []
    for name in ("one", "two"):
        stack = new_stack(name.capitalize(), app)
        services.append(EdgeServer(stack, "Es", **front.around, name=name))
    updates = new_stack("Updates", app)
    UpdateApi(updates, "Updates", ingress=front.ingress, services=services)
    app.synth()
    template = Template.from_stack(updates)
    of_stacks = pattern(template, "DatafiUpdateEventsStacks")["detail"]["stack-id"]
    prefixes = [each["prefix"] for each in of_stacks if "prefix" in each]
    assert prefixes == [of_any_environment("One"), of_any_environment("Two")]
    for name in ("One", "Two"):
        assert f'\\"{name}\\"' in told(template)
    assert told(template).count("ExportsOutputFnGetAttCluster") == 1


def test_callers_may_be_in_another_stack() -> None:
    """The caller's stack and that of the function do not need each other in a circle."""
    app = new_app()
    front = surroundings(new_stack("Front", app))
    consoles, updates = (new_stack(name, app) for name in ("Consoles", "Updates"))
    caller = iam.Role(consoles, "Console", assumed_by=iam.AccountRootPrincipal())
    edge = EdgeServer(front.stack, "Es", **front.around, name="es")
    api = UpdateApi(updates, "Updates", ingress=front.ingress, services=[edge], callers=[caller])
    app.synth()
    assert [stack.node.id for stack in needs(consoles)] == ["Updates"]
    assert [stack.node.id for stack in needs(updates)] == ["Front"]
    policy = json.dumps(statements(Template.from_stack(consoles), "Console", INLINE_POLICY))
    function = logical_id(Template.from_stack(Stack.of(api)), FUNCTION, "Updates")
    assert f"Updates:ExportsOutputFnGetAtt{function}Arn" in policy
