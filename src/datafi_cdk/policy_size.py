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
# The start of an ARN, with a kind of resource, and what CloudFormation appends to a name.
_AROUND_NAME = 100
_LONGEST_STACK_NAME = 128


def policy_size(document: Any, stack_name: str | None) -> int:
    """Characters of a resolved policy, with the longest values that its references may get.

    Of a resource, that is an ARN with the names of two resources of the stack, as that of a service
    in a cluster.

    Args:
        document: The policy, or a part of it.
        stack_name: The name of its stack, or `None` if it is not known.
    """
    name = _LONGEST_STACK_NAME if stack_name is None else len(stack_name)
    return _size(document, name)


def _size(value: Any, stack_name: int) -> int:
    match value:
        case {"Ref": name} if len(value) == 1 and name in _LONGEST:
            return _LONGEST[name] + 2
        case {"Fn::Join": [separator, parts]}:
            texts = sum(_size(part, stack_name) - 2 for part in parts)
            return texts + len(separator) * (len(parts) - 1) + 2
        case Mapping() if len(value) == 1 and next(iter(value)).startswith(("Ref", "Fn::")):
            return _AROUND_NAME + 2 * stack_name + len(json.dumps(value))
        case Mapping():
            entries = (len(json.dumps(key)) + 2 + _size(value[key], stack_name) for key in value)
            return sum(entries) + 1
        case list():
            return sum(_size(entry, stack_name) + 1 for entry in value) + 1
        case _:
            return len(json.dumps(value, ensure_ascii=False))
