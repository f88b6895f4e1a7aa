"""`datafi-cdk secrets check` against the embedded AWS."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from datafi_cdk.local import EmbeddedAws

from .failing_aws import failing_aws
from .secret_values import Deployment, new_values


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedAws]:
    """An account for the tests of this file."""
    with EmbeddedAws() as running:
        yield running


@pytest.fixture
def acme(aws: EmbeddedAws, tmp_path: Path) -> Deployment:
    """A deployment with its secrets."""
    deployment = Deployment(tmp_path, aws, f"acme-{uuid.uuid4().hex[:8]}")
    deployment.import_()
    return deployment


def test_check_tells_what_is_missing_or_wrong(acme: Deployment) -> None:
    """Missing fields, another form, another pair and another tag are each told; exit code 3."""
    client = acme.aws.client("secretsmanager")
    prefix = f"datafi/{acme.name}"
    other = new_values()
    for name, value in {
        "es": "not-a-real-json",
        "es-two": json.dumps({"KEY": "not-a-real-key"}),
        "jwt.jwks": json.dumps({"JWT_JWKS": other["JWT_JWKS"]}),
        "co/registry": json.dumps({"username": "not-a-real-name", "password": 7}),
        "es/update": "not-a-real-short",
    }.items():
        client.put_secret_value(SecretId=f"{prefix}/{name}", SecretString=value)
    done = acme.run("secrets", "check", "--json", fails=3)
    failed = {each["place"]: each["message"] for each in done.json if each["result"] == "fail"}
    servers = "edge_servers.long_running"
    assert failed == {
        f"{servers}[0].secret_arn": "it holds no JSON, where a JSON object must be",
        f"{servers}[0].update_secret_arn": "its string must be 32 characters or more",
        f"{servers}[1].secret_arn": "its field EDGE_KEY is missing",
        "coordinator.registry_credentials_secret_arn": "its field password must be a string",
        **dict.fromkeys(
            ("es", "es-two"),
            "its JWT_JWKS has no key with the id that JWT_KID names,"
            " so that it refuses every token",
        ),
    }


def test_check_compares_tags_and_halves(acme: Deployment) -> None:
    """An image that reads EDGE_KEY gets no KEY; a JWKS of another pair is told for each server."""
    acme.config.write_text(
        acme.config.read_text().replace(
            "image_tag: next", "image_tag: next\n      secret_variables: {KEY: EDGE_KEY}"
        )
    )
    other = json.dumps({"JWT_JWKS": new_values()["JWT_JWKS"]})
    acme.aws.client("secretsmanager").put_secret_value(
        SecretId=f"datafi/{acme.name}/jwt.jwks", SecretString=other
    )
    done = acme.run("secrets", "check", "--json", fails=3)
    failed = [each["message"] for each in done.json if each["result"] == "fail"]
    assert "its image with tag next reads EDGE_KEY" in failed[0]
    assert ["refuses every token" in each for each in failed] == [False, True, True]
    table = acme.run("secrets", "check", fails=3).out
    assert table.count("fail") == 3


def test_check_says_what_it_may_not_read(acme: Deployment) -> None:
    """A missing right is no missing secret."""
    with failing_aws(acme.aws, lambda name, data: name == "GetSecretValue") as (env, _):
        findings = acme.run("secrets", "check", "--json", env=env).json
    assert {finding["result"] for finding in findings} == {"warn"}
    assert "may not call GetSecretValue" in findings[0]["message"]


def test_tells_servers_without_key_and_without_jwks(acme: Deployment) -> None:
    """A server that reads nothing is a warning, as it may be meant."""
    text = acme.config.read_text()
    kept = [line for line in text.splitlines() if "jwks" not in line and "/es-two-" not in line]
    acme.config.write_text("\n".join(kept))
    findings = acme.run("secrets", "check", "--json").json
    warned = {(each["place"], each["message"]) for each in findings if each["result"] == "warn"}
    assert warned == {
        ("es-two", "it gets no EDGE_KEY, so that it has no identity"),
        ("es", "it reads no JWT_JWKS, so that it cannot validate tokens"),
        ("es-two", "it reads no JWT_JWKS, so that it cannot validate tokens"),
    }


def test_looks_at_other_secrets_and_plain_variables(acme: Deployment) -> None:
    """A JWKS that is plain, and a variable of another secret, count like the rest."""
    client = acme.aws.client("secretsmanager")
    other = client.create_secret(Name=f"{acme.name}-other", SecretString="{}")["ARN"]
    jwks = new_values()["JWT_JWKS"]
    acme.config.write_text(
        acme.config.read_text().replace(
            'TIMEOUT: "1200"}',
            f"JWT_JWKS: '{jwks}'}}\n"
            f"      secrets: {{TOKEN: {{secret_arn: '{other}', field: token}}}}",
        )
    )
    findings = acme.run("secrets", "check", "--json", fails=3).json
    failed = {each["place"]: each["message"] for each in findings if each["result"] == "fail"}
    assert failed.keys() == {"edge_servers.long_running[0].secrets.TOKEN", "es"}
    assert failed["edge_servers.long_running[0].secrets.TOKEN"] == "its field token is missing"
    assert "no key with the id" in failed["es"]
