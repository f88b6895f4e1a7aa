"""Findings of security tools that stay, each with the reason, on the resource that it is about."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Acknowledgment, CfnResource, Validations
from constructs import IConstruct

_CHECKOV = "checkov"


def acknowledge(construct: IConstruct, rules: Sequence[str] | str, reason: str) -> None:
    """Accept findings of cdk-nag's rules, for a construct and what is in it.

    Source:
    https://docs.aws.amazon.com/cdk/api/v2/python/aws_cdk/Validations.html

    Args:
        construct: The narrowest construct that the findings are about.
        rules: Ids such as `AwsSolutions::AwsSolutions-EC23`.
        reason: Why they are accepted, for a reviewer.
    """
    ids = [rules] if isinstance(rules, str) else rules
    Validations.of(construct).acknowledge(*[Acknowledgment(id=rule, reason=reason) for rule in ids])


def skip_check(resource: CfnResource, check: str, reason: str) -> None:
    """Have checkov leave out a check of one resource.

    Source: https://www.checkov.io/2.Basics/Suppressing%20and%20Skipping%20Policies.html

    Args:
        resource: The resource.
        check: The id of the check, such as `CKV_AWS_18`.
        reason: Why it is left out, for a reviewer.
    """
    earlier = (resource.get_metadata(_CHECKOV) or {"skip": []})["skip"]
    skip = [*earlier, {"id": check, "comment": reason}]
    resource.add_metadata(_CHECKOV, {"skip": skip})
