"""What holds data in a deployment: found in its stacks, filled, and read again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

from datafi_cdk.local import EmbeddedAws

BUCKET = "AWS::S3::Bucket"
KEY = "AWS::KMS::Key"
LOG_GROUP = "AWS::Logs::LogGroup"
PARAMETER = "AWS::SSM::Parameter"
QUEUE = "AWS::SQS::Queue"
SECRET = "AWS::SecretsManager::Secret"
ZONE = "AWS::Route53::HostedZone"

_OBJECT = "results/part-0.parquet"
_STREAM = "written-before"
_RECORD = "written-before"
_HASH_LENGTH = 8


class Data(NamedTuple):
    """One resource that holds data, by its type and its physical id."""

    kind: str
    name: str

    @property
    def entry(self) -> str:
        """How `everything` lists it."""
        return {
            BUCKET: "s3 Buckets: ",
            KEY: "kms Keys: ",
            LOG_GROUP: "logs logGroups: ",
            PARAMETER: "ssm Parameters: ",
            QUEUE: "sqs QueueUrls: ",
            SECRET: "secretsmanager SecretList: ",
            ZONE: "route53 HostedZones: /hostedzone/",
        }[self.kind] + self.name.replace("//localhost:", "//127.0.0.1:")


def data_of(aws: EmbeddedAws, stack: str) -> dict[str, Data]:
    """What holds data in a stack, by logical id without the hash at its end."""
    cloudformation = aws.client("cloudformation")
    resources = cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
    return {
        each["LogicalResourceId"][:-_HASH_LENGTH]: Data(
            each["ResourceType"], each["PhysicalResourceId"]
        )
        for each in resources
        if each["ResourceType"] in _CONTENT
    }


def made_by(aws: EmbeddedAws, stack: str) -> dict[str, Data]:
    """The same of all that a stack has ever made, whatever has become of it."""
    pages = (
        aws.client("cloudformation")
        .get_paginator("describe_stack_events")
        .paginate(StackName=stack)
    )
    return {
        each["LogicalResourceId"][:-_HASH_LENGTH]: Data(
            each["ResourceType"], each["PhysicalResourceId"]
        )
        for page in pages
        for each in page["StackEvents"]
        if each["ResourceType"] in _CONTENT
        and each["ResourceStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
    }


def fill(aws: EmbeddedAws, data: Data, domain: str) -> None:
    """Write into it, as servers, load balancer, functions and people do.

    Args:
        aws: The embedded AWS.
        data: What to fill.
        domain: The domain of the zone.
    """
    if data.kind == BUCKET:
        s3 = aws.client("s3")
        s3.put_bucket_versioning(Bucket=data.name, VersioningConfiguration={"Status": "Enabled"})
        for body in (b"first", b"second"):
            s3.put_object(Bucket=data.name, Key=_OBJECT, Body=body)
        s3.put_object(Bucket=data.name, Key="deleted", Body=b"third")
        s3.delete_object(Bucket=data.name, Key="deleted")
    elif data.kind == LOG_GROUP:
        logs = aws.client("logs")
        logs.create_log_stream(logGroupName=data.name, logStreamName=_STREAM)
        event = {"timestamp": int(time.time() * 1000), "message": "a line"}
        logs.put_log_events(logGroupName=data.name, logStreamName=_STREAM, logEvents=[event])
    elif data.kind == SECRET:
        value = f"not-a-real-secret-{data.name}"
        aws.client("secretsmanager").put_secret_value(SecretId=data.name, SecretString=value)
    elif data.kind == ZONE:
        change_record(aws, data.name, "CREATE", domain)


def change_record(aws: EmbeddedAws, zone_id: str, action: str, domain: str) -> None:
    """Create or delete a record of somebody else's in a zone."""
    record = {
        "Name": f"{_RECORD}.{domain}.",
        "Type": "TXT",
        "TTL": 60,
        "ResourceRecords": [{"Value": '"a record"'}],
    }
    aws.client("route53").change_resource_record_sets(
        HostedZoneId=zone_id,
        ChangeBatch={"Changes": [{"Action": action, "ResourceRecordSet": record}]},
    )


def content_of(aws: EmbeddedAws, data: Data) -> Any:
    """What was written into it."""
    return _CONTENT[data.kind](aws, data.name)


def _objects(aws: EmbeddedAws, bucket: str) -> Any:
    s3 = aws.client("s3")
    listed = s3.list_object_versions(Bucket=bucket)
    versions = [(each["Key"], each["VersionId"]) for each in listed.get("Versions", [])]
    bodies = [
        s3.get_object(Bucket=bucket, Key=key, VersionId=version)["Body"].read()
        for key, version in versions
    ]
    markers = [each["VersionId"] for each in listed.get("DeleteMarkers", [])]
    return versions, bodies, markers


def _events(aws: EmbeddedAws, log_group: str) -> Any:
    found = aws.client("logs").filter_log_events(logGroupName=log_group)["events"]
    return [each["message"] for each in found if each["logStreamName"] == _STREAM]


def _value(aws: EmbeddedAws, secret: str) -> Any:
    return aws.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"]


def _records(aws: EmbeddedAws, zone_id: str) -> Any:
    found = aws.client("route53").list_resource_record_sets(HostedZoneId=zone_id)
    return [
        (each["Name"], each["ResourceRecords"])
        for each in found["ResourceRecordSets"]
        if each["Type"] in ("CNAME", "TXT")
    ]


def _versions(aws: EmbeddedAws, parameter: str) -> Any:
    history = aws.client("ssm").get_parameter_history(Name=parameter)["Parameters"]
    return [each["Value"] for each in history]


def _state(aws: EmbeddedAws, key: str) -> Any:
    return aws.client("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"]


def _messages(aws: EmbeddedAws, queue: str) -> Any:
    answer = aws.client("sqs").get_queue_attributes(
        QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessages"]
    )
    return answer["Attributes"]


# Every type that holds data, and how it is read. `test_removal_policies` has the same list.
_CONTENT: dict[str, Callable[[EmbeddedAws, str], Any]] = {
    BUCKET: _objects,
    KEY: _state,
    LOG_GROUP: _events,
    PARAMETER: _versions,
    QUEUE: _messages,
    SECRET: _value,
    ZONE: _records,
}
