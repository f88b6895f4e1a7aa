"""`datafi-cdk keys`: what is made, where it goes, and that it is seen nowhere else."""

from __future__ import annotations

import base64
import json
import os
import stat
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from datafi_cdk.cli.secrets.env_file import read_env_file
from datafi_cdk.cli.secrets.jwt_keys import pair_problem, read_jwks
from datafi_cdk.local import EmbeddedAws

from .in_process import run
from .installed import COMMAND, Done
from .secret_values import CONFIG, Deployment

PASSWORD = "not-a-real-password"


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedAws]:
    """An account for the tests of this file."""
    with EmbeddedAws() as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a configuration, but no keys."""
    (tmp_path / "datafi.yaml").write_text(CONFIG.format(name="acme"))
    return tmp_path


def made(folder: Path, file: str = "env.sh") -> dict[str, str]:
    """What a file of keys holds, which only its user may read."""
    path = folder / file
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    return read_env_file(path)


def hides(done: Done, values: dict[str, str]) -> None:
    """None of the values is in what the command wrote."""
    for name, value in values.items():
        assert value not in done.out + done.err, name


@pytest.mark.parametrize(("algorithm", "kty"), [("RS256", "RSA"), ("ES256", "EC")])
def test_makes_both_halves(folder: Path, algorithm: str, kty: str) -> None:
    """The file has key, id and JWKS of one pair; the screen has their names only."""
    done = run("keys", "jwt", "--algorithm", algorithm, cwd=folder)
    values = made(folder)
    assert list(values) == ["CO_JWT_KEY", "CO_JWT_KID", "JWT_JWKS"]
    hides(done, values)
    assert all(name in done.out for name in values)
    assert pair_problem(values["CO_JWT_KEY"], values["CO_JWT_KID"], values["JWT_JWKS"]) is None
    (entry,) = read_jwks(values["JWT_JWKS"])
    assert (entry["kty"], entry["alg"]) == (kty, algorithm)


def test_tells_metadata_as_json(folder: Path) -> None:
    """With --json there are names, id and algorithm; values only with --show."""
    done = run("keys", "jwt", "--json", cwd=folder)
    values = made(folder)
    assert done.json == {
        "variables": ["CO_JWT_KEY", "CO_JWT_KID", "JWT_JWKS"],
        "kid": values["CO_JWT_KID"],
        "algorithm": "RS256",
        "file": "env.sh",
    }
    shown = run("keys", "jwt", "--json", "--show", cwd=folder).json["values"]
    assert pair_problem(shown["CO_JWT_KEY"], shown["CO_JWT_KID"], shown["JWT_JWKS"]) is None


def test_shows_in_place_of_a_file(folder: Path) -> None:
    """What --show writes, a shell reads; nothing else is written unless a file is named."""
    shown = run("keys", "jwt", "--show", cwd=folder)
    assert not (folder / "env.sh").exists()
    script = f'{shown.out}\nprintf %s "$JWT_JWKS"'
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True)
    assert len(read_jwks(done.stdout)) == 1
    run("keys", "jwt", "--show", "--out", "env.sh", cwd=folder)
    assert made(folder)


def test_refuses_to_overwrite(folder: Path) -> None:
    """A key that is there stays, and so does the file."""
    run("keys", "jwt", cwd=folder)
    before = (folder / "env.sh").read_bytes()
    done = run("keys", "jwt", cwd=folder, fails=1)
    assert "has CO_JWT_KEY, CO_JWT_KID, JWT_JWKS already" in done.err
    hides(done, made(folder))
    assert (folder / "env.sh").read_bytes() == before
    run("keys", "jwt", "--out", "other.sh", cwd=folder)
    assert made(folder, "other.sh") != made(folder)


def test_makes_update_secrets(folder: Path) -> None:
    """Each server has the variable of its number."""
    run("keys", "update-secret", "es", cwd=folder)
    done = run("keys", "update-secret", "es-two", cwd=folder)
    run("keys", "update-secret", "co", cwd=folder)
    values = made(folder)
    names = [f"{each}_UPDATE_API_SECRET" for each in ("ES1", "ES2", "CO")]
    assert list(values) == names
    assert {len(base64.b64decode(value)) for value in values.values()} == {32}
    hides(done, values)
    refused = run("keys", "update-secret", cwd=folder, fails=1)
    assert "must be one of es, es-two, co" in refused.err


def test_puts_a_keyval_together(folder: Path) -> None:
    """The password comes from standard input or a file, and is seen nowhere."""
    arguments = ("keys", "redis", "redis.example.com:6379")
    done = run(*arguments, cwd=folder, typed=f"{PASSWORD}\n")
    hides(done, {**made(folder), "password": PASSWORD})
    assert json.loads(base64.b64decode(made(folder)["CO_KEYVAL"])) == {
        "kind": "redis",
        "addr": "redis.example.com:6379",
        "username": "default",
        "password": PASSWORD,
    }
    (folder / "password").write_text(f"{PASSWORD}\n")
    more = ("--username", "acme", "--secure", "--password-file", "password", "--out", "b.sh")
    run(*arguments, *more, cwd=folder)
    assert json.loads(base64.b64decode(made(folder, "b.sh")["CO_KEYVAL"])) == {
        "kind": "redis",
        "addr": "redis.example.com:6379",
        "username": "acme",
        "password": PASSWORD,
        "secure": "true",
    }


def test_refuses_a_keyval_without_its_parts(folder: Path) -> None:
    """No port, no password, no password file: each is one sentence."""
    assert "host:port" in run("keys", "redis", "redis", cwd=folder, fails=1).err
    assert "standard input is empty" in run("keys", "redis", "r:1", cwd=folder, fails=1).err
    missing = run("keys", "redis", "r:1", "--password-file", "none", cwd=folder, fails=1)
    assert "none: No such file" in missing.err
    assert not (folder / "env.sh").exists()


def test_prints_the_command_of_each_edge_server(folder: Path) -> None:
    """The endpoint is filled in, and the command is that of the image's tag."""
    assert run("keys", "edge", "es", "--print-command", cwd=folder).out == (
        "docker run --rm -e ENDPOINT=https://es.edge.example.com datafi/es\n"
    )
    assert run("keys", "edge", "es-two", "--print-command", "--json", cwd=folder).json == {
        "server": "es-two",
        "command": (
            "docker run --rm datafi/es:next --init --endpoint https://es-two.edge.example.com"
        ),
    }
    assert "must be one of es, es-two" in run("keys", "edge", "co", cwd=folder, fails=1).err


def test_takes_the_key_of_an_edge_server(folder: Path) -> None:
    """What the image prints goes to the variable of the server, from a pipe or a file."""
    done = run("keys", "edge", "es", cwd=folder, typed="not-a-real-key\n")
    (folder / "printed").write_text("not-a-real-second-key\n")
    run("keys", "edge", "es-two", "--key-file", "printed", cwd=folder)
    assert made(folder) == {"ES1_KEY": "not-a-real-key", "ES2_KEY": "not-a-real-second-key"}
    hides(done, made(folder))
    wrong = run("keys", "edge", "es", cwd=folder, typed="not-a-real line\nand another", fails=1)
    assert "docker run --rm -e ENDPOINT" in wrong.err
    assert "not-a-real" not in wrong.err
    empty = run("keys", "edge", "es", cwd=folder, fails=1)
    assert "docker run --rm -e ENDPOINT" in empty.err


def test_makes_a_key_for_another_tag(folder: Path) -> None:
    """A server that may be moved between tags has a key for each."""
    config = folder / "datafi.yaml"
    both = "image_tag: latest\n      secret_variables: [KEY, EDGE_KEY]"
    config.write_text(config.read_text().replace("image_tag: latest", both))
    run("keys", "edge", "es", cwd=folder, typed="not-a-real-key")
    run("keys", "edge", "es", "--tag", "next", cwd=folder, typed="not-a-real-edge-key")
    values = {"ES1_KEY": "not-a-real-key", "ES1_EDGE_KEY": "not-a-real-edge-key"}
    assert made(folder) == values
    refused = run("keys", "edge", "es-two", "--tag", "latest", cwd=folder, typed="x", fails=1)
    assert "secret_variables of es-two must hold" in refused.err


def test_makes_everything(folder: Path) -> None:
    """What can be made is made; what is missing is told with its command, until it is there."""
    first = run("keys", "make", "--json", cwd=folder, fails=3).json
    states = {each["name"]: each["state"] for each in first["variables"]}
    assert states == {
        **dict.fromkeys(("ES1_KEY", "ES2_KEY", "CO_KEYVAL"), "missing"),
        **dict.fromkeys(("ACR_USERNAME", "ACR_PASSWORD"), "missing"),
        **dict.fromkeys(("JWT_JWKS", "CO_JWT_KID", "CO_JWT_KEY"), "made"),
    }
    before = made(folder)
    told = run("keys", "make", cwd=folder, fails=3).out
    assert (
        "docker run --rm datafi/es:next --init --endpoint https://es-two.edge.example.com |" in told
    )
    assert made(folder) == before
    run("keys", "edge", "es", cwd=folder, typed="not-a-real-key")
    run("keys", "edge", "es-two", cwd=folder, typed="not-a-real-second-key")
    run("keys", "redis", "redis.example.com:6379", cwd=folder, typed=PASSWORD)
    credentials = {"ACR_USERNAME": "not-a-real-user", "ACR_PASSWORD": PASSWORD}
    second = run("keys", "make", cwd=folder, env=credentials)
    assert "missing" not in second.out
    assert "datafi-cdk secrets import --env-file env.sh" in second.out
    assert before.items() <= made(folder).items()


def test_tells_commands_for_the_files_that_were_named(folder: Path) -> None:
    """What is told to be run next works on the same configuration and shell file."""
    (folder / "datafi.yaml").rename(folder / "my acme.yaml")
    files = ("--config", "my acme.yaml", "--out", "my env.sh")
    told = run("keys", "make", *files, cwd=folder, fails=3).out
    assert "| datafi-cdk keys edge es --config 'my acme.yaml' --out 'my env.sh'\n" in told
    assert "datafi-cdk keys redis HOST:PORT --out 'my env.sh'\n" in told
    for server in ("es", "es-two"):
        run("keys", "edge", server, *files, cwd=folder, typed=f"not-a-real-key-of-{server}")
    run("keys", "redis", "redis.example.com:6379", *files[2:], cwd=folder, typed=PASSWORD)
    credentials = {"ACR_USERNAME": "not-a-real-user", "ACR_PASSWORD": PASSWORD}
    told = run("keys", "make", *files, cwd=folder, env=credentials).out
    assert "secrets import --config 'my acme.yaml' --env-file 'my env.sh'\n" in told


def test_sends_nobody_to_a_file_that_is_not_there(folder: Path) -> None:
    """Where the configuration names all secrets, there is nothing to import."""
    (folder / "datafi.yaml").write_text(
        "deployment_name: acme\ndns: {root_domain: edge.example.com}\n"
        "edge_servers: {long_running: [{name: es, secret_variables: [KEY], secret_arn:"
        " 'arn:aws:secretsmanager:us-east-1:111111111111:secret:es-AbCdEf'}]}\n"
    )
    assert "Next: datafi-cdk secrets check\n" in run("keys", "make", cwd=folder).out
    assert not (folder / "env.sh").exists()


def test_refuses_half_a_pair(folder: Path) -> None:
    """A new half would not fit the old one."""
    (folder / "env.sh").write_text(f"CO_JWT_KID={uuid.uuid4()}\n")
    done = run("keys", "make", cwd=folder, fails=1)
    assert "both halves are made together" in done.err
    assert list(read_env_file(folder / "env.sh")) == ["CO_JWT_KID"]


def test_writes_to_secrets(aws: EmbeddedAws, tmp_path: Path) -> None:
    """Fields are merged into a secret, which is made if it is not there; none is overwritten."""
    acme = Deployment(tmp_path, aws, f"acme-{uuid.uuid4().hex[:8]}")
    (tmp_path / "env.sh").unlink()
    prefix = f"datafi/{acme.name}"
    to_secret = ("--to-secret", f"{prefix}/co")
    run(
        "keys",
        "redis",
        "r.example.com:1",
        *to_secret,
        cwd=tmp_path,
        typed=PASSWORD,
        env=aws.environment(),
    )
    jwks = ("--jwks-to-secret", f"{prefix}/a", "--jwks-to-secret", f"{prefix}/b")
    done = acme.run("keys", "jwt", *to_secret, *jwks, "--json")
    held = acme.held()
    assert held["co"].keys() == {"KEYVAL", "JWT_KEY", "JWT_KID"}
    assert held["a"] == held["b"]
    key, kid = held["co"]["JWT_KEY"], held["co"]["JWT_KID"]
    assert pair_problem(key, kid, held["a"]["JWT_JWKS"]) is None
    assert key not in done.out
    assert [each["action"] for each in done.json["secrets"]] == ["create", "create", "change"]
    assert not (tmp_path / "env.sh").exists()

    refused = acme.run("keys", "jwt", *to_secret, "--jwks-to-secret", f"{prefix}/c", fails=1)
    assert "has JWT_KEY, JWT_KID already" in refused.err
    assert acme.held() == held
    acme.run("keys", "update-secret", "es", "--to-secret", f"{prefix}/es/update")
    assert len(acme.held()["es/update"]) == 44
    refused = acme.run("keys", "update-secret", "es", "--to-secret", f"{prefix}/co", fails=1)
    assert "has a value already" in refused.err


def test_refuses_both_halves_in_one_secret(aws: EmbeddedAws, tmp_path: Path) -> None:
    """Edge servers, who may read their secret, would read the private key."""
    acme = Deployment(tmp_path, aws, f"acme-{uuid.uuid4().hex[:8]}")
    name = f"datafi/{acme.name}/co"
    done = acme.run("keys", "jwt", "--to-secret", name, "--jwks-to-secret", name, fails=1)
    assert "must be different secrets" in done.err
    done = acme.run("keys", "jwt", "--to-secret", name, fails=2)
    assert "--jwks-to-secret" in done.err
    done = acme.run("keys", "redis", "r:1", "--to-secret", name, "-o", "b", typed="x", fails=1)
    assert "--out and --to-secret must not both be given" in done.err
    assert acme.secrets() == {}


def test_needs_no_aws_for_a_file(folder: Path) -> None:
    """Without credentials and region, files are written; a secret is refused in one sentence."""
    run("keys", "jwt", cwd=folder, env={"AWS_EC2_METADATA_DISABLED": "true"})
    arguments = ("keys", "redis", "r:1", "--to-secret", "co")
    done = run(*arguments, cwd=folder, typed=PASSWORD, fails=1)
    assert "no AWS region is named" in done.err
    assert PASSWORD not in done.err


def test_many_at_once_lose_nothing(folder: Path) -> None:
    """Commands that add to one file at the same time wait for each other."""
    names = ("es", "es-two", "co")
    running = [
        subprocess.Popen([COMMAND, "keys", "update-secret", name], cwd=folder, env=os.environ)
        for name in names
    ]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert len(made(folder)) == 3
    assert sorted(path.name for path in folder.iterdir()) == ["datafi.yaml", "env.sh"]
