"""ServerlessEdgeServer across stacks and partitions, and what its template never holds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from datafi_cdk import EdgeStorage, ServerlessEdgeServer
from aws_cdk import Environment, NestedStack, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk.assertions import Template
from deployment import (
    ACCOUNT,
    FUNCTION,
    INLINE_POLICY,
    LISTENER_RULE,
    POLICY,
    TARGET_GROUP,
    new_app,
    new_stack,
    properties,
    secret,
    statements,
    surroundings,
    walk,
)


def server(stack: Any, ingress: Any, construct_id: str = "Es", **arguments: Any) -> Any:
    """A serverless edge server from a repository by name."""
    repository = ecr.Repository.from_repository_name(stack, f"{construct_id}-Images", "datafi-es")
    return ServerlessEdgeServer(
        stack,
        construct_id,
        **{
            "ingress": ingress,
            "name": construct_id.lower(),
            "repository": repository,
            **arguments,
        },
    )


@pytest.fixture(scope="module")
def apart() -> dict[str, Template]:
    """Ingress, secrets with their keys, data and server, each in a stack of its own."""
    app = new_app()
    made = surroundings(new_stack("Entry", app))
    vault, data, servers = (new_stack(name, app) for name in ("Vault", "Data", "Servers"))

    def vaulted(name: str) -> secretsmanager.ISecret:
        key = kms.Key(vault, f"{name}Key")
        return secretsmanager.Secret(vault, name, encryption_key=key)

    ServerlessEdgeServer(
        servers,
        "Es",
        ingress=made.ingress,
        name="es",
        repository=ecr.Repository(data, "Images"),
        secret=vaulted("Es"),
        jwt_jwks_secret=vaulted("Jwks"),
        environment_encryption=kms.Key(vault, "EnvironmentKey"),
        storage=EdgeStorage(data, "EsData"),
        log_group=logs.LogGroup(data, "Logs"),
        vpc=made.vpc,
    )
    stacks = (made.stack, vault, data, servers)
    templates = {stack.node.id: Template.from_stack(stack) for stack in stacks}
    assert [stack.dependencies for stack in stacks[:3]] == [[], [], []]
    return templates


def test_stacks_depend_one_way(apart: dict[str, Template]) -> None:
    """The server's stack imports from the others, and they know nothing of it."""
    for name in ("Entry", "Vault", "Data"):
        assert "Fn::ImportValue" not in json.dumps(apart[name].to_json())
    found = json.dumps(apart["Servers"].to_json())
    for name in ("Entry", "Vault", "Data"):
        assert f'"Fn::ImportValue": "{name}:' in found


def test_what_belongs_to_the_server_is_in_its_stack(apart: dict[str, Template]) -> None:
    """Function, target group, rule and permission."""
    for resource_type in (FUNCTION, TARGET_GROUP, LISTENER_RULE, "AWS::Lambda::Permission"):
        assert len(apart["Servers"].find_resources(resource_type)) == 1


def test_key_of_another_stack_is_granted_in_the_role(apart: dict[str, Template]) -> None:
    """The role may decrypt with the environment's key, and with no other."""
    decrypting = [
        resource
        for actions, resource, _ in statements(apart["Servers"], "EsRole")
        if actions == ["kms:Decrypt"]
    ]
    assert len(decrypting) == 1
    assert "EnvironmentKey" in json.dumps(decrypting)


def test_references_name_the_secret_by_its_export(apart: dict[str, Template]) -> None:
    """The secret's ARN comes from its stack; field and form are those of CloudFormation."""
    variables = properties(apart["Servers"], FUNCTION, "Es")["Environment"]["Variables"]
    for variable in ("KEY", "JWT_JWKS"):
        _, (before, arn, after) = variables[variable]["Fn::Join"]
        assert before == "{{resolve:secretsmanager:"
        assert arn["Fn::ImportValue"].startswith("Vault:")
        assert after == f":SecretString:{variable}::}}}}"


def test_may_be_in_a_nested_stack() -> None:
    """With the ingress in the parent, what belongs to the server is in the nested stack."""
    made = surroundings()
    nested = NestedStack(made.stack, "Nested")
    server(nested, made.ingress, secret=secret(nested, "es"), vpc=made.vpc)
    inner = Template.from_stack(nested)
    for resource_type in (FUNCTION, TARGET_GROUP, LISTENER_RULE):
        assert len(inner.find_resources(resource_type)) == 1
    assert not Template.from_stack(made.stack).find_resources(TARGET_GROUP)


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1", None])
def test_partition_is_nowhere_written_by_hand(region: str | None) -> None:
    """No ARN begins with `arn:aws:`, and the image is at the address of the partition."""
    environment = Environment(account=ACCOUNT, region=region) if region else None
    stack = Stack(new_app(), "Test", env=environment)
    made = surroundings(stack)
    server(
        stack,
        made.ingress,
        secret=secretsmanager.Secret(stack, "Secret"),
        storage=EdgeStorage(stack, "Data"),
        vpc=made.vpc,
    )
    found = Template.from_stack(stack).to_json()
    assert "arn:aws:" not in json.dumps(found["Resources"])
    uri = json.dumps(properties(Template.from_stack(stack), FUNCTION, "Es")["Code"]["ImageUri"])
    assert "amazonaws.com" not in uri
    assert "AWS::URLSuffix" in uri


def test_account_of_the_permission_is_that_of_the_stack() -> None:
    """In a stack that knows its account, the permission names it."""
    stack = Stack(new_app(), "Test", env=Environment(account=ACCOUNT, region="us-east-1"))
    server(stack, surroundings(stack).ingress)
    permission = properties(Template.from_stack(stack), "AWS::Lambda::Permission", "Es")
    assert permission["SourceAccount"] == ACCOUNT


def test_nothing_has_a_name_of_its_own() -> None:
    """Two deployments in one stack, each with a server of one name, get along."""
    first = surroundings()
    stack = first.stack
    second = surroundings(NestedStack(stack, "Second"), root_domain="other.example.com")
    for name, made in (("Es", first), ("Other", second)):
        server(stack, made.ingress, name, name="es", secret=secret(stack, name), vpc=first.vpc)
    template = Template.from_stack(stack)
    assert len(template.find_resources(FUNCTION)) == 2
    named = []

    def visit(key: str, value: Any) -> None:
        if key in ("FunctionName", "RoleName", "LogGroupName", "AliasName") and isinstance(
            value, str
        ):
            named.append(value)

    walk(template.to_json()["Resources"], visit)
    assert named == []


def test_function_cannot_read_the_secrets() -> None:
    """No policy names a secret: CloudFormation reads them, not the function."""
    made = surroundings()
    server(made.stack, made.ingress, secret=secret(made.stack, "es", with_key=True))
    policies = Template.from_stack(made.stack).find_resources(POLICY)
    assert "secretsmanager" not in json.dumps(policies)


def test_the_same_input_gives_the_same_template() -> None:
    """Byte for byte."""

    def template() -> str:
        made = surroundings()
        server(
            made.stack,
            made.ingress,
            secret=secret(made.stack, "es"),
            secret_variables=["KEY", "EDGE_KEY"],
            storage=EdgeStorage(made.stack, "Data"),
            vpc=made.vpc,
        )
        return json.dumps(Template.from_stack(made.stack).to_json())

    assert template() == template()


@pytest.mark.parametrize("is_fixed", [False, True])
def test_role_and_group_may_be_of_another_stack(is_fixed: bool) -> None:
    """Their rights and rules are made in the server's stack, for a role that may be changed."""
    app = new_app()
    base = new_stack("Base", app)
    made = surroundings(new_stack("Entry", app))
    mine = new_stack("Servers", app)
    role = iam.Role(base, "Role", path="/datafi/", assumed_by=iam.AccountRootPrincipal())
    group = ec2.SecurityGroup.from_security_group_id(base, "Group", "sg-1")
    found = server(
        mine,
        made.ingress,
        role=role.without_policy_updates() if is_fixed else role,
        vpc=made.vpc,
        security_groups=[group],
    )
    database = ec2.SecurityGroup.from_security_group_id(mine, "Database", "sg-2")
    group_of = ec2.Connections(security_groups=[database])
    found.connections.allow_from(group_of, ec2.Port.tcp(443))
    app.synth()
    assert base.dependencies == []
    template = Template.from_stack(mine)
    assert len(template.find_resources(INLINE_POLICY)) == (0 if is_fixed else 1)
    template.resource_count_is("AWS::EC2::SecurityGroupIngress", 1)
