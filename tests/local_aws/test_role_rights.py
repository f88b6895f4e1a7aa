"""Every role can do its job, nothing of another one's, and misses whatever is taken from it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from aws_cdk import App
from datafi_cdk.local import EmbeddedAws
from every_role import BEHIND_PROFILE, STACK, every_role

from .deployed_roles import Call, DeployedRole, Deployment, without_each, without_each_condition
from .role_jobs import Jobs

pytestmark = pytest.mark.long

ROLES = (
    "NetworkFlowLogRole",
    "DnsZoneCleanupRole",
    "PlainTaskRole",
    "FullTaskRole",
    "CachedTaskRole",
    "CoordinatorTaskRole",
    "PlainExecutionRole",
    "FullExecutionRole",
    "CachedExecutionRole",
    "CoordinatorExecutionRole",
    "LambdaRole",
    "LambdaInVpcRole",
    "PlainUpdatesRole",
    "FullUpdatesRole",
    "SignedUpdatesRole",
    "UpdateRouterRole",
    "DatafiUpdateEventsRole",
)
# Roles of CDK, of the user, and one with the rights of two others.
OTHERS = {
    "CustomVpcRestrictDefaultSGCustomResourceProviderRole",
    "CustomS3AutoDeleteObjectsCustomResourceProviderRole",
    "RotationFunctionServiceRole",
    "Caller",
    "RotatedUpdatesRole",
}
# What cannot be tried, and why.
NOT_TRIED = {
    "iam:PassedToService": "Nothing else that these roles may call takes a role; "
    "test_iam_enforcement shows the condition at work.",
}


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """The stack with every role."""
    folder = tmp_path_factory.mktemp("every")
    app = App(outdir=str(folder))
    every_role(app)
    app.synth()
    with EmbeddedAws(enforce_iam=True) as aws:
        aws.client("s3").create_bucket(Bucket="another")
        yield Deployment(aws, folder, [f"{STACK}-versions", STACK])


@pytest.fixture(scope="module")
def jobs(deployment: Deployment) -> dict[str, list[Call]]:
    """The calls of every role."""
    return Jobs(deployment).all()


@pytest.fixture(scope="module")
def roles(deployment: Deployment) -> dict[str, DeployedRole]:
    """The roles, with credentials of each."""
    return {name: DeployedRole(deployment, name) for name in ROLES}


def test_every_role_is_looked_at(deployment: Deployment, jobs: dict[str, list[Call]]) -> None:
    """None that the library makes is left out."""
    assert deployment.roles() == {*ROLES, *OTHERS}
    assert jobs.keys() == set(ROLES)


@pytest.mark.parametrize("name", ROLES)
def test_a_role_can_do_its_job(
    roles: dict[str, DeployedRole], jobs: dict[str, list[Call]], name: str
) -> None:
    """With the policies that are deployed, nothing is refused."""
    role = roles[name]
    assert [call for call in jobs[name] if not role.may(call)] == []


@pytest.mark.parametrize("name", ROLES)
def test_a_role_cannot_do_the_job_of_another(
    roles: dict[str, DeployedRole], jobs: dict[str, list[Call]], name: str
) -> None:
    """Other buckets, secrets, keys, logs, services, parameters, roles: all refused."""
    role = roles[name]
    own = set(jobs[name])
    others = {call for calls in jobs.values() for call in calls} - own
    assert len(others) > 50
    assert [call for call in others if role.may(call)] == []


FORBIDDEN = (
    Call.of("secretsmanager", "list_secrets"),
    Call.of("secretsmanager", "create_secret", Name="a", SecretString="not-a-real-secret"),
    Call.of("iam", "list_roles"),
    Call.of("iam", "create_user", UserName="a"),
    Call.of("iam", "put_role_policy", RoleName="a", PolicyName="a", PolicyDocument="{}"),
    Call.of("iam", "attach_role_policy", RoleName="a", PolicyArn="a"),
    Call.of("sts", "assume_role", RoleArn="arn:aws:iam::000000000000:role/a", RoleSessionName="a"),
    Call.of("s3", "list_buckets"),
    Call.of("s3", "create_bucket", Bucket="a-further-one"),
    Call.of("s3", "get_object", Bucket="another", Key="a"),
    Call.of("kms", "list_keys"),
    Call.of("kms", "create_key"),
    Call.of("ssm", "describe_parameters"),
    Call.of("ssm", "get_parameter", Name="/another"),
    Call.of("ecs", "list_services", cluster="a"),
    Call.of("ecs", "create_service", cluster="a", serviceName="a", taskDefinition="a"),
    Call.of("ecs", "run_task", cluster="a", taskDefinition="a"),
    Call.of("ecs", "delete_service", cluster="a", service="a"),
    Call.of("logs", "create_log_group", logGroupName="a"),
    Call.of("logs", "delete_log_group", logGroupName="a"),
    Call.of("lambda", "list_functions"),
    Call.of("lambda", "invoke", FunctionName="another"),
    Call.of("ec2", "run_instances", ImageId="a", MinCount=1, MaxCount=1),
    Call.of("route53", "list_hosted_zones"),
    Call.of("sqs", "list_queues"),
    Call.of("cloudformation", "list_stacks"),
    Call.of("bedrock-runtime", "invoke_model", modelId="vendor.another", body="{}"),
)


@pytest.mark.parametrize("name", ROLES)
def test_a_role_cannot_do_what_none_does(roles: dict[str, DeployedRole], name: str) -> None:
    """Lists, new resources, new rights, and what is not of the deployment."""
    role = roles[name]
    assert [call for call in FORBIDDEN if role.may(call)] == []


@pytest.mark.parametrize("name", ROLES)
def test_every_right_is_missed(
    roles: dict[str, DeployedRole], jobs: dict[str, list[Call]], name: str
) -> None:
    """Without one action on one resource, part of the job is refused; without none, nothing."""
    role = roles[name]
    job = jobs[name]
    if not role.statements:
        assert job == []
        return
    with role.having(role.statements):
        assert all(role.may(call) for call in job)
    not_missed = []
    for taken, less in without_each(role.statements):
        # Most likely it is missed by a call of the same service: those are tried first.
        likely = sorted(job, key=lambda call: not taken.startswith(call.service.partition("-")[0]))
        with role.having(less):
            if all(role.may(call) for call in likely):
                not_missed.append(taken)
    assert not_missed == []


def test_every_condition_keeps_something_out(
    deployment: Deployment, roles: dict[str, DeployedRole]
) -> None:
    """Without one key of a condition, something can be done that the role is not for."""
    jobs = Jobs(deployment)
    misuse = {
        "DnsZoneCleanupRole": [
            jobs.change_record("UPSERT", "CNAME", "_a.edge.example.com."),
            jobs.change_record("DELETE", "A", "_a.edge.example.com."),
            jobs.change_record("DELETE", "CNAME", "www.edge.example.com."),
        ],
        "CoordinatorTaskRole": [jobs.invoke(BEHIND_PROFILE)],
        "FullExecutionRole": [jobs.decrypt("KeyOfSecrets", "Registry")],
        "CachedExecutionRole": [jobs.decrypt("KeyOfSecrets", "Registry")],
        "CoordinatorExecutionRole": [jobs.decrypt("KeyOfSecrets", "FullKeys")],
        "PlainUpdatesRole": [jobs.put_event("aws.ecs"), jobs.tag("Plain")],
        "FullUpdatesRole": [
            jobs.put_event("aws.ecs"),
            jobs.tag("Full"),
            jobs.decrypt("KeyOfSecrets", "Registry"),
        ],
        "SignedUpdatesRole": [jobs.put_event("aws.ecs"), jobs.tag("Coordinator")],
    }
    for name in ROLES:
        role = roles[name]
        calls = misuse.get(name, [])
        assert [call for call in calls if role.may(call)] == []
        for taken, less in without_each_condition(role.statements):
            if any(key in taken for key in NOT_TRIED):
                continue
            with role.having(less):
                assert any(role.may(call) for call in calls), f"{name} without {taken}"
