"""No policy of any example allows more than it has to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from policies import APPS, Assembly, Statement

# Actions for which the service authorization reference names no resource, by its page.
REFERENCE = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_"
WITHOUT_RESOURCE = {
    "ec2:DescribeNetworkInterfaces": "amazonec2.html",
    "ec2:DescribeSubnets": "amazonec2.html",
    "ecr:GetAuthorizationToken": "amazonelasticcontainerregistry.html",
    "ecs:DeregisterTaskDefinition": "amazonelasticcontainerservice.html",
    "ecs:DescribeTaskDefinition": "amazonelasticcontainerservice.html",
    "ssmmessages:CreateControlChannel": "amazonmessagegatewayservice.html",
    "ssmmessages:CreateDataChannel": "amazonmessagegatewayservice.html",
    "ssmmessages:OpenControlChannel": "amazonmessagegatewayservice.html",
    "ssmmessages:OpenDataChannel": "amazonmessagegatewayservice.html",
    "xray:PutTelemetryRecords": "awsx-ray.html",
    "xray:PutTraceSegments": "awsx-ray.html",
}
# It knows a resource for this one, which ECS Exec asks of all: it looks its log group up by name.
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html
OF_ALL_RESOURCES = {*WITHOUT_RESOURCE, "logs:DescribeLogGroups"}

ACCOUNT = "AWS:arn:{Partition}:iam::{AccountId}:root"
EMPTIES_BUCKETS = {"s3:PutBucketPolicy", "s3:GetBucket*", "s3:List*", "s3:DeleteObject*"}
OF_SECRETS = {"kms:Decrypt", "kms:Encrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*"}
# A service that does not say for whom it acts, and what stands in for the condition.
UNCONDITIONED = {
    # https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
    "lambda.amazonaws.com": "A function has a role of its own account only (iam:PassRole).",
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
    "ecs-tasks.amazonaws.com": "ECS is documented to say the account for task roles only.",
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
    "logdelivery.elasticloadbalancing.amazonaws.com": "The path of a log names the account.",
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    "logs.{Region}.{URLSuffix}": "The encryption context names the account.",
}
OF_ACCOUNT = {"aws:SourceAccount", "aws:SourceArn"}


@pytest.mark.parametrize("app", APPS)
def test_no_statement_goes_too_far(app: str, assembly: Callable[[str], Assembly]) -> None:
    """Names without wildcards, resources where there are any, and nothing for everybody."""
    statements = assembly(app).statements()
    assert len(statements) > 5
    assert [fault for one in statements for fault in faults(one)] == []


def faults(statement: Statement) -> Iterator[str]:
    """What is wrong with a statement."""
    if not statement.allows:
        return
    where = f"{statement.place} ({statement.type})"
    for inverted in ("NotAction", "NotResource", "NotPrincipal"):
        if inverted in statement.said:
            yield f"{where}: {inverted}"
    if not _is_of_cdk(statement):
        yield from (f"{where}: {action}" for action in statement.actions if "*" in action)
    if any(principal.endswith(":*") for principal in statement.principals):
        yield f"{where}: everybody"
    # In the policy of a key, `*` is the key.
    if "*" in statement.resources and statement.type != "AWS::KMS::Key":
        broad = set(statement.actions) - OF_ALL_RESOURCES
        yield from (f"{where}: {action} on *" for action in sorted(broad))
    if "iam:PassRole" in statement.actions:
        exact = all(resource == "<IAM::Role>" for resource in statement.resources)
        to = statement.condition.get("StringEquals", {}).get("iam:PassedToService")
        if not (exact and to and statement.actions == ("iam:PassRole",)):
            yield f"{where}: iam:PassRole"
    yield from _deputies(where, statement)


def _deputies(where: str, statement: Statement) -> Iterator[str]:
    """Services that act for anybody."""
    for principal in statement.principals:
        service = principal.removeprefix("Service:")
        if service == principal or statement.keys & OF_ACCOUNT:
            continue
        instead = {
            "logdelivery.elasticloadbalancing.amazonaws.com": all(
                resource.endswith("/AWSLogs/{AccountId}/*") for resource in statement.resources
            ),
            "ecs-tasks.amazonaws.com": statement.place.endswith("ExecutionRole"),
            "logs.{Region}.{URLSuffix}": "kms:EncryptionContext:aws:logs:arn" in statement.keys,
            "lambda.amazonaws.com": statement.of == "trust" or statement.type == ECR,
        }
        assert instead.keys() == UNCONDITIONED.keys()
        is_of_an_example = statement.of == "trust" and statement.place == "VpcFlowLogIAMRole"
        if not (instead.get(service) or is_of_an_example):
            yield f"{where}: {service} for anybody"


ECR = "AWS::ECR::Repository"
"""CDK lets Lambda pull from a repository of the app, which Lambda does for its account's users."""


def _is_of_cdk(statement: Statement) -> bool:
    """What CDK writes with wildcards, by the letter: it is not narrower for anybody."""
    actions = set(statement.actions)
    if statement.type == "AWS::S3::BucketPolicy":
        return actions == EMPTIES_BUCKETS and statement.principals == ("AWS:<IAM::Role>",)
    if statement.type != "AWS::KMS::Key" or statement.principals != (ACCOUNT,):
        return False
    # The first is AWS's own default, without which nobody could change the key any more:
    # https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    return actions == {"kms:*"} or (actions == OF_SECRETS and statement.keys == {"kms:ViaService"})


ROLE = "AWS::IAM::Role"
TASKS = {"Principal": {"Service": "ecs-tasks.amazonaws.com"}}
EVENTS = {"Principal": {"Service": "events.amazonaws.com"}}
TO_TASKS = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}


@pytest.mark.parametrize(
    ("kind", "said", "told"),
    [
        ("AWS::IAM::ManagedPolicy", {"Action": "s3:Get*", "Resource": "a"}, "s3:Get*"),
        ("AWS::IAM::ManagedPolicy", {"Action": "s3:GetObject", "Resource": "*"}, "on *"),
        ("AWS::IAM::Policy", {"NotAction": "s3:GetObject", "Resource": "a"}, "NotAction"),
        ("AWS::IAM::Policy", {"Action": "s3:GetObject", "NotResource": "a"}, "NotResource"),
        ("AWS::S3::BucketPolicy", {"Action": "s3:GetObject", "Principal": "*"}, "everybody"),
        ("AWS::S3::BucketPolicy", {"Action": "s3:GetObject", "Principal": {"AWS": "*"}}, "every"),
        ("AWS::S3::BucketPolicy", {"NotPrincipal": {"AWS": "a"}, "Action": "s3:a"}, "NotPrin"),
        (ROLE, {"Action": "sts:AssumeRole", **TASKS}, "ecs-tasks.amazonaws.com for anybody"),
        ("AWS::SQS::QueuePolicy", {"Action": "sqs:SendMessage", **EVENTS}, "for anybody"),
        ("AWS::IAM::Policy", {"Action": "iam:PassRole", "Resource": {"Ref": "Role"}}, "PassRole"),
        (
            "AWS::IAM::Policy",
            {"Action": "iam:PassRole", "Resource": "arn:aws:iam::1:role/*", "Condition": TO_TASKS},
            "PassRole",
        ),
        ("AWS::KMS::Key", {"Action": "kms:*", "Principal": {"AWS": "arn:of:others"}}, "kms:*"),
    ],
)
def test_finds_what_goes_too_far(
    kind: str, said: dict[str, Any], told: str, tmp_path: Path
) -> None:
    """Each rule is broken by one statement, and tells it."""
    document = {"Statement": [{"Effect": "Allow", **said}]}
    key = "AssumeRolePolicyDocument" if kind == ROLE else "PolicyDocument"
    resources = {
        "Role": {"Type": ROLE},
        "Wrong": {"Type": kind, "Properties": {key: document}},
    }
    (tmp_path / "a.template.json").write_text(json.dumps({"Resources": resources}))
    (fault,) = [fault for one in Assembly(tmp_path).statements() for fault in faults(one)]
    assert told in fault
