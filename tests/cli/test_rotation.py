"""`datafi-cdk secrets rotate` against the embedded AWS: no token is refused at any step."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from datafi_cdk.cli.secrets.jwt_keys import pair_problem, read_jwks
from datafi_cdk.local import EmbeddedAws
from datafi_cdk.output_names import output_prefix

from .failing_aws import failing_aws
from .secret_values import Deployment
from .stacks import make_stack


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


def signer(acme: Deployment) -> dict[str, Any]:
    """What the coordinator reads."""
    return dict(acme.held()["co"])


def jwks(acme: Deployment) -> str:
    """What the edge servers read."""
    return str(acme.held()["jwt.jwks"]["JWT_JWKS"])


def accepts(jwks: str, signer: dict[str, Any]) -> bool:
    """Whether a server accepts tokens of a coordinator."""
    return pair_problem(signer["JWT_KEY"], signer["JWT_KID"], jwks) is None


def rotate(acme: Deployment, *arguments: str, **options: Any) -> Any:
    """A step, with what it tells."""
    return acme.run("secrets", "rotate", "jwt", *arguments, "--yes", "--json", **options)


def test_three_steps_refuse_no_token(acme: Deployment) -> None:
    """Servers know the new key before the coordinator has it, and the old one until the end."""
    old, old_jwks = signer(acme), jwks(acme)
    first = rotate(acme).json
    both = jwks(acme)
    assert signer(acme) == old
    assert accepts(both, old)
    assert [secret.rpartition("/")[2] for secret in first["secrets"]] == ["co", "jwt.jwks"]

    rotate(acme, "--switch")
    new = signer(acme)
    assert new["KEYVAL"] == old["KEYVAL"]
    assert new["JWT_KID"] != old["JWT_KID"]
    assert accepts(both, new)
    assert not accepts(old_jwks, new)
    assert jwks(acme) == both

    rotate(acme, "--finish")
    assert accepts(jwks(acme), new)
    assert [entry["kid"] for entry in read_jwks(jwks(acme))] == [new["JWT_KID"]]
    check = acme.run("secrets", "check", "--json").json
    assert {finding["result"] for finding in check} == {"pass"}


def test_the_value_before_remains(acme: Deployment) -> None:
    """Each secret that changed has what it held before as AWSPREVIOUS."""
    old = acme.secrets()["co"]
    rotate(acme)
    rotate(acme, "--switch")
    client = acme.aws.client("secretsmanager")
    previous = client.get_secret_value(SecretId=old["ARN"], VersionStage="AWSPREVIOUS")
    assert previous["SecretString"] == old["SecretString"]


def test_keeps_the_algorithm_unless_told(acme: Deployment) -> None:
    """A new ECDSA key follows an ECDSA key, and an RSA key where that is asked for."""
    rotate(acme)
    assert [entry["alg"] for entry in read_jwks(jwks(acme))] == ["ES256", "ES256"]
    rotate(acme, "--switch")
    rotate(acme, "--algorithm", "RS256")
    assert [entry["alg"] for entry in read_jwks(jwks(acme))] == ["ES256", "ES256", "RS256"]


def test_a_step_that_was_interrupted_is_continued(acme: Deployment) -> None:
    """The key that was made is used, and no other is made."""
    name = f"datafi/{acme.name}/jwt.jwks"
    arn = acme.secrets()["jwt.jwks"]["ARN"]
    with failing_aws(
        acme.aws,
        lambda operation, data: operation == "PutSecretValue" and data["SecretId"] == arn,
    ) as (env, _):
        assert "may not call PutSecretValue" in rotate(acme, env=env, fails=1).err
    refused = rotate(acme, "--switch", fails=1)
    assert "no key with the id" in refused.err
    assert rotate(acme).json["secrets"] == [name]
    assert rotate(acme).json["secrets"] == []
    assert len(read_jwks(jwks(acme))) == 2
    rotate(acme, "--switch")
    assert accepts(jwks(acme), signer(acme))


def test_refuses_steps_out_of_order(acme: Deployment) -> None:
    """Neither the second without the first, nor the third without the second."""
    assert "there is no new signing key" in rotate(acme, "--switch", fails=1).err
    rotate(acme)
    assert "first run" in rotate(acme, "--finish", fails=1).err
    assert "one of --switch and --finish" in rotate(acme, "--switch", "--finish", fails=2).err


def test_asks_first(acme: Deployment) -> None:
    """Without a terminal and --yes, nothing changes."""
    before = acme.held()
    done = acme.run("secrets", "rotate", "jwt", fails=1)
    assert "add --yes" in done.err
    assert acme.held() == before


def test_refuses_halves_that_do_not_fit(acme: Deployment) -> None:
    """What is wrong already is told, and not made worse."""
    kid = json.dumps({**signer(acme), "JWT_KID": str(uuid.uuid4())})
    client = acme.aws.client("secretsmanager")
    client.put_secret_value(SecretId=f"datafi/{acme.name}/co", SecretString=kid)
    assert "no key with the id" in rotate(acme, fails=1).err
    assert len(read_jwks(jwks(acme))) == 1


def test_rotates_the_key_of_an_update_api(acme: Deployment) -> None:
    """The new key is one of 32 bytes; the one before stays as AWSPREVIOUS."""
    old = acme.secrets()["es/update"]
    done = acme.run("secrets", "rotate", "update-secret", "es", "--yes")
    assert "15 minutes" in done.err
    new = acme.secrets()["es/update"]
    assert len(new["SecretString"]) == 44
    assert new["SecretString"] not in done.out + done.err
    client = acme.aws.client("secretsmanager")
    previous = client.get_secret_value(SecretId=old["ARN"], VersionStage="AWSPREVIOUS")
    assert previous["SecretString"] == old["SecretString"]


def test_rotates_a_key_that_the_stack_made(acme: Deployment) -> None:
    """Its ARN is an output of the stack, not a key of the file; before a deployment, of none."""
    refused = acme.run("secrets", "rotate", "update-secret", "es-two", "--yes", fails=1)
    assert "no deployed stacks tell of one; deploy first" in refused.err
    client = acme.aws.client("secretsmanager")
    arn = client.create_secret(Name=f"{acme.name}-made", SecretString="not-a-real-key")["ARN"]
    prefix = output_prefix("es-two")
    outputs = {
        f"{prefix}Url": "https://es-two.edge.example.com",
        f"{prefix}UpdateUrl": "https://update.edge.example.com/es-two",
        f"{prefix}UpdateSecretArn": arn,
    }
    make_stack(acme.aws, f"Edge-{acme.name}", outputs)
    acme.run("secrets", "rotate", "update-secret", "es-two", "--yes")
    assert len(client.get_secret_value(SecretId=arn)["SecretString"]) == 44


def test_refuses_another_server(acme: Deployment) -> None:
    """A name that no server has is told with those that there are."""
    done = acme.run("secrets", "rotate", "update-secret", "es-3", "--yes", fails=1)
    assert "must be one of es, es-two, co, got es-3" in done.err
