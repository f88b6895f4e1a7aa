"""The functions of CDK's own custom resources write to log groups of their stack."""

from __future__ import annotations

import pytest
from datafi_cdk import EdgeDns, EdgeNetwork, EdgeStorage
from aws_cdk import App, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Match, Template

LOG_GROUP = "AWS::Logs::LogGroup"
FUNCTION = "AWS::Lambda::Function"


def make(stack: Stack, kind: str, removal_policy: RemovalPolicy) -> None:
    """Make what needs a custom resource of CDK's."""
    if kind == "EMPTY":
        EdgeStorage(stack, "Data", removal_policy=removal_policy)
        EdgeStorage(stack, "MoreData", removal_policy=removal_policy)
    elif kind == "NETWORK":
        EdgeNetwork(stack, "Network", flow_logs=False, removal_policy=removal_policy)
    else:
        EdgeDns(
            stack,
            "Dns",
            root_domain="edge.example.com",
            parent_zone=route53.HostedZone.from_hosted_zone_id(stack, "Parent", "Z0123456789"),
            delegation_role=iam.Role.from_role_arn(
                stack, "Role", "arn:aws:iam::111122223333:role/delegation"
            ),
            removal_policy=removal_policy,
        )


@pytest.mark.parametrize(
    ("kind", "policy"),
    [
        ("EMPTY", RemovalPolicy.DESTROY),
        ("NETWORK", RemovalPolicy.DESTROY),
        ("NETWORK", RemovalPolicy.RETAIN),
        ("DELEGATION", RemovalPolicy.RETAIN),
    ],
)
def test_each_function_has_a_log_group_of_its_stack(kind: str, policy: RemovalPolicy) -> None:
    """It forgets after a month, and is kept or deleted as the rest is."""
    stack = Stack(App(), "Stack")
    make(stack, kind, policy)
    template = Template.from_stack(stack)
    groups = template.find_resources(LOG_GROUP)
    functions = template.find_resources(FUNCTION)
    assert set(groups) == {
        function["Properties"]["LoggingConfig"]["LogGroup"]["Ref"]
        for function in functions.values()
    }
    expected = "Delete" if policy == RemovalPolicy.DESTROY else "Retain"
    for group in groups.values():
        assert group["DeletionPolicy"] == group["UpdateReplacePolicy"] == expected
        assert group["Properties"]["RetentionInDays"] == 30


def test_a_kept_bucket_changes_no_function_of_others() -> None:
    """A function that another bucket of the stack has stays as it is."""
    stack = Stack(App(), "Stack")
    policy = RemovalPolicy.DESTROY
    s3.Bucket(stack, "Others", auto_delete_objects=True, removal_policy=policy)
    EdgeStorage(stack, "Data")
    template = Template.from_stack(stack)
    template.resource_count_is(LOG_GROUP, 0)
    template.has_resource_properties(FUNCTION, {"LoggingConfig": Match.absent()})


def test_the_key_of_the_first_that_asks_encrypts_it() -> None:
    """A customer's key for the bucket is that of the log group, too."""
    stack = Stack(App(), "Stack")
    key = kms.Key(stack, "Key")
    EdgeStorage(stack, "Data", encryption_key=key, removal_policy=RemovalPolicy.DESTROY)
    Template.from_stack(stack).has_resource_properties(
        LOG_GROUP, {"KmsKeyId": stack.resolve(key.key_arn)}
    )
