"""boto3 clients that see nothing of the user's AWS configuration."""

from __future__ import annotations

import os
from typing import Any

from .environment import SECRET_ACCESS_KEY


def make_client(service_name: str, endpoint: str, region: str, access_key_id: str) -> Any:
    """A boto3 client of an embedded AWS.

    The user's profiles and configuration file are out of sight, and so is a proxy: a client made
    here can reach nothing but the endpoint.

    Args:
        service_name: As for `boto3.client`.
        endpoint: The URL of the embedded AWS.
        region: The client's region.
        access_key_id: The account's number, or any other string for the server's own account.
    """
    import boto3
    import botocore.session
    from botocore.config import Config

    session = botocore.session.Session(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": (None, None, os.devnull, None),
            "credentials_file": (None, None, os.devnull, None),
        }
    )
    return boto3.Session(botocore_session=session).client(
        service_name,
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=access_key_id,
        aws_secret_access_key=SECRET_ACCESS_KEY,
        config=Config(
            proxies={},
            s3={"addressing_style": "path"},
            use_fips_endpoint=False,
            use_dualstack_endpoint=False,
        ),
    )
