"""Buckets for logs, and the logs of requests to buckets (S3's server access logs)."""

from __future__ import annotations

import json
from typing import cast
from weakref import WeakSet

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from .acknowledgments import acknowledge, of_compliance_packs, skip_check
from .errors import Fault
from .places import stack_of
from .provider_checks import skip_provider_checks
from .provider_logs import Provider, log_of_provider
from .validation import interface_faults

_WRITER = "logging.s3.amazonaws.com"
_KEPT = Duration.days(365)
_WRITABLE: WeakSet[s3.IBucket] = WeakSet()
OLD_VERSIONS_KEPT = Duration.days(30)
"""How long a version is kept that has been overwritten or deleted."""


def new_log_bucket(
    scope: Construct,
    construct_id: str,
    removal_policy: RemovalPolicy,
    encryption_key: kms.IKey | None = None,
) -> s3.Bucket:
    """A bucket for logs, kept for a year, and a version that somebody deletes for a month.

    Encrypted with S3-managed keys: neither load balancers nor S3 itself write logs to a bucket with
    a key of KMS. Sources:
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
    and https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html

    Logs that arrive while a bucket is deleted do not get in the way: before CDK's function empties
    it, with all versions, it forbids everybody to write to it, and the right to write goes with the
    bucket's policy, right after. (It names the partition `aws`; in another one the first step is
    left out, and a deletion that meets a log is repeated.)

    Args:
        scope: Where it is made.
        construct_id: Its id in `scope`.
        removal_policy: What becomes of it when it leaves the stack; with `RemovalPolicy.DESTROY`
            the logs are deleted with it.
        encryption_key: The customer's key for the log of the function that empties it.
    """
    bucket = s3.Bucket(
        scope,
        construct_id,
        encryption=s3.BucketEncryption.S3_MANAGED,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        enforce_ssl=True,
        versioned=True,
        lifecycle_rules=[
            s3.LifecycleRule(expiration=_KEPT, noncurrent_version_expiration=OLD_VERSIONS_KEPT)
        ],
        removal_policy=removal_policy,
        auto_delete_objects=removal_policy == RemovalPolicy.DESTROY,
    )
    if removal_policy == RemovalPolicy.DESTROY:
        log_of_provider(
            scope,
            Provider.EMPTY_BUCKET,
            removal_policy=removal_policy,
            encryption_key=encryption_key,
        )
    skip_provider_checks(bucket)
    acknowledge_no_replication(bucket)
    acknowledge(
        bucket,
        of_compliance_packs("S3DefaultEncryptionKMS"),
        "AWS delivers these logs to buckets with S3-managed keys only.",
    )
    return bucket


def acknowledge_no_replication(bucket: s3.Bucket) -> None:
    """Accept that a bucket is not replicated to another region, for which there is no other bucket.

    Args:
        bucket: The bucket.
    """
    acknowledge(
        bucket,
        of_compliance_packs("S3BucketReplicationEnabled"),
        "The data stays in the region that was chosen for it. It is logs, or query results that "
        "can be computed again; versions protect it from being overwritten or deleted.",
    )


def new_server_access_logs_bucket(
    scope: Construct, removal_policy: RemovalPolicy, encryption_key: kms.IKey | None = None
) -> s3.Bucket:
    """A bucket for the logs of requests to other buckets, in `scope`; see `new_log_bucket`."""
    bucket = new_log_bucket(scope, "ServerAccessLogs", removal_policy, encryption_key)
    skip_check(
        cast(s3.CfnBucket, bucket.node.default_child),
        "CKV_AWS_18",
        "It takes the logs of requests to other buckets; those of its own would never end.",
    )
    return bucket


def log_requests(bucket: s3.Bucket, log_bucket: s3.IBucket) -> None:
    """Log all requests to a bucket in another one, under the path of the first.

    CDK's own argument takes access control lists for it unless a feature flag is set. Any bucket of
    the account may log there, so that a policy that several share is the same whatever buckets
    there are, and waits for none of them. Sources:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html and
    https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html

    Args:
        bucket: The bucket, of the account and the region of the other.
        log_bucket: Where the logs go. The policy of an imported one is left to its owner.
    """
    made = cast(s3.CfnBucket, bucket.node.default_child)
    made.logging_configuration = s3.CfnBucket.LoggingConfigurationProperty(
        destination_bucket_name=log_bucket.bucket_name, log_file_prefix=f"{bucket.node.path}/"
    )
    if log_bucket in _WRITABLE:
        return
    _WRITABLE.add(log_bucket)
    log_bucket.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal(_WRITER)],
            actions=["s3:PutObject"],
            resources=[log_bucket.arn_for_objects("*")],
            conditions={"StringEquals": {"aws:SourceAccount": stack_of(log_bucket).account}},
        )
    )


def log_bucket_faults(
    argument: str, bucket: s3.IBucket | None, *, writer: str, remedy: str
) -> list[Fault]:
    """A bucket to which AWS can write logs.

    Args:
        argument: The argument that names it.
        bucket: The bucket, or `None`.
        writer: What writes to it.
        remedy: What to do in place of handing in one with a key of KMS.
    """
    if bucket is None:
        return []
    faults = interface_faults(argument, bucket, "bucket_arn", "a bucket (IBucket)")
    if faults or bucket in _WRITABLE or not (bucket.encryption_key or _uses_kms(bucket)):
        return faults
    allowed = f"encrypted with S3-managed keys, as {writer} writes to no other"
    return [Fault(argument, allowed, "one with a KMS key", f"hand in another bucket, or {remedy}")]


def server_access_logs_bucket_faults(bucket: s3.IBucket | None) -> list[Fault]:
    """A bucket to which S3 can write the logs of another one."""
    return log_bucket_faults(
        "server_access_logs_bucket", bucket, writer="S3", remedy="leave it out for a new one"
    )


def _uses_kms(bucket: s3.IBucket) -> bool:
    """Whether a bucket of the app is encrypted with KMS; of an imported one it is not known."""
    made = bucket.node.default_child
    if not isinstance(made, s3.CfnBucket):
        return False
    return "aws:kms" in json.dumps(stack_of(bucket).resolve(made.bucket_encryption))
