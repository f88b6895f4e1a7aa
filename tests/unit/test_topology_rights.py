"""Who may do what, however it is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from assemblies import edge, ref, resource, write_assembly
from datafi_cdk.cli.describe.contents import describe
from datafi_cdk.cli.describe.render import markdown
from datafi_cdk.topology import Topology, reachability, read_topology
from datafi_cdk.topology.access import Role, Statement


def read(folder: Path, resources: dict[str, Any]) -> Topology:
    """What is made of resources."""
    return read_topology(write_assembly(folder, {"App": {"Resources": resources}}))


def sheet(folder: Path, resources: dict[str, Any]) -> str:
    """The sheet of these resources, as Markdown without escapes."""
    topology = read(folder, resources)
    return markdown(describe(topology, reachability(topology), ())).replace("\\", "")


def policy(**statement: Any) -> dict[str, Any]:
    """A policy with one statement, which allows."""
    return {"Statement": [{"Effect": "Allow", "Resource": "*", **statement}]}


def role(**properties: Any) -> dict[str, Any]:
    """A role that tasks assume."""
    principal = {"Service": "ecs-tasks.amazonaws.com"}
    trust = policy(Action="sts:AssumeRole", Principal=principal)
    return resource("AWS::IAM::Role", **{"AssumeRolePolicyDocument": trust, **properties})


def only_role(folder: Path, resources: dict[str, Any]) -> Role:
    """The one role of these resources."""
    [found] = read(folder, resources).roles
    return found


@pytest.mark.parametrize(
    ("actions", "allowed"),
    [
        (("secretsmanager:GetSecretValue",), True),
        (("SecretsManager:getsecretvalue",), True),
        (("secretsmanager:Get*",), True),
        (("secrets*:*Value",), True),
        (("secretsmanager:GetSecretValu?",), True),
        (("*",), True),
        (("secretsmanager:List*",), False),
        (("all but iam:*",), True),
        (("all but iam:*", "all but secretsmanager:*"), False),
        (("all but *",), False),
    ],
)
def test_every_way_to_allow_an_action_is_seen(actions: tuple[str, ...], allowed: bool) -> None:
    """Names in any case, wildcards at any place, and all that `NotAction` leaves in."""
    assert Statement("Allow", actions, ()).allows("secretsmanager:GetSecretValue") is allowed
    assert not Statement("Deny", actions, ()).allows("secretsmanager:GetSecretValue")


@pytest.mark.parametrize("kind", ["Role", "User", "Group"])
def test_policies_of_their_own_belong_to_whom_they_name(kind: str, tmp_path: Path) -> None:
    """So do managed ones that are named the other way round."""
    resources = {
        "Who": resource(f"AWS::IAM::{kind}", ManagedPolicyArns=[ref("Managed")]),
        "Managed": resource("AWS::IAM::ManagedPolicy", PolicyDocument=policy(Action="a:Managed")),
        "Own": resource(
            f"AWS::IAM::{kind}Policy",
            PolicyDocument=policy(Action="a:Own"),
            **{f"{kind}Name": ref("Who")},
        ),
    }
    found = only_role(tmp_path, resources)
    assert {action for one in found.statements for action in one.actions} == {"a:Managed", "a:Own"}


def test_limits_and_memberships_are_told(tmp_path: Path) -> None:
    """A boundary, the groups of a user, and who is denied to assume a role."""
    arn = "arn:aws:iam::111111111111:policy/limit"
    deny = {"Statement": [{"Effect": "Deny", "Action": "sts:AssumeRole", "Principal": "*"}]}
    resources = {
        "User": resource("AWS::IAM::User", Groups=["admins"]),
        "Role": role(PermissionsBoundary=arn, AssumeRolePolicyDocument=deny),
    }
    told = sheet(tmp_path, resources)
    assert f"| Role | not * |  | {arn} |" in told
    assert "| User | holders of its keys | those of the group admins |  |" in told


def test_services_that_are_called_are_those_that_are_allowed(tmp_path: Path) -> None:
    """Not what is denied; and what no template tells is not called nothing."""
    resources = edge()
    administrator = "arn:aws:iam::aws:policy/AdministratorAccess"
    inline = {
        "PolicyName": "inline",
        "PolicyDocument": {
            "Statement": [
                {"Effect": "Deny", "Action": "iam:PassRole", "Resource": "*"},
                {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"},
            ]
        },
    }
    resources["Role"] = role(ManagedPolicyArns=[administrator], Policies=[inline])
    resources["Definition"]["Properties"] |= {
        "TaskRoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
        "ExecutionRoleArn": "arn:aws:iam::111111111111:role/old",
    }
    told = sheet(tmp_path, resources)
    assert (
        f"| es | s3, what {administrator} allows, what existing"
        " arn:aws:iam::111111111111:role/old allows |"
    ) in told
    assert "What existing roles and policies allow, those of AWS too, is not in" in told


def test_referers_are_not_shown(tmp_path: Path) -> None:
    """A CDN and a bucket can share a secret in them."""
    secret = "not-a-real-secret"
    condition = {
        "StringEquals": {"aws:Referer": secret, "aws:SourceVpc": "vpc-1", "aws:UserAgent": secret}
    }
    resources = {
        "Bucket": resource("AWS::S3::Bucket"),
        "Policy": resource(
            "AWS::S3::BucketPolicy",
            Bucket=ref("Bucket"),
            PolicyDocument=policy(Action="s3:GetObject", Principal="*", Condition=condition),
        ),
    }
    told = sheet(tmp_path, resources)
    assert secret not in told
    assert (
        "| Bucket | * | s3:GetObject | * | aws:Referer StringEquals a value that is not shown;"
        " aws:SourceVpc StringEquals vpc-1; aws:UserAgent StringEquals a value that is not shown |"
    ) in told


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("AWS::Backup::BackupVault", {"AccessPolicy": policy(Action="a:b", Principal="*")}),
        (
            "AWS::DynamoDB::Table",
            {"ResourcePolicy": {"PolicyDocument": policy(Action="a:b", Principal="*")}},
        ),
        ("AWS::EFS::FileSystem", {"FileSystemPolicy": policy(Action="a:b", Principal="*")}),
        (
            "AWS::SQS::QueueInlinePolicy",
            {"Queue": "Held", "PolicyDocument": policy(Action="a:b", Principal="*")},
        ),
        (
            "AWS::SNS::TopicInlinePolicy",
            {"TopicArn": "Held", "PolicyDocument": policy(Action="a:b", Principal="*")},
        ),
    ],
)
def test_policies_in_resources_are_told(
    kind: str, properties: dict[str, Any], tmp_path: Path
) -> None:
    """Of whatever has one."""
    told = sheet(tmp_path, {"Held": resource(kind, **properties)})
    assert "Held | * | a:b | * |" in told


@pytest.mark.parametrize(
    "name",
    [
        {"Fn::GetAtt": ["Function", "Arn"]},
        ref("Alias"),
        "update",
        "update:live",
        "arn:aws:lambda:eu-west-1:111111111111:function:update",
        {"Fn::Sub": "arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:update"},
        {"Fn::Join": ["", [{"Fn::GetAtt": ["Function", "Arn"]}, ":live"]]},
    ],
)
def test_permissions_of_functions_are_found(name: Any, tmp_path: Path) -> None:
    """By reference, alias, name and ARN; what they permit but calls is told."""
    resources = {
        "Function": resource("AWS::Lambda::Function", FunctionName="update"),
        "Alias": resource("AWS::Lambda::Alias", FunctionName=ref("Function"), Name="live"),
        "Permission": resource(
            "AWS::Lambda::Permission",
            FunctionName=name,
            Action="lambda:UpdateFunctionCode",
            Principal="222222222222",
            PrincipalOrgID="o-1",
        ),
    }
    [function] = read(tmp_path, resources).functions
    assert function.invokers == ("222222222222 from o-1, who may lambda:UpdateFunctionCode",)


def test_permissions_of_existing_functions_are_told(tmp_path: Path) -> None:
    """Also that an address for everybody is made."""
    resources = {
        "Permission": resource(
            "AWS::Lambda::Permission",
            FunctionName="old",
            Action="lambda:InvokeFunction",
            Principal="*",
        ),
        "Url": resource("AWS::Lambda::Url", TargetFunctionArn="old", AuthType="NONE"),
    }
    told = sheet(tmp_path, resources)
    assert "| existing old | * | lambda:InvokeFunction |" in told
    assert "| existing old | * | lambda:InvokeFunctionUrl |" in told


@pytest.mark.parametrize("order", [("NONE", "AWS_IAM"), ("AWS_IAM", "NONE")])
def test_one_open_address_of_a_function_is_enough(order: tuple[str, str], tmp_path: Path) -> None:
    """An address of an alias counts like one of the function."""
    resources = {
        "Function": resource("AWS::Lambda::Function"),
        **{
            f"Url{place}": resource(
                "AWS::Lambda::Url", TargetFunctionArn=ref("Function"), AuthType=auth
            )
            for place, auth in enumerate(order)
        },
    }
    assert [one.source for one in reachability(read(tmp_path, resources))] == ["internet"]


def test_secrets_of_log_drivers_are_told(tmp_path: Path) -> None:
    """A token of a log driver is filled from a secret as a variable is."""
    resources = edge()
    [container] = resources["Definition"]["Properties"]["ContainerDefinitions"]
    secret = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:splunk-AbCdEf"
    container["LogConfiguration"] = {
        "LogDriver": "splunk",
        "SecretOptions": [{"Name": "splunk-token", "ValueFrom": secret}],
    }
    assert f"| container es | log option splunk-token | existing {secret} |" in sheet(
        tmp_path, resources
    )
