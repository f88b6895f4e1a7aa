"""`datafi-cdk status`, `update` and `rollback` over HTTPS: what is sent, and what is told."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from datafi_cdk.cli.update_access import UpdateAccess
from datafi_cdk.local import EmbeddedAws

from .failing_aws import failing_aws
from .https_front import Answer, Answering, https_front, in_json
from .in_process import run
from .installed import Done
from .stacks import make_stack

KEY = "not-a-real-key"
HOST = "update.edge.example.com"
VERSION = "v2"
REPORT: dict[str, Any] = {
    "service": "es",
    "live": {"imageTag": "v1"},
    "requested": {"imageTag": VERSION},
    "rolloutState": "IN_PROGRESS",
    "tasks": {"desired": 1, "running": 1, "pending": 1},
    "updates": [],
}
BEGUN = "es is being updated to v2."


def reported(result: str) -> dict[str, Any]:
    """A report with one update."""
    update = {"requestId": "7", "at": "2026-11-25T10:00:00+00:00", "by": "203.0.113.7"}
    update |= {"action": "update", "from": "v1", "to": VERSION, "result": result}
    return REPORT | {"updates": [update]}


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedAws]:
    """An account with the outputs of two deployments, each with a server."""
    with EmbeddedAws() as aws:
        secret = aws.client("secretsmanager").create_secret(Name="key", SecretString=KEY)["ARN"]
        for name, root in (("Edge", "edge.example.com"), ("Another", "another.example.com")):
            outputs = {
                "EsUrl": f"https://es.{root}",
                "EsUpdateUrl": f"https://update.{root}/es",
                "EsUpdateSecretArn": secret,
            }
            make_stack(aws, name, outputs)
        signed = {"CoUrl": "https://co.edge.example.com", "CoUpdateUrl": f"https://{HOST}/co"}
        make_stack(aws, "Signed", signed)
        yield aws


def ask(
    aws: EmbeddedAws, folder: Path, answering: Answering, *arguments: str, fails: int = 0
) -> Done:
    """Run the command while something answers at the update API's address."""
    with https_front(folder, HOST, answering) as way:
        env = {**aws.environment(), **way}
        return run(*arguments, "--stack", "Edge", cwd=folder, env=env, fails=fails)


def test_the_key_and_the_order_are_sent(aws: EmbeddedAws, tmp_path: Path) -> None:
    """A tag, a digest, a rollback, a forced one and a dry run are sent as documented."""
    sent: list[tuple[str, str, Any]] = []

    def answering(method: str, path: str, headers: Mapping[str, str], body: str) -> Answer:
        assert headers["x-api-key"] == KEY
        assert headers["host"] == HOST
        sent.append((method, path, json.loads(body)))
        return in_json(200, message="es already runs v2.", requestId="1")

    digest = f"sha256:{'0' * 64}"
    for arguments in (
        ("update", "es", "v2"),
        ("update", "es", digest, "--force"),
        ("update", "es", "v2", "--dry-run"),
        ("rollback", "es"),
    ):
        ask(aws, tmp_path, answering, *arguments)
    assert sent == [
        ("POST", "/es", {"imageTag": "v2", "force": False, "dryRun": False}),
        ("POST", "/es", {"imageDigest": digest, "force": True, "dryRun": False}),
        ("POST", "/es", {"imageTag": "v2", "force": False, "dryRun": True}),
        ("POST", "/es/rollback", {"force": False, "dryRun": False}),
    ]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (in_json(400, error="Bad Request", message="imageTag must be so."), "imageTag must be so;"),
        (in_json(401, error="Unauthorized"), "answered 401: Unauthorized; one that was just rot"),
        (in_json(403, message="Updates are taken again at noon."), "taken again at noon; "),
        (in_json(409, message="es is being updated; wait, or send force."), "or send force; "),
        (in_json(500, message="ecs:UpdateService failed: Throttling."), "Throttling; the log"),
        ((404, "There is no server at this address."), "answered 404 and no JSON"),
        ((503, "<html>503</html>"), "answered 503 and no JSON"),
        ((200, "[]"), "answered 200 and no JSON"),
        ((200, "{}"), "answered without message, requestId, so it is no update API"),
        (in_json(460, error="Client closed"), "answered 460: Client closed; docs"),
    ],
)
def test_tells_what_is_refused(aws: EmbeddedAws, tmp_path: Path, answer: Answer, told: str) -> None:
    """Each refusal is one sentence with the next step; the key is in none."""
    done = ask(aws, tmp_path, lambda *_request: answer, "update", "es", "v2", fails=1)
    assert told in done.err
    assert len(done.err.splitlines()) == 1
    assert KEY not in done.out + done.err


@pytest.mark.parametrize(
    ("result", "code"), [("COMPLETED", 0), ("FAILED", 3), ("ROLLED_BACK", 3), ("SUPERSEDED", 3)]
)
def test_waits_until_the_rollout_has_ended(
    aws: EmbeddedAws, tmp_path: Path, result: str, code: int
) -> None:
    """It ends as the rollout does."""
    answers = [in_json(200, message=BEGUN, requestId="7"), in_json(200, **reported(result))]
    done = ask(aws, tmp_path, lambda *_: answers.pop(0), "update", "es", "v2", fails=code)
    assert answers == []
    assert f"{result}: 1 of 1 tasks run, 1 start" in done.err
    assert "203.0.113.7" in done.out


def test_asks_on_while_the_rollout_goes_on(
    aws: EmbeddedAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A report that does not know of it yet, and a fault, are no end."""
    monkeypatch.setattr(UpdateAccess, "poll_seconds", 0.0)
    answers = [
        in_json(200, message=BEGUN, requestId="7", warnings=["so [so]"]),
        in_json(200, **REPORT),
        (502, "bad gateway"),
        in_json(200, **reported("IN_PROGRESS")),
        in_json(200, **reported("COMPLETED")),
    ]
    done = ask(aws, tmp_path, lambda *_: answers.pop(0), "update", "es", "v2")
    assert answers == []
    assert "warning: so [so]" in done.err


def test_tells_that_a_report_is_none(aws: EmbeddedAws, tmp_path: Path) -> None:
    """JSON of something else at the address is no report."""
    done = ask(aws, tmp_path, lambda *_: in_json(200, ok=True), "status", "es", fails=1)
    assert "answered without live, requested, rolloutState, service, tasks, updates" in done.err


def test_a_key_may_end_with_a_line_end(aws: EmbeddedAws, tmp_path: Path) -> None:
    """A secret made of a file has one, which the update API takes off as well."""

    def answering(_method: str, _path: str, headers: Mapping[str, str], _body: str) -> Answer:
        assert headers["x-api-key"] == KEY
        return in_json(200, **REPORT)

    with _key_is(aws, SecretString=f"{KEY}\n"):
        ask(aws, tmp_path, answering, "status", "es")


@pytest.mark.parametrize(
    "value", [{"SecretString": f"{KEY}\nmore"}, {"SecretBinary": KEY.encode()}]
)
def test_tells_that_a_key_is_none_without_showing_it(
    aws: EmbeddedAws, tmp_path: Path, value: dict[str, Any]
) -> None:
    """What cannot stand in a header is not sent, and not in the error."""
    with _key_is(aws, **value):
        done = ask(aws, tmp_path, lambda *_: in_json(200, **REPORT), "status", "es", fails=1)
    assert "must hold the key of https://update.edge.example.com/es as one line" in done.err
    assert KEY not in done.out + done.err


@contextmanager
def _key_is(aws: EmbeddedAws, **value: Any) -> Iterator[None]:
    secrets = aws.client("secretsmanager")
    secrets.put_secret_value(SecretId="key", **value)
    try:
        yield
    finally:
        secrets.put_secret_value(SecretId="key", SecretString=KEY)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("ALL_PROXY", "socks5://127.0.0.1:1", "the proxy of HTTPS_PROXY"),
        ("HTTPS_PROXY", "ftp://user:not-a-real-secret@127.0.0.1", "the proxy of HTTPS_PROXY"),
        ("SSL_CERT_FILE", "/nowhere", "SSL_CERT_FILE and SSL_CERT_DIR must name"),
        ("SSL_CERT_FILE", "/etc/hosts", "SSL_CERT_FILE and SSL_CERT_DIR must name"),
    ],
)
def test_tells_what_the_environment_has_wrong(
    aws: EmbeddedAws, tmp_path: Path, name: str, value: str, told: str
) -> None:
    """A proxy or certificates that cannot be used are one sentence."""
    env = {**aws.environment(), name: value}
    done = run("status", "es", "--stack", "Edge", cwd=tmp_path, env=env, fails=1)
    assert told in done.err
    assert "not-a-real-secret" not in done.err


def test_waits_for_nothing_if_told_so(aws: EmbeddedAws, tmp_path: Path) -> None:
    """With `--no-wait` it asks once, and the answer is the JSON."""
    answers = [in_json(200, message=BEGUN, requestId="7")]
    arguments = ("update", "es", "v2", "--no-wait", "--json")
    done = ask(aws, tmp_path, lambda *_: answers.pop(0), *arguments)
    assert done.json == {"message": BEGUN, "requestId": "7"}


def test_requests_are_signed_where_there_is_no_key(aws: EmbeddedAws, tmp_path: Path) -> None:
    """A stack without the output of a secret takes requests that are signed for IAM."""
    seen: list[Mapping[str, str]] = []

    def answering(_method: str, _path: str, headers: Mapping[str, str], _body: str) -> Answer:
        seen.append(headers)
        return in_json(200, **REPORT)

    with https_front(tmp_path, HOST, answering) as way:
        env = {**aws.environment(), **way}
        run("status", "co", "--stack", "Signed", cwd=tmp_path, env=env)
    (headers,) = seen
    assert headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=test/")
    assert "/us-east-1/lambda/aws4_request" in headers["authorization"]
    assert "x-api-key" not in headers


def test_refuses_a_name_that_several_deployments_have(aws: EmbeddedAws, tmp_path: Path) -> None:
    """Without a datafi.yaml, the stack must be named if two have the server."""
    done = run("status", "es", cwd=tmp_path, env=aws.environment(), fails=1)
    assert "es is in the stacks Another and Edge; choose one with --stack" in done.err


def test_the_configuration_says_which_deployment(aws: EmbeddedAws, tmp_path: Path) -> None:
    """With a datafi.yaml, only the servers of its root domain count."""
    run("init", "--root-domain", "edge.example.com", cwd=tmp_path)
    with https_front(tmp_path, HOST, lambda *_: in_json(200, **REPORT)) as way:
        done = run("status", "--json", cwd=tmp_path, env={**aws.environment(), **way})
    assert [each["stack"] for each in done.json] == ["Edge", "Signed"]


def test_tells_that_there_is_no_such_server(aws: EmbeddedAws, tmp_path: Path) -> None:
    """The servers that are there are named."""
    arguments = ("update", "xx", "v2", "--stack", "Edge")
    done = run(*arguments, cwd=tmp_path, env=aws.environment(), fails=1)
    assert "no update API of a server 'xx', but of es" in done.err


def test_tells_that_the_address_cannot_be_reached(aws: EmbeddedAws, tmp_path: Path) -> None:
    """A name that does not resolve, and a certificate that nobody trusts, are told apart."""
    arguments = ("status", "es", "--stack", "Edge")
    done = run(*arguments, cwd=tmp_path, env=aws.environment(), fails=1)
    assert f"https://{HOST}/es could not be reached (" in done.err
    assert "check --live" in done.err
    with https_front(tmp_path, "another.example.com", lambda *_: in_json(200, **REPORT)) as way:
        done = run(*arguments, cwd=tmp_path, env={**aws.environment(), **way}, fails=1)
    assert "certificate" in done.err


def test_tells_that_the_key_is_gone(aws: EmbeddedAws, tmp_path: Path) -> None:
    """A secret that was deleted is named."""
    arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:gone-AbCdEf"
    outputs = {
        "EsUrl": "https://es.gone.example.com",
        "EsUpdateUrl": "https://update.gone.example.com/es",
        "EsUpdateSecretArn": arn,
    }
    make_stack(aws, "Gone", outputs)
    done = run("status", "--stack", "Gone", cwd=tmp_path, env=aws.environment(), fails=1)
    assert f"the secret {arn}" in done.err


def test_shows_the_others_when_a_server_cannot_be_asked(aws: EmbeddedAws, tmp_path: Path) -> None:
    """Of two servers, one key may not be read; the other server is shown, and the fault told."""
    secret = aws.client("secretsmanager").create_secret(Name="locked", SecretString=KEY)["ARN"]
    root = "pair.example.com"
    outputs = {"EsUrl": f"https://es.{root}", "CoUrl": f"https://co.{root}"}
    outputs |= {"EsUpdateUrl": f"https://update.{root}/es", "EsUpdateSecretArn": secret}
    make_stack(aws, "Pair", outputs | {"CoUpdateUrl": f"https://update.{root}/co"})
    arguments = ("status", "--stack", "Pair")

    def refuses(operation: str, _parameters: dict[str, Any]) -> bool:
        return operation == "GetSecretValue"

    report = REPORT | {"service": "co"}
    with (
        failing_aws(aws, refuses) as (env, _),
        https_front(tmp_path, f"update.{root}", lambda *_: in_json(200, **report)) as way,
    ):
        env = {**env, **way, "NO_PROXY": "127.0.0.1"}
        done = run(*arguments, cwd=tmp_path, env=env, fails=1)
        assert "IN_PROGRESS" in done.out
        denied = f"may not call GetSecretValue on the secret {secret}, which holds the key of"
        assert denied in done.err
        done = run(*arguments, "--json", cwd=tmp_path, env=env, fails=1)
        assert [each["service"] for each in done.json] == ["co"]
        assert denied in run("status", "es", *arguments[1:], cwd=tmp_path, env=env, fails=1).err


def test_tells_what_credentials_lack(aws: EmbeddedAws, tmp_path: Path) -> None:
    """None at all, half of them, no region, no such profile: one sentence with the next step."""
    env = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_ENDPOINT_URL": aws.endpoint}
    region = {"AWS_REGION": "us-east-1"}
    done = run("status", cwd=tmp_path, env=env, fails=1)
    assert "no AWS region is named" in done.err
    done = run("status", cwd=tmp_path, env=env | region, fails=1)
    assert "no AWS credentials were found; run `aws sso login`" in done.err
    half = {"AWS_ACCESS_KEY_ID": "test"}
    done = run("status", cwd=tmp_path, env=env | region | half, fails=1)
    assert "the AWS credentials are not complete" in done.err
    done = run("status", "--profile", "nobody", cwd=tmp_path, env=env, fails=1)
    assert "nobody" in done.err
