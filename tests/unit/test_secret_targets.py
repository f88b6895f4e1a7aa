"""Which variable goes to which field of which secret."""

from pathlib import Path
from typing import Any

import pytest
from datafi_cdk.cli.secrets.config_edit import dotted
from datafi_cdk.cli.secrets.draft import read_draft
from datafi_cdk.cli.secrets.targets import targets, undecided_servers

ARN = "arn:aws:secretsmanager:us-east-1:111111111111:secret:mine-AbCdEf"
REPOSITORY = "arn:aws:ecr:us-east-1:111111111111:repository/es"


def draft_of(folder: Path, servers: str, rest: str = "") -> Any:
    """A draft with some edge servers."""
    path = folder / "datafi.yaml"
    path.write_text(
        "deployment_name: acme\ndns: {root_domain: edge.example.com}\n"
        f"edge_servers:\n  long_running: {servers}\n{rest}"
    )
    return read_draft(path)


def wanted(draft: Any) -> dict[str, tuple[str, ...]]:
    """The names of the variables of each field, by place in the file and field."""
    return {
        f"{dotted(target.keys)} {each.field}": each.names
        for target in targets(draft)
        for each in target.wanted
    }


FIRST = "edge_servers.long_running[0]"
SECOND = "edge_servers.long_running[1]"
UPDATE = "UPDATE_API_SECRET"


def test_a_server_is_known_by_number_and_name(tmp_path: Path) -> None:
    """Of tag latest it is KEY, of any other EDGE_KEY."""
    draft = draft_of(tmp_path, "[{name: es}, {name: eu-1, image_tag: next}]")
    assert wanted(draft) == {
        f"{FIRST}.secret_arn KEY": ("ES1_KEY", "ES_KEY"),
        f"{FIRST}.update_secret_arn None": (f"ES1_{UPDATE}", f"ES_{UPDATE}"),
        f"{SECOND}.secret_arn EDGE_KEY": ("ES2_KEY", "ES2_EDGE_KEY", "EU_1_KEY"),
        f"{SECOND}.update_secret_arn None": (f"ES2_{UPDATE}", f"EU_1_{UPDATE}"),
        "jwt_jwks_secret_arn JWT_JWKS": ("JWT_JWKS",),
    }


def test_a_name_that_means_two_things_means_the_number(tmp_path: Path) -> None:
    """ES2_KEY is that of the second server, whatever the first is called."""
    found = wanted(draft_of(tmp_path, "[{name: es2}, {name: es1}, {name: jwt}]"))
    assert found[f"{FIRST}.secret_arn KEY"] == ("ES1_KEY",)
    assert found[f"{SECOND}.secret_arn KEY"] == ("ES2_KEY",)
    assert found["edge_servers.long_running[2].secret_arn KEY"] == ("ES3_KEY", "JWT_KEY")


def test_takes_what_secret_variables_say(tmp_path: Path) -> None:
    """Fields may have other names, and a server may have its own JWKS and both keys."""
    servers = (
        "[{name: es, secret_variables: [KEY, EDGE_KEY, JWT_JWKS]},"
        " {name: b, secret_variables: {KEY: mine, TOKEN: token}}]"
    )
    found = wanted(draft_of(tmp_path, servers))
    assert found[f"{FIRST}.secret_arn KEY"] == ("ES1_KEY",)
    assert found[f"{FIRST}.secret_arn EDGE_KEY"] == ("ES1_EDGE_KEY",)
    assert found[f"{FIRST}.secret_arn JWT_JWKS"] == ("JWT_JWKS",)
    assert found[f"{SECOND}.secret_arn mine"] == ("ES2_KEY", "B_KEY")
    assert found[f"{SECOND}.secret_arn token"] == ("ES2_TOKEN",)


def test_shares_no_jwks_that_nobody_reads(tmp_path: Path) -> None:
    """Where each server has its own, there is no shared secret."""
    servers = "[{name: es, secret_variables: [KEY, JWT_JWKS]}]"
    assert "jwt_jwks_secret_arn JWT_JWKS" not in wanted(draft_of(tmp_path, servers))


def test_an_update_api_for_all_has_one_secret(tmp_path: Path) -> None:
    """With shared: true it is UPDATE_API_SECRET; with callers there is none."""
    shared = wanted(draft_of(tmp_path, "[{name: es}]", "update_api: {shared: true}\n"))
    assert shared["update_api.secret_arn None"] == (UPDATE,)
    assert f"{FIRST}.update_secret_arn None" not in shared
    role = "arn:aws:iam::111111111111:role/console"
    callers = f"update_api: {{caller_role_arns: ['{role}']}}\n"
    assert not any("None" in each for each in wanted(draft_of(tmp_path, "[{name: es}]", callers)))


def test_servers_on_lambda_come_after(tmp_path: Path) -> None:
    """They have a number, and no update API."""
    rest = f"  serverless: [{{name: fn, ecr_repository_arn: '{REPOSITORY}'}}]\n"
    found = wanted(draft_of(tmp_path, "[{name: es}]", rest))
    assert found["edge_servers.serverless[0].secret_arn KEY"] == ("ES2_KEY", "FN_KEY")
    assert not any(each.startswith("edge_servers.serverless[0].update") for each in found)


@pytest.mark.parametrize("names_it", [True, False])
def test_a_coordinator_from_ecr_needs_no_credentials(tmp_path: Path, names_it: bool) -> None:
    """Otherwise its registry is private, and it has a secret of its own."""
    ecr = f"ecr_repository_arn: '{REPOSITORY}', " if names_it else ""
    rest = f"coordinator: {{{ecr}secret_arn: '{ARN}'}}\n"
    draft = draft_of(tmp_path, "[{name: es}]", rest)
    found = wanted(draft)
    assert found["coordinator.secret_arn KEYVAL"] == ("CO_KEYVAL",)
    assert ("coordinator.registry_credentials_secret_arn username" in found) is not names_it
    by_key = {dotted(target.keys): target for target in targets(draft)}
    assert by_key["coordinator.secret_arn"].arn == ARN
    assert by_key["jwt_jwks_secret_arn"].wanted[0].is_required


def test_no_two_secrets_have_one_name(tmp_path: Path) -> None:
    """Whatever servers are called, their secrets are apart."""
    draft = draft_of(
        tmp_path,
        "[{name: registry}, {name: jwt}, {name: jwks}]",
        "update_api: {shared: true}\ncoordinator: {}\n",
    )
    names = [target.name for target in targets(draft)]
    assert len(set(names)) == len(names) == 7
    assert all(name.startswith("datafi/acme/") for name in names)


def test_a_digest_does_not_tell_the_key(tmp_path: Path) -> None:
    """Then secret_variables must say it."""
    digest = f"image_digest: 'sha256:{'0' * 64}'"
    assert undecided_servers(draft_of(tmp_path, f"[{{name: es, {digest}}}]")) == [
        f"{FIRST}.secret_variables"
    ]
    decided = f"[{{name: es, {digest}, secret_variables: [KEY]}}]"
    assert undecided_servers(draft_of(tmp_path, decided)) == []
