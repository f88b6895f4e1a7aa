"""Gap: the `Tags` of `AWS::S3::Bucket`, and the bucket that is not empty.

ministack leaves the tags out, by which the CDK's `auto_delete_objects` recognizes the buckets that
it may empty, and deletes a bucket together with its objects, where AWS refuses. Here the tags are
set, and deleting a bucket that still holds an object or a version fails, as it does on AWS.
"""

from __future__ import annotations

from .api import already_gone, client
from .registry import Created, Handler, Properties

BUCKET = "AWS::S3::Bucket"


def _set_tags(bucket: str, old: Properties, new: Properties) -> None:
    tags = new.get("Tags", [])
    if tags == old.get("Tags", []):
        return
    if tags:
        client("s3").put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
    else:
        client("s3").delete_bucket_tagging(Bucket=bucket)


def wrap_bucket(handler: Handler) -> Handler:
    """Handlers that set the tags and refuse to delete what is not empty."""

    def create(logical_id: str, properties: Properties, stack_name: str) -> Created:
        created: Created = handler["create"](logical_id, properties, stack_name)
        _set_tags(created[0], {}, properties)
        return created

    def update(bucket: str, old: Properties, new: Properties, stack_name: str) -> Created:
        updated: Created = handler["update"](bucket, old, new, stack_name)
        _set_tags(updated[0], old if updated[0] == bucket else {}, new)
        return updated

    def delete(bucket: str, properties: Properties) -> None:
        with already_gone("NoSuchBucket"):
            client("s3").delete_bucket(Bucket=bucket)
        handler["delete"](bucket, properties)

    return {"create": create, "update": update, "delete": delete}
