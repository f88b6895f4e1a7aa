"""Secrets with a customer-managed key, from wherever they come."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from datafi_cdk import Coordinator, EdgeServer, EdgeStorage, ServerlessEdgeServer, UpdateApi
from aws_cdk import Stack
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk.assertions import Template
from deployment import (
    KEY_ARN,
    Surroundings,
    new_app,
    new_stack,
    secret_arn,
    statements,
    surroundings,
)

ALIAS = "alias/acme"


@pytest.fixture(scope="module")
def surrounded() -> Surroundings:
    """Servers in one stack that read secrets of another, whose keys are there too."""
    app = new_app()
    vault = new_stack("Vault", app)
    made = surroundings(new_stack("Test", app))

    def vaulted(name: str) -> secretsmanager.ISecret:
        key = kms.Key(vault, f"{name}Key")
        return secretsmanager.Secret(vault, name, encryption_key=key)

    edge = EdgeServer(made.stack, "Es", **made.around, name="es", secret=vaulted("Es"))
    Coordinator(
        made.stack,
        "Co",
        **made.around,
        secret=vaulted("Co"),
        registry_credentials=vaulted("Registry"),
    )
    UpdateApi(
        made.stack, "Updates", ingress=made.ingress, services=[edge], secret=vaulted("Updates")
    )
    named = secretsmanager.Secret.from_secret_attributes(
        made.stack,
        "NamedSecret",
        secret_partial_arn=secret_arn("named")[:-7],
        encryption_key=kms.Key.from_key_arn(made.stack, "NamedKey", vault.format_arn(
            service="kms", resource="key", resource_name="named"
        )),
    )  # fmt: skip
    EdgeServer(made.stack, "Named", **made.around, name="named", secret=named)
    return made


@pytest.fixture(scope="module")
def template(surrounded: Surroundings) -> Template:
    """The template of the servers' stack; making it fails if the stacks depend on each other."""
    return Template.from_stack(surrounded.stack)


@pytest.mark.parametrize(
    ("role", "keys"),
    [
        ("EsExecutionRole", 1),
        ("CoExecutionRole", 2),
        ("UpdatesRole", 1),
        ("NamedExecutionRole", 1),
    ],
)
def test_a_role_may_decrypt_its_secrets_only(template: Template, role: str, keys: int) -> None:
    """Each key by its own ARN, and each only for the one secret that the role reads."""
    granted = [entry for entry in statements(template, role) if entry[0] == ["kms:Decrypt"]]
    assert len(granted) == keys
    for _, resource, condition in granted:
        assert resource != "*"
        ((operator, expected),) = condition.items()
        assert operator == "StringLike"
        assert list(expected) == ["kms:EncryptionContext:SecretARN"]


def test_a_secret_by_name_is_matched_with_any_suffix(template: Template) -> None:
    """The six characters that Secrets Manager adds are not known there."""
    (condition,) = (
        condition
        for actions, _, condition in statements(template, "NamedExecutionRole")
        if actions == ["kms:Decrypt"]
    )
    assert condition == {
        "StringLike": {"kms:EncryptionContext:SecretARN": f"{secret_arn('named')[:-7]}-??????"}
    }


def test_the_keys_are_left_alone(surrounded: Surroundings, template: Template) -> None:
    """The stack of the keys depends on nothing, and its keys know no role of another stack."""
    vault = surrounded.stack.node.root.node.find_child("Vault")
    assert isinstance(vault, Stack)
    assert vault.dependencies == []
    assert "Fn::ImportValue" not in json.dumps(Template.from_stack(vault).to_json())


def by_name(stack: Stack) -> kms.IAlias:
    """An existing alias."""
    return kms.Alias.from_alias_name(stack, "Alias", ALIAS)


def by_attributes(stack: Stack) -> kms.IAlias:
    """An existing alias with its key."""
    key = kms.Key.from_key_arn(stack, "Key", KEY_ARN)
    return kms.Alias.from_alias_attributes(stack, "Alias", alias_name=ALIAS, alias_target_key=key)


def of_the_app(stack: Stack) -> kms.IAlias:
    """An alias that the app makes."""
    return kms.Alias(stack, "Alias", alias_name=ALIAS, target_key=kms.Key(stack, "Key"))


@pytest.mark.parametrize("alias", [by_name, by_attributes, of_the_app])
@pytest.mark.parametrize("is_apart", [False, True])
def test_a_key_by_its_alias_is_granted_by_a_condition(
    alias: Callable[[Stack], kms.IAlias], is_apart: bool
) -> None:
    """In a policy the ARN of an alias allows nothing, for secrets, storage and variables."""
    app = new_app()
    made = surroundings(new_stack("Test", app))
    vault = new_stack("Vault", app) if is_apart else made.stack
    key = alias(vault)
    secret = secretsmanager.Secret(vault, "Secret", encryption_key=key)
    values = {"KEY": ecs.Secret.from_secrets_manager(secret, "KEY")}
    storage = EdgeStorage(vault, "Storage", encryption_key=key)
    EdgeServer(made.stack, "Own", **made.around, name="own", secret=secret, storage=storage)
    EdgeServer(made.stack, "Others", **made.around, name="others", secrets=values)
    ServerlessEdgeServer(
        made.stack,
        "Lambda",
        ingress=made.ingress,
        name="lambda",
        repository=ecr.Repository.from_repository_name(made.stack, "Images", "datafi-es"),
        environment_encryption=key,
    )
    app.synth()
    template = Template.from_stack(made.stack)
    roles = ("OwnExecution", "OwnTaskRole", "OthersExecution", "LambdaRole")
    for role in roles:
        ((resource, conditions),) = (
            (resource, conditions)
            for actions, resource, conditions in statements(template, role)
            if "kms:Decrypt" in actions
        )
        assert resource["Fn::Join"][1][-1] == ":key/*"
        named = conditions.pop("ForAnyValue:StringEquals")
        assert named == {"kms:ResourceAliases": ALIAS}
        reads_a_secret = role in ("OwnExecution", "OthersExecution")
        assert list(conditions) == (["StringLike"] if reads_a_secret else [])


def test_a_server_exposes_the_secrets_of_its_variables(surrounded: Surroundings) -> None:
    """Those whose fields it reads, and not the credentials of a registry, which ECS reads."""
    servers: dict[str, Any] = {
        name: surrounded.stack.node.find_child(name) for name in ("Es", "Co", "Named")
    }
    paths = {
        name: [secret.node.path for secret in server.secrets] for name, server in servers.items()
    }
    assert paths == {"Es": ["Vault/Es"], "Co": ["Vault/Co"], "Named": ["Test/NamedSecret"]}
