"""Secrets whose values are known, through the life of a deployment: no answer and no log has them.

The one exception is documented: Lambda keeps the variables of a serverless edge server, which
CloudFormation fills, and tells them to whoever may decrypt them.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from account_places import account_places
from canary_search import Place, files, found_in, search
from datafi_cdk.local import CdkCli, EmbeddedAws

from .deployed_edge import Edge, eventually, patiently

pytestmark = pytest.mark.long

CANARY = "not-a-real-canary-2f6d"
REPOSITORY = "datafi-es-lambda"
FIELDS = {
    "es": {"KEY": f"{CANARY}-edge-key"},
    "es2": {"EDGE_KEY": f"{CANARY}-second-edge-key"},
    "lambda": {"KEY": f"{CANARY}-key-of-a-function"},
    "co": {
        "KEYVAL": base64.b64encode(f'{{"password": "{CANARY}-redis"}}'.encode()).decode(),
        "JWT_KID": f"{CANARY}-kid",
        "JWT_KEY": f"{CANARY}-signing-key",
    },
    "registry": {"username": f"{CANARY}-user", "password": f"{CANARY}-registry"},
    "jwks": {"JWT_JWKS": f"{CANARY}-public-keys"},
}
UPDATE_KEY = f"{CANARY}-update-key-0123456789"
IN_FUNCTION = {"lambda.KEY", "jwks.JWT_JWKS"}


class Life:
    """A deployment of every kind of server, what was seen of it, and the values of its secrets."""

    def __init__(self, aws: EmbeddedAws, folder: Path) -> None:
        """Make the secrets, and prepare the app."""
        self.aws, self.folder = aws, folder
        self.places: dict[str, str | bytes] = {}
        self.lines: list[str] = []
        self.known: dict[str, str] = {}
        client = aws.client("secretsmanager")
        arns = {
            name: client.create_secret(Name=f"datafi/{name}", SecretString=json.dumps(fields))[
                "ARN"
            ]
            for name, fields in FIELDS.items()
        }
        arns["update"] = client.create_secret(Name="datafi/update", SecretString=UPDATE_KEY)["ARN"]
        repository = aws.client("ecr").create_repository(repositoryName=REPOSITORY)["repository"]
        self.edge = Edge(aws, folder)
        self.edge.cdk = CdkCli(aws, folder, app=self.edge.app, on_line=self.lines.append)
        self.edge.code["es"] |= {"secret_arn": arns["es"], "update_secret_arn": arns["update"]}
        self.edge.code["es2"] |= {"secret_arn": arns["es2"], "image_tag": "next"}
        self.edge.code["co"] |= {
            "secret_arn": arns["co"],
            "registry_credentials_secret_arn": arns["registry"],
        }
        self.edge.serverless = [
            {
                "name": "lambda",
                "ecr_repository_arn": repository["repositoryArn"],
                "secret_arn": arns["lambda"],
            }
        ]
        self.edge.further["jwt_jwks_secret_arn"] = arns["jwks"]

    def look(self, when: str) -> None:
        """Keep all that can be seen now."""
        self.places |= {f"{when}: {place}": content for place, content in account_places(self.aws)}

    def values(self) -> dict[str, str]:
        """Every value that Secrets Manager holds, also those that the stack has made."""
        client = self.aws.client("secretsmanager")
        found = {
            f"{name}.{field}": value for name in FIELDS for field, value in FIELDS[name].items()
        }
        for each in client.list_secrets(MaxResults=100)["SecretList"]:
            text = client.get_secret_value(SecretId=each["ARN"])["SecretString"]
            if not text.startswith("{"):
                found[each["Name"]] = text
        return {**found, "canary": CANARY}


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """Deploy, update, fail, roll back, scale, and delete."""
    with EmbeddedAws(rollout_seconds=0.5, failing_tags=["broken"], enforce_iam=True) as aws:
        life = Life(aws, tmp_path_factory.mktemp("life"))
        edge = life.edge
        edge.bootstrap()
        edge.deploy(es={"image_tag": "latest"})
        life.known = life.values()
        life.look("deployed")
        for tag, state in (("v2", "COMPLETED"), ("broken", "ROLLED_BACK")):
            assert patiently(lambda tag=tag: edge.update("es", tag))["status"] == 200
            assert edge.settled("es")["rolloutState"] == state
        assert patiently(lambda: edge.send("POST", "/es/rollback", UPDATE_KEY))["status"] == 200
        edge.settled("es")
        assert edge.send("POST", "/es", f"{CANARY}-wrong-key", {"imageTag": "v9"})["status"] == 401
        assert edge.send("POST", "/es", UPDATE_KEY, {"imageTag": f"{CANARY} tag"})["status"] == 400
        life.look("updated")
        edge.deploy(es={"desired_count": 3}, co={"desired_count": 2})
        eventually(lambda: edge.service("es")["runningCount"], lambda count: count == 3)
        life.look("scaled")
        life.lines += edge.cdk.diff()
        edge.cdk.run("destroy", "--all", "--force")
        life.look("deleted")
        life.places |= {f"file {name}": content for name, content in files(life.folder)}
        log = aws.log_path
        life.places |= {f"emulator {name}": content for name, content in files(log.parent)}
        life.places["cdk"] = "\n".join(life.lines)
        yield life


def test_all_of_the_life_was_seen(life: Life) -> None:
    """Each call had something to tell, and the terminal and the emulator's log as well."""
    calls = {place.split(": ")[-1].split(" ")[0] for place in life.places}
    assert calls >= {
        "GetTemplate",
        "DescribeStackEvents",
        "DescribeTaskDefinition",
        "DescribeServices",
        "GetFunctionConfiguration",
        "FilterLogEvents",
        "GetParameter",
        "GetParameterHistory",
        "ListTargetsByRule",
        "GetObject",
        "emulator",
        "file",
        "cdk",
    }
    assert sum("DescribeTaskDefinition" in place for place in life.places) > 9
    assert len(life.known) > 10
    assert len(str(life.places["cdk"])) > 1000


def test_nothing_secret_was_seen(life: Life) -> None:
    """No value in any form, but where Lambda keeps the variables of a function."""
    found = set(search(life.known, life.places.items()))
    expected = {
        (place, value)
        for place, value in found
        if "GetFunctionConfiguration" in place and value in {*IN_FUNCTION, "canary"}
    }
    assert found - expected == set()
    assert {value for _, value in expected} == {*IN_FUNCTION, "canary"}
    assert len({place for place, _ in expected}) <= 3


def test_the_search_would_have_found_them(life: Life) -> None:
    """Secrets Manager has every value, and the search finds it there."""
    places: list[Place] = [("secrets", json.dumps(life.known))]
    assert {value for _, value in search(life.known, places)} == set(life.known)
    assert found_in(CANARY, places[0][1])
