"""What `AWS::Region` and the like stand for in a stack."""

from __future__ import annotations

from collections.abc import Mapping

from .resources import Stack

__all__ = ["pseudo_parameter"]

_PARTITIONS = {"cn": ("aws-cn", "amazonaws.com.cn"), "us-gov": ("aws-us-gov", "amazonaws.com")}


def pseudo_parameter(stack: Stack, name: str) -> str | None:
    """Its value; a text such as `${AWS::Region}` if only the deployment knows it.

    Args:
        stack: The stack in whose template it stands.
        name: The parameter.

    Returns:
        The value, `None` for `AWS::NoValue`.
    """
    if name == "AWS::NoValue":
        return None
    partition, suffix = "aws", "amazonaws.com"
    for prefix, found in _PARTITIONS.items():
        if (stack.region or "").startswith(f"{prefix}-"):
            partition, suffix = found
    in_region = stack.region and not stack.region.startswith(("us-iso", "eu-iso"))
    known: Mapping[str, str | None] = {
        "AWS::AccountId": stack.account,
        "AWS::Region": stack.region,
        "AWS::StackName": stack.name,
        "AWS::Partition": partition if in_region else None,
        "AWS::URLSuffix": suffix if in_region else None,
    }
    return known.get(name) or f"${{{name}}}"
