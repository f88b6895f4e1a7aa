"""The AWS APIs of the ministack that this process is, for its own CloudFormation handlers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from ...clients import make_client
from .registry import Properties


def client(service_name: str) -> Any:
    """A boto3 client for the account and region of the stack that is being deployed."""
    from ministack.core.responses import (
        get_account_id,
        get_region,
    )

    return _client(service_name, get_account_id(), get_region())


@cache
def _client(service_name: str, account: str, region: str) -> Any:
    endpoint = f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}"
    return make_client(service_name, endpoint, region, account)


@contextmanager
def already_gone(*codes: str) -> Iterator[None]:
    """Take these error codes for success, as CloudFormation does when it deletes."""
    from botocore.exceptions import ClientError

    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] not in codes:
            raise


def retag(resource_id: str, old: Properties, new: Properties) -> None:
    """Bring the tags of an EC2 resource from the old template's to the new one's."""
    tags = new.get("Tags", [])
    kept = {tag["Key"] for tag in tags}
    dropped = [{"Key": tag["Key"]} for tag in old.get("Tags", []) if tag["Key"] not in kept]
    if dropped:
        client("ec2").delete_tags(Resources=[resource_id], Tags=dropped)
    if tags:
        client("ec2").create_tags(Resources=[resource_id], Tags=tags)
