"""Log groups with a key of the customer's: who may use it, in one stack and over several."""

from typing import Any

import pytest
from datafi_cdk import (
    EdgeDns,
    EdgeNetwork,
    EdgeServer,
    InvalidInputError,
    ServerlessEdgeServer,
    SharedIngress,
)
from aws_cdk import App, Environment, RemovalPolicy, Stack
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk.assertions import Template
from datafi_cdk.log_encryption import new_log_group
from deployment import ACCOUNT, KEY_ARN, LOG_GROUP, new_app, recommended_flags, secret, surroundings

KEY = "AWS::KMS::Key"


def log_group(scope: Stack, construct_id: str, key: kms.IKey | None) -> logs.LogGroup:
    """A log group with or without a key."""
    return new_log_group(
        scope,
        construct_id,
        retention=logs.RetentionDays.ONE_WEEK,
        encryption_key=key,
        removal_policy=RemovalPolicy.DESTROY,
    )


def statements_for_logs(template: Template) -> list[dict[str, Any]]:
    """What the policy of the only key says of CloudWatch Logs."""
    (key,) = template.find_resources(KEY).values()
    return [
        statement
        for statement in key["Properties"]["KeyPolicy"]["Statement"]
        if "Service" in statement["Principal"]
    ]


@pytest.mark.parametrize("flags", [{}, recommended_flags()], ids=["no flags", "all flags"])
def test_logs_may_use_the_key_for_the_log_groups_of_its_account_only(flags: dict[str, Any]) -> None:
    """Two log groups add one statement, which names neither of them."""
    stack = Stack(App(context=flags, analytics_reporting=False), "Test")
    key = kms.Key(stack, "Key")
    log_group(stack, "One", key)
    log_group(stack, "Two", key)
    template = Template.from_stack(stack)
    (statement,) = statements_for_logs(template)
    assert statement["Principal"] == {
        "Service": {
            "Fn::Join": [
                "",
                ["logs.", {"Ref": "AWS::Region"}, ".", {"Ref": "AWS::URLSuffix"}],
            ]
        }
    }
    assert set(statement["Action"]) == {
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:Encrypt",
        "kms:GenerateDataKey",
        "kms:GenerateDataKeyWithoutPlaintext",
        "kms:ReEncryptFrom",
        "kms:ReEncryptTo",
    }
    (arn,) = statement["Condition"]["ArnLike"].values()
    assert list(statement["Condition"]["ArnLike"]) == ["kms:EncryptionContext:aws:logs:arn"]
    assert arn["Fn::Join"][1][-1] == ":*"
    assert {"Ref": "AWS::AccountId"} in arn["Fn::Join"][1]
    for group in template.find_resources(LOG_GROUP).values():
        assert group["Properties"]["KmsKeyId"]["Fn::GetAtt"][1] == "Arn"


def test_a_key_of_another_stack_waits_for_no_log_group() -> None:
    """The stack of the log group needs that of the key, and never the reverse."""
    app = new_app()
    keys, servers = Stack(app, "Keys"), Stack(app, "Servers")
    log_group(servers, "Log", kms.Key(keys, "Key"))
    assert statements_for_logs(Template.from_stack(keys))
    assert servers.dependencies == [keys]
    assert keys.dependencies == []


def test_without_a_key_the_encryption_is_left_to_aws() -> None:
    """No key is made, and none is named."""
    stack = Stack(new_app(), "Test")
    log_group(stack, "Log", None)
    template = Template.from_stack(stack)
    template.resource_count_is(KEY, 0)
    (group,) = template.find_resources(LOG_GROUP).values()
    assert "KmsKeyId" not in group["Properties"]


def test_constructs_encrypt_their_log_groups_with_the_key_they_get() -> None:
    """Servers of both kinds and the network; the variables of a function, too."""
    made = surroundings()
    key = kms.Key.from_key_arn(made.stack, "Key", KEY_ARN)
    EdgeServer(made.stack, "Es", **made.around, name="es", encryption_key=key)
    ServerlessEdgeServer(
        made.stack,
        "Lambda",
        ingress=made.ingress,
        name="lambda",
        repository=ecr.Repository.from_repository_name(made.stack, "Images", "images"),
        secret=secret(made.stack, "keys"),
        encryption_key=key,
    )
    EdgeNetwork(made.stack, "Network", flow_logs=True, encryption_key=key)
    template = Template.from_stack(made.stack)
    template.resource_count_is(KEY, 0)
    for prefix in ("Es", "Lambda", "Network"):
        (group,) = (
            group
            for logical_id, group in template.find_resources(LOG_GROUP).items()
            if logical_id.startswith(prefix)
        )
        assert group["Properties"]["KmsKeyId"] == KEY_ARN
    (function,) = template.find_resources(
        "AWS::Lambda::Function", {"Properties": {"PackageType": "Image"}}
    ).values()
    assert function["Properties"]["KmsKeyArn"] == KEY_ARN


def test_refuses_a_key_of_another_region() -> None:
    """Also one that is known by its ARN."""
    stack = Stack(new_app(), "Test", env=Environment(account=ACCOUNT, region="eu-west-1"))
    key = kms.Key.from_key_arn(stack, "Key", KEY_ARN)
    with pytest.raises(
        InvalidInputError, match="Test/Network: encryption_key must be in the region"
    ):
        EdgeNetwork(stack, "Network", encryption_key=key)
    vpc = EdgeNetwork(stack, "Other").vpc
    dns = EdgeDns(stack, "Dns", root_domain="edge.example.com")
    with pytest.raises(
        InvalidInputError, match="Test/Ingress: encryption_key must be in the region"
    ):
        SharedIngress(stack, "Ingress", vpc=vpc, dns=dns, encryption_key=key)
