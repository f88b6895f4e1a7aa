"""`datafi-cdk secrets import` and `check` against the embedded AWS."""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from datafi_cdk import DatafiEdgeConfig
from datafi_cdk.local import EmbeddedAws

from .failing_aws import failing_aws
from .installed import COMMAND, run
from .secret_values import Deployment, new_values


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedAws]:
    """An account for the tests of this file."""
    with EmbeddedAws() as running:
        yield running


@pytest.fixture
def acme(aws: EmbeddedAws, tmp_path: Path) -> Deployment:
    """A deployment whose name no other test has."""
    return Deployment(tmp_path, aws, f"acme-{uuid.uuid4().hex[:8]}")


def expected(values: dict[str, str]) -> dict[str, object]:
    """What the secrets hold after an import."""
    return {
        "es": {"KEY": values["ES1_KEY"]},
        "es/update": values["ES1_UPDATE_API_SECRET"],
        "es-two": {"EDGE_KEY": values["ES2_KEY"]},
        "jwt.jwks": {"JWT_JWKS": values["JWT_JWKS"]},
        "co": {
            "KEYVAL": values["CO_KEYVAL"],
            "JWT_KID": values["CO_JWT_KID"],
            "JWT_KEY": values["CO_JWT_KEY"],
        },
        "co/registry": {
            "username": values["ACR_USERNAME"],
            "password": values["ACR_PASSWORD"],
        },
    }


def test_imports_everything(acme: Deployment) -> None:
    """One secret a service, its tags, and every ARN in a file that otherwise stays as it was."""
    before = acme.config.read_text().splitlines()
    done = acme.import_()
    assert acme.held() == expected(acme.values)
    config = DatafiEdgeConfig.from_file(acme.config)
    first, second = config.edge_servers.long_running
    assert config.coordinator
    arns = {name: secret["ARN"] for name, secret in acme.secrets().items()}
    assert {
        "es": first.secret_arn,
        "es/update": first.update_secret_arn,
        "es-two": second.secret_arn,
        "jwt.jwks": config.jwt_jwks_secret_arn,
        "co": config.coordinator.secret_arn,
        "co/registry": config.coordinator.registry_credentials_secret_arn,
    } == arns
    assert all(arn in done.out for arn in arns.values())
    lines = acme.config.read_text().splitlines()
    assert [line for line in lines if "arn:" not in line] == before
    found = acme.aws.client("secretsmanager").describe_secret(SecretId=arns["es"])
    assert found["Tags"] == [{"Key": "datafi:deployment", "Value": acme.name}]
    report = acme.run("secrets", "check", "--json").json
    assert {finding["result"] for finding in report} == {"pass"}
    assert len(report) == 8


def test_imports_from_the_environment(acme: Deployment) -> None:
    """Exported variables do as well, also by the names of servers."""
    values = dict(acme.values)
    values["ES_TWO_KEY"] = values.pop("ES2_KEY")
    acme.run("secrets", "import", env=values)
    assert acme.held() == expected(acme.values)


def test_a_second_run_changes_nothing(acme: Deployment) -> None:
    """No new version, not a byte of the file, and a report that says so."""
    acme.import_()
    secrets, config = acme.secrets(), acme.config.stat().st_mtime_ns
    done = acme.import_("--json")
    assert acme.secrets().keys() == secrets.keys()
    for name, secret in acme.secrets().items():
        assert secret["VersionId"] == secrets[name]["VersionId"]
    assert acme.config.stat().st_mtime_ns == config
    assert done.json["configKeys"] == []
    assert {secret["action"] for secret in done.json["secrets"]} == {"keep"}


def test_dry_run_writes_nothing(acme: Deployment) -> None:
    """It says what would be written, and where."""
    before = acme.config.read_bytes()
    done = acme.import_("--dry-run")
    assert "to create" in done.out
    assert "edge_servers.long_running[1].secret_arn" in done.out
    assert acme.secrets() == {}
    assert acme.config.read_bytes() == before


def test_keeps_fields_that_are_there(acme: Deployment) -> None:
    """A secret of the user's gets what it lacks, and loses nothing."""
    client = acme.aws.client("secretsmanager")
    mine = json.dumps({"MINE": "not-a-real-field", "EDGE_KEY": "not-a-real-edge-key"})
    arn = client.create_secret(Name=f"{acme.name}-mine", SecretString=mine)["ARN"]
    text = acme.config.read_text().replace("# the first", f"# the first\n      secret_arn: {arn}")
    acme.config.write_text(text)
    acme.import_()
    held = json.loads(client.get_secret_value(SecretId=arn)["SecretString"])
    assert held == {**json.loads(mine), "KEY": acme.values["ES1_KEY"]}
    assert "es" not in acme.held()
    assert acme.config.read_text().count(arn) == 1


def test_asks_before_it_replaces(acme: Deployment) -> None:
    """Another value needs --yes, and what was there stays as AWSPREVIOUS."""
    acme.import_()
    before = acme.secrets()["es"]
    acme.write_env(ES1_KEY="not-a-real-other-key")
    refused = acme.import_(fails=1)
    assert "add --yes" in refused.err
    assert acme.secrets()["es"]["VersionId"] == before["VersionId"]
    report = acme.import_("--yes", "--json").json
    assert [secret["replaced"] for secret in report["secrets"]].count(["KEY"]) == 1
    assert acme.held()["es"] == {"KEY": "not-a-real-other-key"}
    client = acme.aws.client("secretsmanager")
    previous = client.get_secret_value(SecretId=before["ARN"], VersionStage="AWSPREVIOUS")
    assert previous["SecretString"] == before["SecretString"]


def test_refuses_all_faults_at_once(acme: Deployment) -> None:
    """Whatever is missing or wrong is told together, and no secret is written."""
    other = new_values()
    before = acme.config.read_bytes()
    acme.write_env(
        ES1_KEY="",
        ES2_KEY="not-a-real key",
        CO_KEYVAL="bm90LWEtcmVhbA==",
        JWT_JWKS=other["JWT_JWKS"],
        ES1_UPDATE_API_SECRET="not-a-real-short",
        ACR_PASSWORD="",
    )
    done = acme.import_(fails=1)
    for name in ("ES1_KEY", "ES2_KEY", "CO_KEYVAL", "JWT_JWKS", "ES1_UPDATE", "ACR_PASSWORD"):
        assert sum(name in line for line in done.err.splitlines()) == 1, done.err
    assert "datafi-cdk keys edge es" in done.err
    assert other["JWT_JWKS"] not in done.err
    assert acme.secrets() == {}
    assert acme.config.read_bytes() == before


def test_refuses_values_that_disagree(acme: Deployment) -> None:
    """A variable that is one thing in the environment and another in the file is told."""
    done = acme.import_(env={"ES1_KEY": "not-a-real-other-key"}, fails=1)
    assert "ES1_KEY of the environment and ES1_KEY of env.sh must be the same" in done.err
    assert acme.secrets() == {}


def test_refuses_to_run_the_env_file(acme: Deployment) -> None:
    """A line that a shell would expand is told by its number."""
    path = acme.folder / "env.sh"
    path.write_text(f"{path.read_text()}\nexport ES2_KEY=$(cat not-a-real-file)\n")
    done = acme.import_(fails=1)
    assert "env.sh:10: commands are not executed" in done.err or "env.sh:10: $" in done.err


def test_tells_what_it_does_not_use(acme: Deployment) -> None:
    """A variable of a server that is not in the file is mentioned."""
    acme.write_env(ES3_KEY="not-a-real-third-key")
    assert "ES3_KEY" in acme.import_("--dry-run").err


def test_refuses_a_secret_that_is_about_to_be_deleted(acme: Deployment) -> None:
    """It is told with the command that brings it back."""
    acme.import_()
    client = acme.aws.client("secretsmanager")
    client.delete_secret(SecretId=f"datafi/{acme.name}/es", RecoveryWindowInDays=7)
    done = acme.import_(fails=1)
    assert f"restore-secret --secret-id datafi/{acme.name}/es" in done.err
    findings = acme.run("secrets", "check", "--json", fails=3).json
    assert findings[0]["result"] == "fail"
    assert "scheduled for deletion" in findings[0]["message"]


def test_refuses_an_arn_of_no_secret(acme: Deployment) -> None:
    """An ARN that leads nowhere is told with its key."""
    arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:datafi/none-AbCdEf"
    text = acme.config.read_text().replace("# the first", f"# the first\n      secret_arn: {arn}")
    acme.config.write_text(text)
    done = acme.import_(fails=1)
    assert "edge_servers.long_running[0].secret_arn names a secret that is not there" in done.err
    assert acme.secrets() == {}


def test_refuses_another_account(acme: Deployment) -> None:
    """Credentials of another account than the file names write nothing."""
    text = acme.config.read_text()
    aws = '\naws: {account: "111111111111", region: us-east-1}'
    acme.config.write_text(text.replace("   # ours", f"{aws}   # ours"))
    done = acme.import_(fails=1)
    assert "must be of the account 111111111111" in done.err
    done = acme.import_("--region", "eu-west-1", fails=1)
    assert "--region must be that of the configuration" in done.err
    assert acme.secrets() == {}


def test_a_failure_in_the_middle_is_continued(acme: Deployment) -> None:
    """What AWS refuses half way is told; the file stays, and a second run does the rest only."""
    before = acme.config.read_bytes()
    refused = f"datafi/{acme.name}/jwt.jwks"
    with failing_aws(
        acme.aws, lambda name, data: name == "CreateSecret" and data["Name"] == refused
    ) as (env, _):
        done = acme.import_(env=env, fails=1)
    assert f"Stopped at the secret {refused}" in done.err
    assert "may not call CreateSecret" in done.err
    assert acme.config.read_bytes() == before
    assert acme.held().keys() == {"es", "es/update", "es-two"}
    with failing_aws(acme.aws, lambda name, data: False) as (env, passed):
        acme.import_(env=env)
    assert passed.count("CreateSecret") == 3
    assert "PutSecretValue" not in passed
    assert acme.held() == expected(acme.values)
    assert {each["result"] for each in acme.run("secrets", "check", "--json").json} == {"pass"}


def test_a_file_that_cannot_be_written_is_continued(acme: Deployment) -> None:
    """With its secrets made, the file gets their ARNs at the next run."""
    before = acme.config.read_bytes()

    def edits(name: str, data: dict[str, object]) -> bool:
        if name == "CreateSecret" and data["Name"] == f"datafi/{acme.name}/co":
            acme.config.write_bytes(before + b"# edited\n")
        return False

    with failing_aws(acme.aws, edits) as (env, _):
        done = acme.import_(env=env, fails=1)
    assert "was changed meanwhile" in done.err
    assert acme.config.read_bytes() == before + b"# edited\n"
    acme.import_()
    assert acme.config.read_text().endswith("# the end\n# edited\n")
    assert {each["result"] for each in acme.run("secrets", "check", "--json").json} == {"pass"}


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_refuses_a_folder_that_takes_no_file_before_it_writes(acme: Deployment) -> None:
    """No secret is made for a file that cannot get its ARN."""
    acme.config.parent.chmod(0o555)
    try:
        done = acme.import_(fails=1)
    finally:
        acme.config.parent.chmod(0o755)
    assert f"nothing can be written to {acme.config.parent}" in done.err
    assert acme.held() == {}


def test_a_secret_that_was_changed_meanwhile_is_kept(acme: Deployment) -> None:
    """What somebody else writes during the import is not overwritten."""
    acme.import_()
    acme.write_env(ES1_KEY="not-a-real-other-key", ES2_KEY="not-a-real-other-second-key")
    client = acme.aws.client("secretsmanager")
    second = acme.secrets()["es-two"]["ARN"]

    def edits(name: str, data: dict[str, object]) -> bool:
        if name == "PutSecretValue" and data["SecretId"] != second:
            client.put_secret_value(SecretId=second, SecretString='{"MINE": "not-a-real-value"}')
        return False

    with failing_aws(acme.aws, edits) as (env, _):
        done = acme.import_("--yes", env=env, fails=1)
    assert f"the secret datafi/{acme.name}/es-two was changed meanwhile" in done.err
    assert acme.held()["es-two"] == {"MINE": "not-a-real-value"}
    acme.import_("--yes")
    assert acme.held()["es-two"] == {
        "MINE": "not-a-real-value",
        "EDGE_KEY": "not-a-real-other-second-key",
    }


def test_takes_base64_that_a_tool_broke_into_lines(acme: Deployment) -> None:
    """What `base64` wraps is one value, and is kept on one line."""
    key = acme.values["CO_JWT_KEY"]
    lines = "\n".join(key[start : start + 76] for start in range(0, len(key), 76))
    acme.write_env(CO_JWT_KEY=f"{lines}\n")
    acme.import_()
    assert acme.held() == expected(acme.values)


def test_values_are_in_no_traceback(acme: Deployment) -> None:
    """With --debug, the traceback of a failing call shows no value either."""
    with failing_aws(acme.aws, lambda name, data: name == "CreateSecret") as (env, _):
        done = subprocess.run(
            [COMMAND, "secrets", "import", "-e", "env.sh", "--debug"],
            cwd=acme.folder,
            env=env,
            capture_output=True,
            text=True,
        )
    assert "Traceback" in done.stderr
    for value in acme.values.values():
        assert value not in done.stdout + done.stderr


def test_encrypts_with_a_key_of_the_user(acme: Deployment) -> None:
    """New secrets have it, the file names it beside each, and the check is content."""
    key = "arn:aws:kms:us-east-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    acme.import_("--kms-key", key)
    config = DatafiEdgeConfig.from_file(acme.config)
    assert config.coordinator
    assert config.jwt_jwks_secret_kms_key_arn == key
    assert config.coordinator.registry_credentials_kms_key_arn == key
    assert config.edge_servers.long_running[0].update_secret_kms_key_arn == key
    found = acme.aws.client("secretsmanager").describe_secret(SecretId=f"datafi/{acme.name}/co")
    assert found["KmsKeyId"] == key
    assert {each["result"] for each in acme.run("secrets", "check", "--json").json} == {"pass"}
    text = acme.config.read_text().replace(f"jwt_jwks_secret_kms_key_arn: {key}\n", "")
    acme.config.write_text(text)
    warned = acme.run("secrets", "check", "--json").json
    assert [each["result"] for each in warned].count("warn") == 1


def test_refuses_an_alias_as_key(acme: Deployment) -> None:
    """What the file cannot name is refused before a secret is made."""
    done = acme.import_("--kms-key", "alias/mine", fails=1)
    assert "--kms-key must be the ARN of a KMS key" in done.err
    assert acme.secrets() == {}


def test_help_is_quick_to_read(tmp_path: Path) -> None:
    """Each subcommand says what it does."""
    for words in (["import"], ["check"], ["rotate", "jwt"], ["rotate", "update-secret"]):
        assert "Usage: datafi-cdk secrets" in run("secrets", *words, "--help", cwd=tmp_path).out
