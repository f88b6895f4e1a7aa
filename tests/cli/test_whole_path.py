"""From nothing to a running edge, by the installed command alone, on the embedded AWS."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from datafi_cdk import DatafiEdgeConfig
from account_places import account_places
from canary_search import Place, files, search
from datafi_cdk.local import EmbeddedAws

from .installed import Done, run

pytestmark = pytest.mark.long

CANARY = "canary-not-a-real-"
ACCOUNT = "111111111111"
REGION = "eu-central-1"
PASSWORDS = {"redis": f"{CANARY}redis-password", "registry": f"{CANARY}registry-password"}
EDGE_KEYS = {
    name: base64.b64encode(json.dumps({"key": f"{CANARY}{name}-key"}).encode()).decode()
    for name in ("es", "es2")
}
WAY_OUT = 3


class User:
    """A user's folder and what they have seen."""

    def __init__(self, home: Path) -> None:
        """Begin in an empty home directory."""
        self.home = home
        self.app = home / "acme"
        (home / "tmp").mkdir()
        self.seen: list[str] = []
        cache = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
        self.env = {
            "XDG_STATE_HOME": str(home / "state"),
            "XDG_CACHE_HOME": cache,
            "DATAFI_CDK_LOCAL": "1",
            "TMPDIR": str(home / "tmp"),
        }

    def run(self, *arguments: str | Path, typed: str = "", fails: int = 0) -> Done:
        """Run the command in the app's folder."""
        cwd = self.app if self.app.exists() else self.home
        done = run(*arguments, cwd=cwd, env=self.env, typed=typed, fails=fails)
        self.seen += [done.out, done.err]
        return done

    def aws(self) -> EmbeddedAws:
        """The AWS that `local up` started."""
        state = json.loads((self.home / "state" / "datafi-cdk" / "local.json").read_text())
        return EmbeddedAws.attach(state["port"], account=ACCOUNT, region=REGION)

    def config(self) -> DatafiEdgeConfig:
        """The configuration as it is now."""
        return DatafiEdgeConfig.from_file(self.app / "datafi.yaml")


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    """A deployment with two edge servers and a coordinator, made as the documentation says."""
    user = User(tmp_path_factory.mktemp("home"))
    up = ("--account", ACCOUNT, "--region", REGION, "--rollout-seconds", "1", "--enforce-iam")
    user.run("local", "up", *up, "--failing-tag", "v3")
    try:
        make(user)
        yield user
    finally:
        user.run("local", "down")


def make(user: User) -> None:
    """Go from nothing to a deployment."""
    of = ("--account", ACCOUNT, "--region", REGION, "--root-domain", "edge.example.com")
    user.run("init", "acme", *of, "--server", "es", "--server", "es2", "--coordinator")
    user.run("keys", "make", fails=WAY_OUT)
    user.run("keys", "redis", "redis.example.com:6379", "--secure", typed=PASSWORDS["redis"])
    for name, key in EDGE_KEYS.items():
        user.run("keys", "edge", name, typed=key)
    with (user.app / "env.sh").open("a") as file:
        file.write(f"export ACR_USERNAME=acme\nexport ACR_PASSWORD='{PASSWORDS['registry']}'\n")
    user.run("keys", "make")
    user.run("secrets", "import", "--env-file", "env.sh", "--yes")
    user.run("secrets", "check")
    user.run("check")
    user.run("local", "deploy")
    user.run("check")


def test_the_way_in_is_deployed(user: User) -> None:
    """Both servers and the coordinator run the tag of the code, with secrets by reference."""
    reports = user.run("status", "--json").json
    assert [(each["service"], each["live"]) for each in reports] == [
        ("co", {"imageTag": "latest"}),
        ("es", {"imageTag": "latest"}),
        ("es2", {"imageTag": "latest"}),
    ]
    config = user.config()
    assert config.coordinator
    arns = {server.secret_arn for server in config.edge_servers.long_running}
    arns |= {config.coordinator.secret_arn, config.coordinator.registry_credentials_secret_arn}
    assert len(arns) == 4
    assert all(str(arn).startswith(f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}") for arn in arns)


def test_both_halves_of_the_signing_key_fit(user: User) -> None:
    """Servers hold the public half of the coordinator's key, under its kid."""
    config = user.config()
    assert config.coordinator
    secrets = user.aws().client("secretsmanager")

    def fields(arn: str | None) -> dict[str, str]:
        found: dict[str, str] = json.loads(secrets.get_secret_value(SecretId=arn)["SecretString"])
        return found

    kid = fields(config.coordinator.secret_arn)["JWT_KID"]
    jwks = json.loads(base64.b64decode(fields(config.jwt_jwks_secret_arn)["JWT_JWKS"]))
    assert [key["kid"] for key in jwks["keys"]] == [kid]


def test_a_second_import_changes_nothing(user: User) -> None:
    """Neither a secret nor a byte of the configuration."""
    before = (user.app / "datafi.yaml").read_bytes()
    secrets = user.aws().client("secretsmanager")
    names = [each["Name"] for each in secrets.list_secrets()["SecretList"]]
    versions = {
        name: secrets.describe_secret(SecretId=name)["VersionIdsToStages"] for name in names
    }
    user.run("secrets", "import", "--env-file", "env.sh", "--yes")
    assert (user.app / "datafi.yaml").read_bytes() == before
    for name, stages in versions.items():
        assert secrets.describe_secret(SecretId=name)["VersionIdsToStages"] == stages


def test_a_version_is_rolled_out_and_back(user: User) -> None:
    """An update completes, one that never starts is rolled back, a rollback returns."""
    done = user.run("update", "es", "v2")
    assert "es is being updated to v2." in done.err
    assert "COMPLETED" in done.err
    failed = user.run("update", "es", "v3", fails=WAY_OUT)
    assert "ROLLED_BACK: es was not updated." in failed.err
    assert user.run("status", "es", "--json").json["live"] == {"imageTag": "v2"}
    user.run("update", "es", "v4")
    user.run("rollback", "es")
    assert user.run("status", "es", "--json").json["live"] == {"imageTag": "v2"}
    user.run("local", "deploy")
    assert user.run("status", "es", "--json").json["live"] == {"imageTag": "v2"}
    assert user.run("status", "es2", "--json").json["live"] == {"imageTag": "latest"}


def test_what_is_deployed_is_described(user: User) -> None:
    """Sheet, picture and costs are drawn from the templates of the same app."""
    env = {**os.environ, "CDK_OUTDIR": "cdk.out"}
    subprocess.run([sys.executable, "app.py"], cwd=user.app, env=env, check=True)
    assert "None was found." in user.run("describe", "--markdown").out
    reachable = user.run("describe", "--json").json["reachable"]
    open_names = {way["name"] for way in reachable if way["open"] and way["target"]}
    names = ("es", "es2", "co", "update", "df-update")
    assert open_names == {f"{name}.edge.example.com" for name in names}
    picture = user.run("diagram", "--format", "svg").out
    assert picture.startswith(("<?xml", "<svg"))
    assert user.run("cost", "--json").json
    assert (user.app / "cdk.out" / "manifest.json").exists()


def test_a_key_is_rotated(user: User) -> None:
    """The update API takes the new key, which the command reads anew."""
    user.run("secrets", "rotate", "update-secret", "es2", "--yes")
    assert user.run("update", "es2", "v2").code == 0


def test_nothing_secret_has_left_its_place(user: User) -> None:
    """No value of any secret is in an output, file, template, asset, log or setting."""
    aws = user.aws()
    secret = set(values_of_secrets(aws)) | set(PASSWORDS.values()) | set(EDGE_KEYS.values())
    assert len(secret) > 8
    values = {f"{number}: {value[:4]}": value for number, value in enumerate(sorted(secret))}
    places: list[Place] = [(f"output {number}", text) for number, text in enumerate(user.seen)]
    places += [*files(user.home, but=["env.sh"]), *account_places(aws)]
    assert len(places) > 60
    assert search({**values, "canary": CANARY}, places) == []
    assert oct((user.app / "env.sh").stat().st_mode & 0o777) == oct(0o600)


def values_of_secrets(aws: EmbeddedAws) -> Iterator[str]:
    """Every value that is secret, also inside what is encoded."""
    client = aws.client("secretsmanager")
    public = {"JWT_JWKS", "JWT_KID", "username"}
    for each in client.list_secrets()["SecretList"]:
        text = client.get_secret_value(SecretId=each["ARN"])["SecretString"]
        try:
            fields = json.loads(text)
        except ValueError:
            yield text
            continue
        for name, value in fields.items():
            if name not in public:
                yield value
                yield from (
                    re.findall(r"[\w+/=]{40,}", base64.b64decode(value).decode())
                    if (name == "JWT_KEY")
                    else ()
                )
