"""The functions of updates may do what they need and nothing else: each action is missed."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session
from datafi_cdk.local import EmbeddedAws

from .deployed_edge import Edge, eventually, patiently

pytestmark = pytest.mark.long

PARAMETER = "parameter/datafi/Edge/EdgeServer-es"
LEASE = f"{PARAMETER}.lease"
# The emulator writes logs and dead letters itself and keeps no traces: nothing can be missed.
NOT_ENFORCED = {
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "sqs:SendMessage",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}

_QUIET_LOOKS = 20

Answer = dict[str, Any]


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """A deployment with one edge server, where rollouts end at once."""
    with EmbeddedAws(enforce_iam=True) as aws:
        made = Edge(aws, tmp_path_factory.mktemp("edge"), ["es"])
        made.bootstrap()
        made.deploy(es={"image_tag": "v1"})
        made.settled("es")
        yield made


def update(edge: Edge) -> Answer:
    """Roll out another version."""
    return patiently(lambda: edge.update("es", another()))


def report(edge: Edge) -> Answer:
    """Ask how the server is."""
    return edge.report("es")


def report_anew(edge: Edge) -> Answer:
    """Ask an instance of the function that has not read the key yet."""
    client, name = edge.aws.client("lambda"), function(edge, "UpdateApies")
    found = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    client.update_function_configuration(
        FunctionName=name, Environment={"Variables": {**found, "AGAIN": another()}}
    )
    return edge.report("es")


def report_after_code(edge: Edge) -> Answer:
    """Ask while the parameter says what does not run."""
    with value_by_hand(edge, "by-hand"):
        return edge.report("es")


def update_while_taken(edge: Edge) -> Answer:
    """Ask for a version while another request holds the lease."""
    name = f"{edge.parameter('es')}.lease"
    ssm = edge.aws.client("ssm")
    edge.settled("es")
    eventually(lambda: is_made(ssm, name), bool)
    try:
        return edge.update("es", "v2")
    finally:
        ssm.delete_parameter(Name=name)


def is_made(ssm: Any, name: str) -> bool:
    """Make a parameter; not if it is there, as an event that is still acted on holds the lease."""
    try:
        ssm.put_parameter(Name=name, Value="another", Type="String")
    except ssm.exceptions.ParameterAlreadyExists:
        return False
    return True


def update_that_is_not_recorded(edge: Edge) -> Answer:
    """Ask for a version when the one that runs has no label yet."""
    with value_by_hand(edge, edge.running("es")[0]):
        return update(edge)


def update_with_old_labels(edge: Edge) -> Answer:
    """The same, when versions of long ago have labels that are of no use."""
    wait_for_events(edge)
    ssm, name = edge.aws.client("ssm"), edge.parameter("es")
    running = edge.running("es")[0]
    for number in range(15):
        version = ssm.put_parameter(Name=name, Value=f"old{number}", Overwrite=True)["Version"]
        if number < 3:
            labels = [f"FAILED.{version}"]
            ssm.label_parameter_version(Name=name, ParameterVersion=version, Labels=labels)
    with value_by_hand(edge, running):
        return update(edge)


def update_that_ecs_refuses(edge: Edge) -> Answer:
    """Ask for a version when the service cannot be updated."""
    with without(edge, "UpdateApies", "ecs:UpdateService", "service/"):
        return update(edge)


def update_whose_lease_stays(edge: Edge) -> Answer:
    """Roll out a version: what the log tells of the lease."""
    request_id = update(edge)["requestId"]
    (line,) = [line for line in edge.log("UpdateApies") if line["requestId"] == request_id]
    if "fault" in line:
        # The event of the rollout's end takes the lease as well, and cannot give it back.
        free_lease(edge)
        eventually(lambda: edge.is_recorded("es"), bool)
        free_lease(edge)
    return {"message": f"{line.get('fault')} failed: "}


def wait_for_events(edge: Edge) -> None:
    """Wait until the function logs nothing more of rollouts that have ended."""
    seen: list[int] = []

    def look() -> list[int]:
        seen.append(len(edge.log("UpdateApies")))
        return seen[-_QUIET_LOOKS:]

    eventually(look, lambda last: len(last) == _QUIET_LOOKS and len(set(last)) == 1)


def free_lease(edge: Edge) -> None:
    """Delete the lease, if it is there."""
    ssm = edge.aws.client("ssm")
    with suppress(ssm.exceptions.ParameterNotFound):
        ssm.delete_parameter(Name=f"{edge.parameter('es')}.lease")


def update_by_older_caller(edge: Edge) -> Answer:
    """Ask for a version at the bare path."""
    key = edge.key("es")
    return patiently(lambda: edge.send("POST", "/", key, {"imageTag": another()}))


# Construct, action, part of the resource, and what cannot be done without it.
RIGHTS: list[tuple[str, str, str, Callable[[Edge], Answer]]] = [
    ("UpdateApies", "secretsmanager:GetSecretValue", "secret:", report_anew),
    ("UpdateApies", "events:PutEvents", "event-bus/", update),
    ("UpdateApies", "ecs:DescribeServices", "service/", report),
    ("UpdateApies", "ecs:DescribeTaskDefinition", "*", report),
    ("UpdateApies", "ecs:ListServiceDeployments", "service/", report_after_code),
    ("UpdateApies", "ecs:DescribeServiceRevisions", "", report_after_code),
    ("UpdateApies", "ssm:GetParameterHistory", PARAMETER, report),
    ("UpdateApies", "ssm:LabelParameterVersion", PARAMETER, update_that_is_not_recorded),
    ("UpdateApies", "ssm:UnlabelParameterVersion", PARAMETER, update_with_old_labels),
    ("UpdateApies", "ssm:PutParameter", PARAMETER, update),
    ("UpdateApies", "ssm:PutParameter", LEASE, update),
    ("UpdateApies", "ssm:GetParameter", LEASE, update_while_taken),
    ("UpdateApies", "ssm:DeleteParameter", LEASE, update_whose_lease_stays),
    ("UpdateApies", "ecs:UpdateService", "service/", update),
    ("UpdateApies", "ecs:RegisterTaskDefinition", "task-definition/", update),
    ("UpdateApies", "ecs:DeregisterTaskDefinition", "*", update_that_ecs_refuses),
    ("UpdateApies", "ecs:TagResource", "task-definition/", update),
    ("UpdateApies", "iam:PassRole", "role/", update),
    ("UpdateRouter", "lambda:InvokeFunction", "function:", update_by_older_caller),
]


@pytest.mark.parametrize("construct", ["UpdateApies", "UpdateRouter"])
def test_every_action_is_missed_below(edge: Edge, construct: str) -> None:
    """The table names all that the template grants, and nothing that it does not."""
    _, statements = policy(edge, construct)
    granted = {
        (action, part)
        for statement in statements
        for action in listed(statement["Action"])
        for part in ([LEASE] if LEASE in str(statement["Resource"]) else [""])
    }
    missed = {(a, LEASE if part == LEASE else "") for c, a, part, _ in RIGHTS if c == construct}
    assert {each for each in granted if each[0] not in NOT_ENFORCED} == missed


@pytest.mark.parametrize(
    ("construct", "action", "part", "attempt"),
    RIGHTS,
    ids=[f"{action}-{part}" for _, action, part, _ in RIGHTS],
)
def test_without_an_action_something_cannot_be_done(
    edge: Edge, construct: str, action: str, part: str, attempt: Callable[[Edge], Answer]
) -> None:
    """The answer names what was refused; with the action, it does not."""
    demanded_by = {"ecs:TagResource": "ecs:RegisterTaskDefinition"}
    needle = demanded_by.get(action, action).replace("iam:PassRole", "ecs:RegisterTaskDefinition")
    with without(edge, construct, action, part):
        assert f"{needle} failed: " in json.dumps(attempt(edge))
    assert f"{needle} failed: " not in json.dumps(attempt(edge))


def another() -> str:
    """A tag like no other."""
    return f"v{time.monotonic_ns()}"


@contextmanager
def value_by_hand(edge: Edge, value: str) -> Iterator[None]:
    """The server's parameter with a value that somebody wrote, and afterwards what runs."""
    ssm, name = edge.aws.client("ssm"), edge.parameter("es")
    ssm.put_parameter(Name=name, Value=value, Overwrite=True)
    yield
    ssm.put_parameter(Name=name, Value=edge.running("es")[0], Overwrite=True)


@contextmanager
def without(edge: Edge, construct: str, action: str, part: str) -> Iterator[None]:
    """A function's policy without one action on some resource."""
    arn, statements = policy(edge, construct)
    less = copy.deepcopy(statements)
    for statement in less:
        is_lease = LEASE in str(statement["Resource"])
        if part in str(statement["Resource"]) and is_lease == (part == LEASE):
            rest = [each for each in listed(statement["Action"]) if each != action]
            statement["Action"] = rest
    replace(edge, arn, [statement for statement in less if statement["Action"]])
    try:
        yield
    finally:
        replace(edge, arn, statements)


def replace(edge: Edge, arn: str, statements: list[dict[str, Any]]) -> None:
    """Give a managed policy other statements, and keep no earlier ones: IAM takes five versions."""
    iam = edge.aws.client("iam")
    before = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(statements), SetAsDefault=True)
    iam.delete_policy_version(PolicyArn=arn, VersionId=before)


def document(statements: list[dict[str, Any]]) -> str:
    """A policy."""
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def policy(edge: Edge, construct: str) -> tuple[str, list[dict[str, Any]]]:
    """The one policy of a construct's function, and its statements."""
    iam = edge.aws.client("iam")
    (role,) = [r["RoleName"] for r in iam.list_roles()["Roles"] if construct in r["RoleName"]]
    assert iam.list_role_policies(RoleName=role)["PolicyNames"] == []
    (attached,) = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    arn = attached["PolicyArn"]
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    found = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    return arn, list(found["Statement"])


def function(edge: Edge, construct: str) -> str:
    """The name of a construct's function."""
    found = edge.aws.client("lambda").list_functions()["Functions"]
    (name,) = [each["FunctionName"] for each in found if construct in each["FunctionName"]]
    return str(name)


def listed(actions: str | list[str]) -> list[str]:
    """Actions as a list."""
    return [actions] if isinstance(actions, str) else actions


def test_callers_sign_their_requests(edge: Edge) -> None:
    """At a function URL, without a key: the role that the code names, and no other."""
    roles = {name: make_role(edge, name) for name in ("caller", "another")}
    edge.further = {"update_api": {"caller_role_arns": [roles["caller"]]}}
    edge.deploy()
    url = edge.outputs()["EsUpdateUrl"]
    assert url.endswith("/es")
    assert "EsUpdateSecretArn" not in edge.outputs()
    tag = another()
    assert signed(edge, roles["another"], url, tag)["status"] == 403
    assert signed(edge, None, url, tag)["status"] == 403
    answer = signed(edge, roles["caller"], url, tag)
    assert (answer["status"], answer["message"]) == (200, f"es is being updated to {tag}.")
    assert edge.running("es")[0] == tag


def make_role(edge: Edge, name: str) -> str:
    """A role of the account; its ARN."""
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    made = edge.aws.client("iam").create_role(
        RoleName=name, AssumeRolePolicyDocument=document([trust])
    )
    return str(made["Role"]["Arn"])


def signed(edge: Edge, role: str | None, url: str, tag: str) -> Answer:
    """Send an update to a function URL, signed by a role or not at all."""
    url_id, path = url.removeprefix("https://").split(".")[0], f"/{url.rpartition('/')[2]}"
    request = AWSRequest(
        method="POST",
        url=f"{edge.aws.endpoint}/_aws/lambda-url/{url_id}{path}",
        data=json.dumps({"imageTag": tag}),
    )
    if role:
        sts = edge.aws.client("sts")
        given = sts.assume_role(RoleArn=role, RoleSessionName="console")["Credentials"]
        credentials = Credentials(
            given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]
        )
        SigV4Auth(credentials, "lambda", edge.aws.region).add_auth(request)
    prepared = request.prepare()
    answer = URLLib3Session().send(prepared)
    return {"status": answer.status_code, **json.loads(answer.text)}
