"""Secrets with a customer-managed key, from wherever they come."""

from __future__ import annotations

import json

import pytest
from datafi_cdk import Coordinator, EdgeServer, UpdateApi
from aws_cdk import Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk.assertions import Template
from deployment import Surroundings, new_app, new_stack, secret_arn, statements, surroundings


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
        ("EsTaskDefinitionExecutionRole", 1),
        ("CoTaskDefinitionExecutionRole", 2),
        ("UpdatesRole", 1),
        ("NamedTaskDefinitionExecutionRole", 1),
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
        for actions, _, condition in statements(template, "NamedTaskDefinitionExecutionRole")
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
