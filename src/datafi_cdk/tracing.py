"""Why a function that is traced may write to all of X-Ray."""

from __future__ import annotations

from aws_cdk import aws_iam as iam

from .managed_policy_role import explain_wildcards

_ACTIONS = ("xray:PutTelemetryRecords", "xray:PutTraceSegments")


def explain_tracing(role: iam.IRole) -> None:
    """Say why the statement that CDK adds for active tracing names no resource.

    Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html

    Args:
        role: The function's role.
    """
    reason = "Writing traces knows no resource in X-Ray."
    explain_wildcards(role, _ACTIONS, ["*"], reason)
