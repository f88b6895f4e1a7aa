"""With `enforce_iam`, roles may do what their policies allow, and nothing else."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from datafi_cdk.local import EmbeddedAws

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": "000000000000", "Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


@pytest.fixture(scope="module")
def iam_aws() -> Iterator[EmbeddedAws]:
    """An embedded AWS that enforces IAM."""
    with EmbeddedAws(enforce_iam=True) as aws:
        yield aws


@dataclass
class Role:
    """A role whose policy changes, and clients with the role's credentials."""

    aws: EmbeddedAws
    name: str

    @property
    def arn(self) -> str:
        """The role's ARN."""
        return f"arn:aws:iam::000000000000:role/{self.name}"

    def allow(self, *statements: dict[str, Any]) -> None:
        """Allow this and nothing else."""
        allowed = [{"Effect": "Allow", **statement} for statement in statements]
        policy = {"Version": "2012-10-17", "Statement": allowed}
        self.aws.client("iam").put_role_policy(
            RoleName=self.name, PolicyName="all", PolicyDocument=json.dumps(policy)
        )

    def client(self, service_name: str) -> Any:
        """A client of the role."""
        assumed = self.aws.client("sts").assume_role(RoleArn=self.arn, RoleSessionName="test")
        credentials = assumed["Credentials"]
        return boto3.Session(
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
            region_name="us-east-1",
        ).client(service_name, endpoint_url=self.aws.endpoint)


@pytest.fixture(scope="module")
def make_role(iam_aws: EmbeddedAws) -> Callable[[], Role]:
    """Makes a role that may do nothing."""

    def make() -> Role:
        name = f"role-{uuid.uuid4().hex[:8]}"
        iam_aws.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
        return Role(iam_aws, name)

    return make


@pytest.fixture(scope="module")
def made(iam_aws: EmbeddedAws, make_role: Callable[[], Role]) -> dict[str, str]:
    """One resource of each kind, by the root user."""
    ecs = iam_aws.client("ecs")
    ecs.create_cluster(clusterName="c")
    containers = [{"name": "es", "image": "es:1", "memory": 128}]
    task = ecs.register_task_definition(family="f", containerDefinitions=containers)
    ecs.create_service(cluster="c", serviceName="s", taskDefinition="f", desiredCount=1)
    (deployment,) = ecs.list_service_deployments(cluster="c", service="s")["serviceDeployments"]
    ssm = iam_aws.client("ssm")
    for name in ("/p/one", "/p/two"):
        ssm.put_parameter(Name=name, Value="v", Type="String")
    secret = iam_aws.client("secretsmanager").create_secret(Name="key", SecretString="v")
    passed = make_role().arn
    iam_aws.client("lambda").create_function(
        FunctionName="f",
        Runtime="python3.12",
        Handler="index.handler",
        Role=passed,
        Code={"ZipFile": zipped("def handler(event, context): return 1")},
    )
    return {
        "task": task["taskDefinition"]["taskDefinitionArn"],
        "deployment": deployment["serviceDeploymentArn"],
        "revision": deployment["targetServiceRevisionArn"],
        "secret": secret["ARN"],
        "passed": passed,
    }


def zipped(code: str) -> bytes:
    """A Lambda's code."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr("index.py", code)
    return archive.getvalue()


SERVICE = "arn:aws:ecs:us-east-1:000000000000:service/c/s"
FAMILY = "arn:aws:ecs:us-east-1:000000000000:task-definition/f:*"
PARAMETER = "arn:aws:ssm:us-east-1:000000000000:parameter/p/one"
BUS = "arn:aws:events:us-east-1:000000000000:event-bus/default"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:f"
ONE = {"Name": "/p/one"}
C_S = {"cluster": "c", "service": "s"}
CONTAINERS = [{"name": "es", "image": "es:2", "memory": 128}]
LABEL = {**ONE, "ParameterVersion": 1, "Labels": ["a"]}
EVENT = {"Source": "test", "DetailType": "t", "Detail": "{}"}


@pytest.mark.parametrize(
    ("action", "resources", "arguments"),
    [
        ("ssm:GetParameter", [PARAMETER], ONE),
        ("ssm:GetParameter", [PARAMETER], {"Name": "/p/one:1"}),
        ("ssm:GetParameters", [PARAMETER, PARAMETER[:-3] + "two"], {"Names": ["/p/one", "/p/two"]}),
        ("ssm:PutParameter", [PARAMETER], {**ONE, "Value": "v", "Overwrite": True}),
        ("ssm:GetParameterHistory", [PARAMETER], ONE),
        ("ssm:LabelParameterVersion", [PARAMETER], LABEL),
        ("ssm:UnlabelParameterVersion", [PARAMETER], LABEL),
        ("ssm:DeleteParameter", [PARAMETER], ONE),
        ("ecs:DescribeServices", [SERVICE], {"cluster": "c", "services": ["s"]}),
        ("ecs:DescribeServices", [SERVICE], {"cluster": "c", "services": [SERVICE]}),
        ("ecs:UpdateService", [SERVICE], {**C_S, "forceNewDeployment": True}),
        ("ecs:ListServiceDeployments", [SERVICE], C_S),
        (
            "ecs:DescribeServiceDeployments",
            [SERVICE, "deployment"],
            {"serviceDeploymentArns": ["deployment"]},
        ),
        (
            "ecs:DescribeServiceRevisions",
            [SERVICE, "revision"],
            {"serviceRevisionArns": ["revision"]},
        ),
        ("ecs:DescribeTaskDefinition", ["*"], {"taskDefinition": "f"}),
        (
            "ecs:RegisterTaskDefinition",
            [FAMILY],
            {"family": "f", "containerDefinitions": CONTAINERS},
        ),
        ("ecs:DeregisterTaskDefinition", ["*"], {"taskDefinition": "f:1"}),
        (
            "ecs:TagResource",
            ["task"],
            {"resourceArn": "task", "tags": [{"key": "k", "value": "v"}]},
        ),
        ("secretsmanager:GetSecretValue", ["secret"], {"SecretId": "key"}),
        ("events:PutEvents", [BUS], {"Entries": [EVENT]}),
        ("lambda:InvokeFunction", [FUNCTION], {"FunctionName": "f"}),
    ],
)
def test_an_action_needs_its_permission_on_each_resource(
    make_role: Callable[[], Role],
    made: dict[str, str],
    action: str,
    resources: list[str],
    arguments: dict[str, Any],
) -> None:
    """Without it, with that of another resource, and with one of two missing it is refused."""
    role = make_role()
    service, _, name = action.partition(":")
    client = role.client(service)
    operation = "invoke" if service == "lambda" else boto3_name(name)
    given = {
        key: [made.get(item, item) if isinstance(item, str) else item for item in value]
        if isinstance(value, list)
        else made.get(value, value)
        for key, value in arguments.items()
    }

    def call() -> Any:
        return getattr(client, operation)(**given)

    def refused() -> bool:
        with pytest.raises(ClientError) as raised:
            call()
        assert raised.value.response["Error"]["Code"] == "AccessDeniedException"
        return action in str(raised.value)

    wanted = [made.get(resource, resource) for resource in resources]
    assert refused()
    role.allow({"Action": action, "Resource": f"arn:aws:{service}:us-east-1:000000000000:none"})
    assert refused()
    for missing in wanted[1:]:
        kept = [resource for resource in wanted if resource != missing]
        role.allow({"Action": action, "Resource": kept})
        assert refused()
    role.allow({"Action": action, "Resource": wanted})
    call()


def boto3_name(action: str) -> str:
    """The name of a client's method."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in action).lstrip("_")


def test_a_task_definition_needs_its_roles_and_tags(
    make_role: Callable[[], Role], made: dict[str, str]
) -> None:
    """iam:PassRole for the service of tasks, and ecs:TagResource for this very action."""
    role = make_role()
    ecs = role.client("ecs")
    register = {"Action": "ecs:RegisterTaskDefinition", "Resource": FAMILY}
    passing = {"Action": "iam:PassRole", "Resource": made["passed"]}
    tagging = {"Action": "ecs:TagResource", "Resource": FAMILY}

    def condition(key: str, value: str) -> dict[str, Any]:
        return {"Condition": {"StringEquals": {key: value}}}

    def call() -> str:
        try:
            ecs.register_task_definition(
                family="f",
                containerDefinitions=CONTAINERS,
                executionRoleArn=made["passed"],
                tags=[{"key": "k", "value": "v"}],
            )
        except ClientError as error:
            return str(error)
        return "registered"

    to_tasks = condition("iam:PassedToService", "ecs-tasks.amazonaws.com")
    of_registration = condition("ecs:CreateAction", "RegisterTaskDefinition")
    role.allow(register)
    assert "ecs:TagResource" in call()
    role.allow(register, {**tagging, **condition("ecs:CreateAction", "CreateService")})
    assert "ecs:TagResource" in call()
    role.allow(register, {**tagging, **of_registration})
    assert "iam:PassRole" in call()
    to_lambda = condition("iam:PassedToService", "lambda.amazonaws.com")
    role.allow(register, {**tagging, **of_registration}, {**passing, **to_lambda})
    assert "iam:PassRole" in call()
    role.allow(register, {**tagging, **of_registration}, {**passing, **to_tasks})
    assert call() == "registered"


def test_a_cluster_can_be_a_condition(make_role: Callable[[], Role], made: dict[str, str]) -> None:
    """`ecs:cluster` is the ARN of the service's cluster."""
    role = make_role()
    ecs = role.client("ecs")

    def allow(cluster: str) -> None:
        arn = f"arn:aws:ecs:us-east-1:000000000000:cluster/{cluster}"
        condition = {"ArnEquals": {"ecs:cluster": arn}}
        role.allow({"Action": "ecs:DescribeServices", "Resource": "*", "Condition": condition})

    allow("other")
    with pytest.raises(ClientError, match="ecs:DescribeServices"):
        ecs.describe_services(cluster="c", services=["s"])
    allow("c")
    assert ecs.describe_services(cluster="c", services=["s"])["services"]
