"""Turns every way in which a call to AWS can fail into an `AwsFault` that names the call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import (  # type: ignore[import-untyped, unused-ignore]
    BotoCoreError,
    ClientError,
)

from api_errors import AwsFault


def aws_call(action: str, function: Callable[..., dict[str, Any]], **parameters: Any) -> Any:
    """Call AWS.

    Args:
        action: The call, as IAM names it.
        function: The client's method.
        **parameters: The call's parameters.

    Returns:
        What the method returned.

    Raises:
        AwsFault: AWS refused the call (`code` is AWS's), or gave no answer (`code` is the class
            of botocore's error, such as `ReadTimeoutError`).
    """
    try:
        return function(**parameters)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "Unknown")
        request_id = error.response.get("ResponseMetadata", {}).get("RequestId", "")
        raise AwsFault(action, code, request_id) from error
    except BotoCoreError as error:
        raise AwsFault(action, type(error).__name__) from error
