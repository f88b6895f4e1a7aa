"""EdgeStorage: the bucket in which an edge server keeps query results."""

from __future__ import annotations

import json

from aws_cdk import Duration, Fn, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from .synthesis import refuse
from .validation import interface_faults

__all__ = ["EdgeStorage"]

_OBJECT_ACTIONS = (
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
)
_BUCKET_ACTIONS = ("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads")


class EdgeStorage(Construct):
    """An S3 bucket for the Parquet files of one edge server.

    A new bucket is private, encrypted, reached over TLS only, and has no fixed name.

    Args:
        scope: Where the construct is made.
        construct_id: Its id in `scope`.
        bucket: An existing bucket. Default: a new one.
        removal_policy: What becomes of a new bucket when it leaves the stack; with
            `RemovalPolicy.DESTROY` its objects are deleted with it. Default: retained.

    Raises:
        InvalidInputError: `bucket` is no bucket.

    Example:
        ```python
        edge = EdgeServer(self, "Es", ..., storage=EdgeStorage(self, "EsData"))
        ```
    """

    bucket: s3.IBucket
    """The bucket."""
    parquet_storage: str
    """The value of `PARQUET_STORAGE`, made at deployment, when the bucket's name is known."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        bucket: s3.IBucket | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        if bucket is not None:
            refuse(self, interface_faults("bucket", bucket, "bucket_arn", "a bucket (IBucket)"))
        self.bucket = bucket or s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            lifecycle_rules=[
                s3.LifecycleRule(abort_incomplete_multipart_upload_after=Duration.days(7))
            ],
            removal_policy=removal_policy,
            auto_delete_objects=removal_policy == RemovalPolicy.DESTROY,
        )
        account = {
            "region": "",
            "accessKeyId": "",
            "secretAccessKey": "",
            "bucketName": self.bucket.bucket_name,
        }
        self.parquet_storage = Fn.base64(json.dumps({"amazonS3": account}, separators=(",", ":")))

    def grant_read_write(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let a principal read, write, delete and list the bucket's objects, and nothing more.

        Args:
            grantee: The principal, for an edge server its task role.

        Returns:
            The grant.
        """
        grant = iam.Grant.add_to_principal(
            grantee=grantee,
            actions=list(_OBJECT_ACTIONS),
            resource_arns=[self.bucket.arn_for_objects("*")],
        ).combine(
            iam.Grant.add_to_principal(
                grantee=grantee,
                actions=list(_BUCKET_ACTIONS),
                resource_arns=[self.bucket.bucket_arn],
            )
        )
        if self.bucket.encryption_key:
            grant = grant.combine(self.bucket.encryption_key.grant_encrypt_decrypt(grantee))
        return grant
