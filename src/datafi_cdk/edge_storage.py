"""EdgeStorage: the bucket in which an edge server keeps query results."""

from __future__ import annotations

import json
from collections.abc import Sequence

from aws_cdk import Duration, Fn, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from .errors import Fault
from .log_buckets import (
    OLD_VERSIONS_KEPT,
    acknowledge_no_replication,
    log_requests,
    new_server_access_logs_bucket,
    server_access_logs_bucket_faults,
)
from .managed_policy_role import explain_wildcards
from .provider_checks import skip_provider_checks
from .provider_logs import Provider, log_of_provider
from .secret_access import grant_key
from .synthesis import elsewhere_faults, refuse, removal_policy_faults
from .validation import exclusive_faults, interface_faults

__all__ = ["EdgeStorage"]

_OBJECT_ACTIONS = (
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
)
# What S3 asks of a key to write, also in parts, and to read. Source:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
_KEY_ACTIONS = ("kms:Decrypt", "kms:GenerateDataKey")
_BUCKET_ACTIONS = ("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads")


class EdgeStorage(Construct):
    """An S3 bucket for the Parquet files of one edge server.

    A new bucket is private, encrypted, reached over TLS only, and has no fixed name. What is
    overwritten or deleted in it is kept for 30 days, and each request to it is logged.

    Args:
        scope: Where the construct is made.
        construct_id: Its id in `scope`.
        bucket: An existing bucket. Default: a new one.
        encryption_key: A key of the customer's for a new bucket, used as a bucket key so that KMS
            is asked less often. Default: a key of S3.
        server_access_logs_bucket: An existing bucket for the logs of requests to a new bucket, of
            the same account and region and encrypted with S3-managed keys, such as
            `ingress.server_access_logs_bucket`. S3's right to write is added to its policy; to that
            of an imported one its owner adds it (`s3:PutObject` for the service principal
            `logging.s3.amazonaws.com`). Default: one is made, which keeps them for a year.
        removal_policy: What becomes of new buckets when they leave the stack; with
            `RemovalPolicy.DESTROY` their objects are deleted with them. Default: retained.

    Raises:
        InvalidInputError: An argument is of another kind, or is given with `bucket` though it is
            for a new one.

    Example:
        ```python
        EdgeServer(
            self,
            "Es",
            cluster=cluster,
            ingress=ingress,
            name="es",
            storage=EdgeStorage(self, "EsData"),
        )
        ```
    """

    bucket: s3.IBucket
    """The bucket."""
    server_access_logs_bucket: s3.IBucket | None
    """Where requests to a new bucket are logged, or `None` for an existing one."""
    parquet_storage: str
    """The value of `PARQUET_STORAGE`, made at deployment, when the bucket's name is known."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        bucket: s3.IBucket | None = None,
        encryption_key: kms.IKey | None = None,
        server_access_logs_bucket: s3.IBucket | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        refuse(
            self,
            [
                *_faults(bucket, encryption_key),
                *server_access_logs_bucket_faults(server_access_logs_bucket),
                *exclusive_faults(
                    "server_access_logs_bucket", server_access_logs_bucket, "bucket", bucket
                ),
                *removal_policy_faults(removal_policy),
            ],
        )
        refuse(
            self,
            elsewhere_faults(
                self,
                encryption_key=encryption_key,
                server_access_logs_bucket=server_access_logs_bucket,
            ),
        )
        self.server_access_logs_bucket = None
        if bucket is None:
            self.server_access_logs_bucket = (
                server_access_logs_bucket
                or new_server_access_logs_bucket(self, removal_policy, encryption_key)
            )
            bucket = self._new_bucket(encryption_key, removal_policy)
            log_requests(bucket, self.server_access_logs_bucket)
        self.bucket = bucket
        account = {
            "region": "",
            "accessKeyId": "",
            "secretAccessKey": "",
            "bucketName": self.bucket.bucket_name,
        }
        self.parquet_storage = Fn.base64(json.dumps({"amazonS3": account}, separators=(",", ":")))

    def _new_bucket(
        self, encryption_key: kms.IKey | None, removal_policy: RemovalPolicy
    ) -> s3.Bucket:
        bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.KMS
            if encryption_key
            else s3.BucketEncryption.S3_MANAGED,
            encryption_key=encryption_key,
            bucket_key_enabled=True if encryption_key else None,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            versioned=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    abort_incomplete_multipart_upload_after=Duration.days(7),
                    noncurrent_version_expiration=OLD_VERSIONS_KEPT,
                )
            ],
            removal_policy=removal_policy,
            auto_delete_objects=removal_policy == RemovalPolicy.DESTROY,
        )
        if removal_policy == RemovalPolicy.DESTROY:
            log_of_provider(
                self,
                Provider.EMPTY_BUCKET,
                removal_policy=removal_policy,
                encryption_key=encryption_key,
            )
        skip_provider_checks(bucket)
        acknowledge_no_replication(bucket)
        return bucket

    def grant_read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let a principal read and list the bucket's objects, and nothing more.

        Args:
            grantee: The principal, such as the role of an analyst.

        Returns:
            The grant.
        """
        return self._grant(grantee, ("s3:GetObject",), ("kms:Decrypt",))

    def grant_read_write(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let a principal read, write, delete and list the bucket's objects, and nothing more.

        Args:
            grantee: The principal, for an edge server its task role.

        Returns:
            The grant.
        """
        return self._grant(grantee, _OBJECT_ACTIONS, _KEY_ACTIONS)

    def _grant(
        self, grantee: iam.IGrantable, object_actions: Sequence[str], key_actions: Sequence[str]
    ) -> iam.Grant:
        """All in the policy of the principal: a key's own may be in another stack."""
        every_object = self.bucket.arn_for_objects("*")
        reason = "The server names the objects in its own bucket as it writes them."
        explain_wildcards(grantee, object_actions, [every_object], reason)
        objects, bucket = (
            iam.Grant.add_to_principal(
                grantee=grantee, actions=list(actions), resource_arns=[resource]
            )
            for actions, resource in (
                (object_actions, every_object),
                (_BUCKET_ACTIONS, self.bucket.bucket_arn),
            )
        )
        grant = objects.combine(bucket)
        key = self.bucket.encryption_key
        return grant.combine(grant_key(self, grantee, key.key_arn, key_actions)) if key else grant


def _faults(bucket: s3.IBucket | None, encryption_key: kms.IKey | None) -> list[Fault]:
    faults = []
    if bucket is not None:
        faults += interface_faults("bucket", bucket, "bucket_arn", "a bucket (IBucket)")
    if encryption_key is not None:
        faults += interface_faults("encryption_key", encryption_key, "key_arn", "a key (IKey)")
        if bucket is not None:
            allowed = "left out with bucket, which has its own encryption"
            faults.append(Fault("encryption_key", allowed, "both", "remove one of the two"))
    return faults
