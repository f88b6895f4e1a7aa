"""Checks of secrets: whether they are there, with what is read of them."""

from __future__ import annotations

from collections.abc import Iterator

from ..secrets.requirements import secret_findings
from .context import Context, answered, iam_action
from .finding import Finding, Status

READ_BY = (("secretsmanager", "DescribeSecret"), ("secretsmanager", "GetSecretValue"))
"""What `secret_findings` asks of AWS."""

_ALLOW = f"allow {' and '.join(iam_action(*each) for each in READ_BY)}, and check again"


def check_secrets(context: Context) -> Iterator[Finding]:
    """Every secret exists and holds its fields; no value is shown."""
    with answered(*READ_BY[0]):
        found = secret_findings(context.config, context.aws)
    for each in found:
        subject = f"secret {each.secret}" if each.secret else each.place
        text = f"{each.message} ({each.place})" if each.secret else each.message
        remedy = each.remedy or (_ALLOW if each.result == "warn" else "")
        yield Finding(Status(each.result), subject, text, remedy)
