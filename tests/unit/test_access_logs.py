"""Access logs of the load balancer: the bucket, who may write to it, and in which order."""

from typing import Any

import pytest
from datafi_cdk import EdgeDns, EdgeStorage, InvalidInputError, SharedIngress
from aws_cdk import App, Environment, RemovalPolicy, Stack, Token
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Template
from deployment import (
    ACCOUNT,
    BUCKET,
    CERTIFICATE_ARN,
    LOAD_BALANCER,
    REGION,
    ROOT_DOMAIN,
    attributes,
    existing_vpc,
    logical_id,
    new_app,
    new_stack,
    one,
    properties,
    recommended_flags,
)

BUCKET_POLICY = "AWS::S3::BucketPolicy"
LOGS = "IngressAccessLogs"
WRITER = "logdelivery.elasticloadbalancing.amazonaws.com"


def ingress(stack: Stack, **arguments: Any) -> SharedIngress:
    """An ingress with these arguments."""
    region = REGION if Token.is_unresolved(stack.region) else stack.region
    certificate = acm.Certificate.from_certificate_arn(
        stack, "Certificate", CERTIFICATE_ARN.replace(REGION, region)
    )
    dns = EdgeDns(
        stack,
        "Dns",
        root_domain=ROOT_DOMAIN,
        certificate=certificate,
        enable_hosted_zone=False,
    )
    return SharedIngress(stack, "Ingress", vpc=existing_vpc(stack), dns=dns, **arguments)


def writer_statement(template: Template) -> dict[str, Any]:
    """What the policy of the bucket grants to the load balancer."""
    (statement,) = (
        entry
        for policy in template.find_resources(BUCKET_POLICY).values()
        for entry in policy["Properties"]["PolicyDocument"]["Statement"]
        if entry["Effect"] == "Allow" and WRITER in str(entry)
    )
    return dict(statement)


@pytest.fixture(scope="module")
def template() -> Template:
    """A stack that knows no account and region, with a new bucket."""
    ingress(stack := new_stack())
    return Template.from_stack(stack)


def test_no_logs_if_nobody_wants_them() -> None:
    """No bucket is made, neither for the load balancer's logs nor for those of a bucket."""
    made = ingress(stack := new_stack(), access_logs=False)
    template = Template.from_stack(stack)
    template.resource_count_is(BUCKET, 0)
    assert made.access_logs_bucket is None
    assert made.server_access_logs_bucket is None
    assert "access_logs" not in str(properties(template, LOAD_BALANCER))


def test_a_new_bucket_is_private_and_kept(template: Template) -> None:
    """Encrypted with S3-managed keys, over TLS only, closed, retained, without a fixed name."""
    bucket = one(template, BUCKET, LOGS)
    assert bucket["DeletionPolicy"] == bucket["UpdateReplacePolicy"] == "Retain"
    assert "BucketName" not in bucket["Properties"]
    assert bucket["Properties"]["BucketEncryption"] == {
        "ServerSideEncryptionConfiguration": [
            {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        ]
    }
    assert set(bucket["Properties"]["PublicAccessBlockConfiguration"].values()) == {True}
    denied = properties(template, BUCKET_POLICY, LOGS)["PolicyDocument"]["Statement"][0]
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert denied["Effect"] == "Deny"


def test_logs_are_kept_for_a_year(template: Template) -> None:
    """After that they are deleted; what somebody deletes before is kept for a month."""
    (rule,) = properties(template, BUCKET, LOGS)["LifecycleConfiguration"]["Rules"]
    assert rule == {
        "ExpirationInDays": 365,
        "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
        "Status": "Enabled",
    }


def test_the_load_balancer_writes_to_it(template: Template) -> None:
    """Logs go to the bucket."""
    found = attributes(properties(template, LOAD_BALANCER), "LoadBalancerAttributes")
    assert found["access_logs.s3.enabled"] == "true"
    assert found["access_logs.s3.bucket"] == {"Ref": logical_id(template, BUCKET, LOGS)}
    assert "access_logs.s3.prefix" not in found


def test_the_service_may_write_logs_of_this_account_and_nothing_else(template: Template) -> None:
    """The same service name in every region, for which no region need be known."""
    statement = writer_statement(template)
    bucket = {"Fn::GetAtt": [logical_id(template, BUCKET, LOGS), "Arn"]}
    path = ["/AWSLogs/", {"Ref": "AWS::AccountId"}, "/*"]
    assert statement == {
        "Action": "s3:PutObject",
        "Effect": "Allow",
        "Principal": {"Service": WRITER},
        "Resource": {"Fn::Join": ["", [bucket, *path]]},
    }


def test_the_load_balancer_waits_for_the_policy(template: Template) -> None:
    """It writes once when it is made, and would fail before it may."""
    assert logical_id(template, BUCKET_POLICY, LOGS) in one(template, LOAD_BALANCER)["DependsOn"]


def test_a_bucket_that_may_go_is_emptied_first() -> None:
    """With `RemovalPolicy.DESTROY` the logs go with the bucket."""
    ingress(stack := new_stack(), removal_policy=RemovalPolicy.DESTROY)
    template = Template.from_stack(stack)
    assert one(template, BUCKET, LOGS)["DeletionPolicy"] == "Delete"
    template.resource_count_is("Custom::S3AutoDeleteObjects", 2)


def test_a_bucket_of_logs_is_emptied_after_the_load_balancer_has_gone() -> None:
    """The load balancer writes to it until then."""
    ingress(stack := new_stack(), removal_policy=RemovalPolicy.DESTROY)
    template = Template.from_stack(stack)
    emptied = logical_id(template, "Custom::S3AutoDeleteObjects", LOGS)
    assert emptied in one(template, LOAD_BALANCER)["DependsOn"]


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1", "us-east-1"])
def test_every_partition_has_the_same_policy(region: str) -> None:
    """No ARN names a partition, and the service keeps its name."""
    stack = Stack(new_app(), "Test", env=Environment(account=ACCOUNT, region=region))
    certificate_free = ingress(stack)
    template = Template.from_stack(stack)
    assert certificate_free.access_logs_bucket is not None
    assert writer_statement(template)["Principal"] == {"Service": WRITER}
    assert "arn:aws" not in str(template.to_json()).replace(
        CERTIFICATE_ARN.replace(REGION, region), ""
    )


@pytest.mark.parametrize("asked_twice", [False, True])
def test_a_bucket_of_the_app_gets_the_policy(asked_twice: bool) -> None:
    """No second bucket is made, and the existing one lets the load balancer write."""
    stack = new_stack()
    bucket = s3.Bucket(stack, "Logs")
    made = ingress(stack, access_logs_bucket=bucket, access_logs=asked_twice)
    template = Template.from_stack(stack)
    template.resource_count_is(BUCKET, 1)
    assert made.access_logs_bucket is bucket
    assert writer_statement(template)["Action"] == "s3:PutObject"
    assert logical_id(template, BUCKET_POLICY) in one(template, LOAD_BALANCER)["DependsOn"]


def test_a_bucket_may_be_in_another_stack() -> None:
    """Its policy is there; the load balancer's stack comes after it."""
    app = new_app()
    data, front = new_stack("Data", app), new_stack("Front", app)
    ingress(front, access_logs_bucket=s3.Bucket(data, "Logs"))
    app.synth()
    assert writer_statement(Template.from_stack(data))["Principal"] == {"Service": WRITER}
    Template.from_stack(front).resource_count_is(BUCKET_POLICY, 0)
    assert [stack.stack_name for stack in front.dependencies] == ["Data"]
    assert data.dependencies == []


def test_the_policy_of_an_imported_bucket_is_left_to_its_owner() -> None:
    """The load balancer writes to it, and nothing of it is made or changed."""
    stack = new_stack()
    ingress(stack, access_logs_bucket=s3.Bucket.from_bucket_name(stack, "Logs", "acme-logs"))
    template = Template.from_stack(stack)
    template.resource_count_is(BUCKET, 0)
    template.resource_count_is(BUCKET_POLICY, 0)
    found = attributes(properties(template, LOAD_BALANCER), "LoadBalancerAttributes")
    assert found["access_logs.s3.bucket"] == "acme-logs"


@pytest.mark.parametrize("imported", [False, True])
def test_a_bucket_with_a_kms_key_is_refused(imported: bool) -> None:
    """A load balancer writes to buckets with S3-managed keys only."""
    stack = new_stack()
    key = kms.Key(stack, "Key")
    bucket = (
        s3.Bucket.from_bucket_attributes(stack, "Logs", bucket_name="acme", encryption_key=key)
        if imported
        else s3.Bucket(stack, "Logs", encryption_key=key)
    )
    with pytest.raises(InvalidInputError) as error:
        ingress(stack, access_logs_bucket=bucket)
    assert str(error.value) == (
        "Test/Ingress: access_logs_bucket must be encrypted with S3-managed keys, as a load "
        "balancer writes to no other, got one with a KMS key; hand in another bucket, or say "
        "access_logs=True for a new one."
    )


def test_requests_to_the_bucket_are_logged_in_another_one(template: Template) -> None:
    """S3 may write there for buckets of this account, without access control lists."""
    logs = logical_id(template, BUCKET, "IngressServerAccessLogs")
    assert properties(template, BUCKET, LOGS)["LoggingConfiguration"] == {
        "DestinationBucketName": {"Ref": logs},
        "LogFilePrefix": "Test/Ingress/AccessLogs/",
    }
    statements = properties(template, BUCKET_POLICY, "IngressServerAccessLogs")["PolicyDocument"]
    allowed = [entry for entry in statements["Statement"] if entry["Effect"] == "Allow"]
    assert allowed == [
        {
            "Action": "s3:PutObject",
            "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
            "Effect": "Allow",
            "Principal": {"Service": "logging.s3.amazonaws.com"},
            "Resource": {"Fn::Join": ["", [{"Fn::GetAtt": [logs, "Arn"]}, "/*"]]},
        }
    ]
    assert "AccessControl" not in str(template.to_json())
    assert properties(template, BUCKET, logs)["VersioningConfiguration"] == {"Status": "Enabled"}


@pytest.mark.parametrize("flags", [{}, recommended_flags()], ids=["no flags", "all flags"])
def test_buckets_of_several_stacks_log_to_one(flags: dict[str, Any]) -> None:
    """Each further bucket leaves the policy of the shared one as it is; there is no cycle."""
    app = App(context=flags, analytics_reporting=False)
    ingress(front := new_stack("Front", app))
    before = Template.from_stack(front).to_json()["Resources"]
    made = []
    app = App(context=flags, analytics_reporting=False)
    front = new_stack("Front", app)
    logs = ingress(front).server_access_logs_bucket
    for name in ("One", "Two"):
        made.append(new_stack(name, app))
        EdgeStorage(made[-1], "Data", server_access_logs_bucket=logs)
    app.synth()
    assert Template.from_stack(front).to_json()["Resources"] == before
    assert front.dependencies == []
    for stack in made:
        (bucket,) = Template.from_stack(stack).find_resources(BUCKET).values()
        destination = bucket["Properties"]["LoggingConfiguration"]["DestinationBucketName"]
        assert list(destination) in (["Fn::ImportValue"], ["Fn::GetStackOutput"])


def test_an_existing_bucket_takes_the_logs_of_requests() -> None:
    """One of the app lets S3 write; no further one is made."""
    stack = new_stack()
    requests = s3.Bucket(stack, "Requests")
    made = ingress(stack, server_access_logs_bucket=requests)
    template = Template.from_stack(stack)
    template.resource_count_is(BUCKET, 2)
    assert made.server_access_logs_bucket is requests
    assert "logging.s3.amazonaws.com" in str(properties(template, BUCKET_POLICY, "Requests"))


def test_refuses_a_bucket_with_a_key_for_the_logs_of_requests() -> None:
    """S3 writes to buckets with S3-managed keys only."""
    stack = new_stack()
    bucket = s3.Bucket(stack, "Logs", encryption_key=kms.Key(stack, "Key"))
    with pytest.raises(InvalidInputError) as error:
        ingress(stack, server_access_logs_bucket=bucket)
    assert str(error.value) == (
        "Test/Ingress: server_access_logs_bucket must be encrypted with S3-managed keys, as S3 "
        "writes to no other, got one with a KMS key; hand in another bucket, or leave it out for a "
        "new one."
    )
