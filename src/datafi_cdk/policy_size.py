"""How long a policy can become at deployment, when its references are filled in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

LARGEST_POLICY = 6144
"""Characters that a managed policy may have, white space left out.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

_LONGEST = {
    "AWS::AccountId": 12,
    "AWS::Partition": 10,
    "AWS::Region": 14,
    "AWS::URLSuffix": 20,
}
# The start of an ARN, with a kind of resource.
_BEFORE_NAME = 80
# What CloudFormation appends to a name.
_SUFFIX = 14


def policy_size(document: Any, stack_name: int) -> int:
    """Characters of a resolved policy, with the longest values that its references may get.

    A `Ref` may be an ARN with the names of two resources, as that of a service in a cluster.

    Args:
        document: The policy, or a part of it.
        stack_name: How long the name of its stack may be, with which those of resources begin.
    """
    match document:
        case {"Ref": name} if len(document) == 1 and name in _LONGEST:
            return _LONGEST[name] + 2
        case {"Ref": name} if len(document) == 1:
            return _BEFORE_NAME + 2 * _name(name, stack_name)
        case {"Fn::GetAtt": [name, attribute]}:
            before = _BEFORE_NAME if attribute == "Arn" else 2
            return before + _name(name, stack_name)
        case {"Fn::Join": [separator, parts]}:
            texts = sum(policy_size(part, stack_name) - 2 for part in parts)
            return texts + len(separator) * (len(parts) - 1) + 2
        case Mapping() if len(document) == 1 and next(iter(document)).startswith("Fn::"):
            return _BEFORE_NAME + 2 * _name(json.dumps(document), stack_name)
        case Mapping():
            entries = (
                len(json.dumps(key)) + 2 + policy_size(value, stack_name)
                for key, value in document.items()
            )
            return sum(entries) + 1
        case list():
            return sum(policy_size(entry, stack_name) + 1 for entry in document) + 1
        case _:
            return len(json.dumps(document, ensure_ascii=False))


def _name(logical_id: str, stack_name: int) -> int:
    """The name that CloudFormation makes up for a resource."""
    return stack_name + len(logical_id) + _SUFFIX
