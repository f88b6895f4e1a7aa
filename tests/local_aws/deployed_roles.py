"""The stack with every role, deployed where IAM is enforced, and calls with the roles' rights."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from datafi_cdk.local import EmbeddedAws
from policies import listed, named

from .deployed_edge import eventually

_DENIED = {"AccessDenied", "AccessDeniedException", "AccessDeniedFault", "UnauthorizedOperation"}
_ONCE = Config(retries={"total_max_attempts": 1}, parameter_validation=False)
# One for all: it reads the description of each service once.
_SESSION = boto3.Session()

Statements = list[dict[str, Any]]


class Call(NamedTuple):
    """A call of an AWS service.

    Args:
        service: As boto3 names it; "simulated" where the emulator has no such service, and only
            what the policies say is asked.
        operation: The method of the client; of what is simulated, the action.
        arguments: Its arguments; of what is simulated, the resource, if it knows any.
    """

    service: str
    operation: str
    arguments: str

    @classmethod
    def of(cls, client: str, method: str, /, **arguments: Any) -> Call:
        """A call that can be compared with others."""
        return cls(client, method, json.dumps(arguments, sort_keys=True))


class Deployment:
    """What is deployed.

    Args:
        aws: Where.
        assembly: The templates, in the order in which they are deployed.
    """

    def __init__(self, aws: EmbeddedAws, assembly: Path, stacks: Sequence[str]) -> None:
        self.aws = aws
        self._publish(assembly)
        self._ids: dict[str, str] = {}
        self._logical: dict[str, str] = {}
        for stack in stacks:
            self._deploy(stack)

    def id(self, name: str) -> str:
        """What `Ref` gives for a resource, by its logical id without the hash."""
        return self._ids[name]

    def roles(self) -> set[str]:
        """The roles that are deployed."""
        return {name for name, kind in self._logical.items() if kind == "AWS::IAM::Role"}

    def _publish(self, assembly: Path) -> None:
        """Put assets where `cdk deploy` would."""
        s3, ssm = self.aws.client("s3"), self.aws.client("ssm")
        bucket = f"cdk-hnb659fds-assets-{self.aws.account}-{self.aws.region}"
        s3.create_bucket(Bucket=bucket)
        ssm.put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Value="30", Type="String")
        self._templates: dict[str, str] = {}
        for manifest in assembly.glob("*.assets.json"):
            for asset in json.loads(manifest.read_text())["files"].values():
                source = assembly / asset["source"]["path"]
                (destination,) = asset["destinations"].values()
                key = destination["objectKey"]
                content = _zipped(source) if source.is_dir() else source.read_bytes()
                s3.put_object(Bucket=bucket, Key=key, Body=content)
                self._templates[source.name] = f"https://s3.amazonaws.com/{bucket}/{key}"

    def _deploy(self, stack: str) -> None:
        client = self.aws.client("cloudformation")
        client.create_stack(
            StackName=stack,
            TemplateURL=self._templates[f"{stack}.template.json"],
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )

        def state() -> str:
            (found,) = client.describe_stacks(StackName=stack)["Stacks"]
            return str(found["StackStatus"])

        ended = eventually(state, lambda status: not status.endswith("_IN_PROGRESS"), seconds=120)
        pages = client.get_paginator("describe_stack_events").paginate(StackName=stack)
        events = [each for page in pages for each in page["StackEvents"]]
        reasons = [each.get("ResourceStatusReason") for each in events]
        assert ended == "CREATE_COMPLETE", [ended, *filter(None, reasons)]
        for each in client.describe_stack_resources(StackName=stack)["StackResources"]:
            name = named(each["LogicalResourceId"])
            self._ids[name] = each["PhysicalResourceId"]
            self._logical[name] = each["ResourceType"]


class DeployedRole:
    """A role with what it may do, which can be less.

    Args:
        deployment: What it is of.
        name: Its logical id without the hash.
    """

    def __init__(self, deployment: Deployment, name: str) -> None:
        self._iam = deployment.aws.client("iam")
        self._name = deployment.id(name)
        self._aws = deployment.aws
        self.arn = f"arn:aws:iam::{deployment.aws.account}:role/{self._name}"
        self._credentials = self._assumed()
        self._clients: dict[str, Any] = {}
        self.statements: Statements = []
        attached = self._iam.list_attached_role_policies(RoleName=self._name)["AttachedPolicies"]
        assert not self._iam.list_role_policies(RoleName=self._name)["PolicyNames"]
        self._attached = [each["PolicyArn"] for each in attached]
        for arn in self._attached:
            version = self._iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            found = self._iam.get_policy_version(PolicyArn=arn, VersionId=version)
            self.statements += found["PolicyVersion"]["Document"]["Statement"]

    def _assumed(self) -> dict[str, str]:
        """Credentials of the role, which services assume and people cannot."""
        trust = self._iam.get_role(RoleName=self._name)["Role"]["AssumeRolePolicyDocument"]
        mine = {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"AWS": self._aws.account},
        }
        opened = {**trust, "Statement": [*trust["Statement"], mine]}
        self._iam.update_assume_role_policy(RoleName=self._name, PolicyDocument=json.dumps(opened))
        sts = self._aws.client("sts")
        given = sts.assume_role(RoleArn=self.arn, RoleSessionName="test")["Credentials"]
        self._iam.update_assume_role_policy(RoleName=self._name, PolicyDocument=json.dumps(trust))
        return {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
            "region_name": self._aws.region,
        }

    @contextmanager
    def having(self, statements: Statements) -> Iterator[None]:
        """These statements in place of its own."""
        policy = {"RoleName": self._name, "PolicyName": "less"}
        document = {"Version": "2012-10-17", "Statement": statements}
        self._iam.put_role_policy(**policy, PolicyDocument=json.dumps(document))
        for arn in self._attached:
            self._iam.detach_role_policy(RoleName=self._name, PolicyArn=arn)
        try:
            yield
        finally:
            for arn in self._attached:
                self._iam.attach_role_policy(RoleName=self._name, PolicyArn=arn)
            self._iam.delete_role_policy(**policy)

    def may(self, call: Call) -> bool:
        """Whether a call is not refused for want of a right, whatever else becomes of it."""
        if call.service == "simulated":
            asked = {"PolicySourceArn": self.arn, "ActionNames": [call.operation]}
            on = json.loads(call.arguments)
            (answer,) = self._iam.simulate_principal_policy(**asked, **on)["EvaluationResults"]
            return bool(answer["EvalDecision"] == "allowed")
        if call.service not in self._clients:
            self._clients[call.service] = _SESSION.client(
                call.service, endpoint_url=self._aws.endpoint, config=_ONCE, **self._credentials
            )
        try:
            getattr(self._clients[call.service], call.operation)(**json.loads(call.arguments))
        except ClientError as error:
            return error.response["Error"]["Code"] not in _DENIED
        return True


def without_each(statements: Statements) -> Iterator[tuple[str, Statements]]:
    """The statements without one action on one resource, for each of them, and which it is."""
    for number, statement in enumerate(statements):
        actions, resources = listed(statement["Action"]), listed(statement["Resource"])
        for action in actions:
            for resource in resources:
                others = [each for each in actions if each != action]
                rest = [each for each in resources if each != resource]
                kept = [
                    {**statement, "Action": others} if others else None,
                    {**statement, "Action": action, "Resource": rest} if rest else None,
                ]
                less = [*statements[:number], *filter(None, kept), *statements[number + 1 :]]
                yield f"{action} on {resource}", less


def without_each_condition(statements: Statements) -> Iterator[tuple[str, Statements]]:
    """The statements without one key of a condition, for each of them, and which it is."""
    for number, statement in enumerate(statements):
        condition = statement.get("Condition", {})
        for operator, test in condition.items():
            for key in test:
                left = {
                    other: {name: wanted for name, wanted in one.items() if name != key}
                    for other, one in condition.items()
                }
                less = {**statement, "Condition": {k: v for k, v in left.items() if v}}
                if not less["Condition"]:
                    del less["Condition"]
                at = f"{operator} {key} of {statement['Action']}"
                yield at, [*statements[:number], less, *statements[number + 1 :]]


def _zipped(folder: Path) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder))
    return content.getvalue()
