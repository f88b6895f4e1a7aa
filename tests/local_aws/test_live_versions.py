"""A version that is rolled out stays out: the real `cdk` command and the update API, in turns.

IAM is enforced, so each function may do what the template grants and nothing else. The tests of
this module follow each other on one deployment.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from datafi_cdk.errors import LocalAwsError
from datafi_cdk.local import EmbeddedAws

from .deployed_edge import STACK, Edge, eventually

pytestmark = pytest.mark.long

ROLLOUT_SECONDS = 1.0
CALLERS = 50
DIGEST = f"sha256:{'a1' * 32}"
FAILING = ["broken", *(f"stuck-{number}" for number in range(CALLERS))]


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """The deployment, whose code says v1."""
    with EmbeddedAws(
        rollout_seconds=ROLLOUT_SECONDS, failing_tags=FAILING, enforce_iam=True
    ) as aws:
        made = Edge(aws, tmp_path_factory.mktemp("edge"))
        made.further = {"update_api": {"redeploy_on_rotation": True}}
        made.bootstrap()
        made.deploy(es={"image_tag": "v1"}, es2={"image_tag": "v1"}, co={"image_tag": "v1"})
        yield made


def test_the_first_deployment_is_reported(edge: Edge) -> None:
    """Its end is recorded by the stack's event."""
    report = edge.settled("es")
    assert (report["live"], report["rolloutState"]) == ({"imageTag": "v1"}, "COMPLETED")
    assert report["tasks"] == {"desired": 1, "running": 1, "pending": 0}
    assert [(each["action"], each["to"]) for each in report["updates"]] == [("code", "v1")]


def test_an_update_takes_its_time(edge: Edge) -> None:
    """While it is in progress, v1 serves and another update gets 409 with the state."""
    answer = edge.update("es", "v2")
    assert answer["status"] == 200
    assert "warnings" not in answer
    report = edge.report("es")
    assert (report["live"], report["requested"]) == ({"imageTag": "v1"}, {"imageTag": "v2"})
    assert report["rolloutState"] == "IN_PROGRESS"
    refused = edge.update("es", "v3")
    assert (refused["status"], refused["rolloutState"]) == (409, "IN_PROGRESS")
    report = edge.settled("es")
    assert (report["live"], report["rolloutState"]) == ({"imageTag": "v2"}, "COMPLETED")
    assert report["updates"][0]["by"] == "127.0.0.1"


def test_servers_are_updated_independently(edge: Edge) -> None:
    """Two edge servers and a coordinator, each with its own key and version: a tag or a digest."""
    digest = {"imageDigest": DIGEST}
    assert edge.send("POST", "/es2", edge.key("es2"), digest)["status"] == 200
    assert edge.update("co", "v6")["status"] == 200
    assert edge.send("POST", "/es2", edge.key("es"), {"imageTag": "v9"})["status"] == 401
    assert edge.settled("es2")["live"] == digest
    assert edge.settled("co")["live"] == {"imageTag": "v6"}
    assert edge.running("es")[0] == "v2"


def test_a_deployment_with_another_cpu_keeps_the_update(edge: Edge) -> None:
    """v2 runs with the new CPU; the others keep theirs."""
    edge.deploy(es={"cpu": 2048, "memory_mib": 4096})
    assert edge.running("es") == ("v2", "2048")
    assert (edge.running("es2")[0], edge.running("co")[0]) == (DIGEST, "v6")


def test_a_deployment_of_the_desired_count_keeps_the_update(edge: Edge) -> None:
    """Still v2, by two tasks."""
    edge.deploy(es={"desired_count": 2})
    assert edge.running("es") == ("v2", "2048")
    assert edge.service("es")["desiredCount"] == 2


def test_a_tag_that_is_changed_in_the_code_wins(edge: Edge) -> None:
    """v3, and the history says that the code asked for it."""
    edge.deploy(es={"image_tag": "v3"})
    assert edge.running("es")[0] == "v3"
    report = edge.settled("es")
    assert report["updates"][0]["action"] == "code"
    assert [each["to"] for each in report["updates"]] == ["v3", "v2", "v1"]


def test_a_deployment_without_a_change_does_nothing(edge: Edge) -> None:
    """No revision, no rollout."""
    before = edge.service("es")
    said = "\n".join(edge.deploy())
    assert said.count("(no changes)") == 2
    after = edge.service("es")
    assert after["taskDefinition"] == before["taskDefinition"]
    assert [each["id"] for each in after["deployments"]] == [
        each["id"] for each in before["deployments"]
    ]


def test_older_callers_are_answered(edge: Edge) -> None:
    """At both hosts, with the path `/`: by `target`, and with the fields that they know."""
    body = {"imageTag": "v7", "target": "CO"}
    answer = edge.send("POST", "/", edge.key("co"), body, host="df-update")
    assert answer["status"] == 200
    assert {"message", "details", "requestId", "timestamp"} < answer.keys()
    assert answer["details"].keys() == {
        "newTaskDefinitionArn",
        "serviceArn",
        "serviceType",
        "serviceName",
    }
    assert answer["details"]["serviceType"] == "CO"
    assert edge.settled("co")["live"] == {"imageTag": "v7"}
    several = edge.send("POST", "/", edge.key("es"), {"imageTag": "v7"})
    assert several["status"] == 400
    assert "/es, /es2" in several["message"]
    assert edge.send("POST", "/", "not-the-key", body)["status"] == 401


def test_an_update_that_fails_is_rolled_back(edge: Edge) -> None:
    """ECS brings v3 back, and the parameter follows."""
    assert edge.update("es", "broken")["status"] == 200
    report = edge.settled("es")
    assert report["rolloutState"] == "ROLLED_BACK"
    assert (report["live"], report["requested"]) == ({"imageTag": "v3"}, {"imageTag": "broken"})
    assert eventually(lambda: edge.wanted("es"), lambda value: value == "v3")
    assert edge.running("es")[0] == "v3"
    eventually(lambda: edge.is_recorded("es"), bool)


def test_goes_back_to_the_version_before(edge: Edge) -> None:
    """Past the one that failed."""
    answer = edge.send("POST", "/es/rollback", edge.key("es"))
    assert answer["message"] == "es is being updated to v2."
    assert edge.settled("es")["live"] == {"imageTag": "v2"}
    assert edge.wanted("es") == "v2"


def test_a_deployment_that_fails_does_not_undo_an_update(edge: Edge) -> None:
    """CloudFormation's rollback brings back what it knew, v3; v2 runs again soon after."""
    with pytest.raises(LocalAwsError):
        edge.deploy(es={"cpu": 1024, "memory_mib": 2048}, es2={"image_tag": "broken"})
    eventually(lambda: edge.running("es"), lambda found: found == ("v2", "2048"))
    assert edge.settled("es")["live"] == {"imageTag": "v2"}


def test_a_version_of_the_code_that_fails_stays_to_be_tried(edge: Edge) -> None:
    """The parameter keeps it, and what completed last runs: the digest, not v1."""
    assert edge.wanted("es2") == "broken"
    eventually(lambda: edge.running("es2")[0], lambda tag: tag == DIGEST)
    report = edge.settled("es2")
    assert (report["live"], report["requested"]) == (
        {"imageDigest": DIGEST},
        {"imageTag": "broken"},
    )
    assert report["rolloutState"] in ("FAILED", "ROLLED_BACK")
    edge.deploy(es2={"image_tag": "v8", "circuit_breaker": False})
    assert edge.running("es2")[0] == "v8"
    assert edge.running("es") == ("v2", "1024")


def test_fifty_callers_at_once_deploy_once(edge: Edge) -> None:
    """One gets 200, the others 409, as that one's rollout goes on."""
    key, before = edge.key("es2"), edge.service("es2")["taskDefinition"]
    with ThreadPoolExecutor(CALLERS) as pool:
        answers = list(
            pool.map(
                lambda number: edge.send("POST", "/es2", key, {"imageTag": f"stuck-{number}"}),
                range(CALLERS),
            )
        )
    assert sorted({answer["status"] for answer in answers}) == [200, 409]
    (winner,) = [answer for answer in answers if answer["status"] == 200]
    assert winner["details"]["newTaskDefinitionArn"] != before
    assert _revision(edge, "es2") == _revision_of(before) + 1
    assert edge.report("es2")["requested"]["imageTag"] in winner["message"]
    names = [each["Name"] for each in edge.aws.client("ssm").describe_parameters()["Parameters"]]
    assert not [name for name in names if name.endswith(".lease")]


def test_force_takes_the_place_of_a_rollout_that_does_not_end(edge: Edge) -> None:
    """Without a circuit breaker, ECS tries for hours."""
    assert edge.update("es2", "v8")["status"] == 409
    assert edge.update("es2", "v8", force=True)["status"] == 200
    assert edge.settled("es2")["live"] == {"imageTag": "v8"}


def test_a_rotated_key_works_and_so_does_the_one_before(edge: Edge) -> None:
    """Without a deployment."""
    old = edge.key("es")
    arn = edge.outputs()["EsUpdateSecretArn"]
    edge.aws.client("secretsmanager").put_secret_value(SecretId=arn, SecretString="test-new-key")
    for key in ("test-new-key", old):
        eventually(lambda key=key: edge.send("GET", "/es", key)["status"], lambda got: got == 200)


def test_a_secret_that_was_rotated_restarts_its_server(edge: Edge) -> None:
    """The same revision, whose tasks read the new value; the version stays."""
    edge.settled("co")
    before = edge.service("co")
    secrets = edge.aws.client("secretsmanager")
    secrets.put_secret_value(SecretId=edge.secret_arn, SecretString='{"KEYVAL": "not-a-redis"}')
    after = eventually(
        lambda: edge.service("co"),
        lambda now: now["deployments"][0]["id"] != before["deployments"][0]["id"],
    )
    assert after["taskDefinition"] == before["taskDefinition"]
    assert edge.settled("co")["live"] == {"imageTag": "v7"}


def test_logs_hold_no_secret(edge: Edge) -> None:
    """Every line is JSON without a key."""
    lines = edge.log("UpdateApies")
    assert len(lines) > 50
    keys = {edge.key(name) for name in ("es", "es2", "co")}
    text = json.dumps(lines)
    assert not [key for key in keys if key in text]


def test_nothing_is_left_when_all_is_destroyed(edge: Edge) -> None:
    """But task definition revisions, which cost nothing."""
    edge.cdk.destroy()
    names = [each["Name"] for each in edge.aws.client("ssm").describe_parameters()["Parameters"]]
    assert [name for name in names if name.startswith("/datafi")] == []
    stacks = edge.aws.client("cloudformation").describe_stacks()["Stacks"]
    assert not [stack for stack in stacks if stack["StackName"].startswith(STACK)]


def _revision(edge: Edge, name: str) -> int:
    return _revision_of(edge.service(name)["taskDefinition"])


def _revision_of(arn: Any) -> int:
    return int(str(arn).rpartition(":")[2])
