"""Asks AWS whether a configuration can be deployed. Nothing is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from .account import check_bootstrap, check_home
from .certificate import check_certificate
from .context import Context
from .dns import check_zones
from .finding import Finding, Status, guarded, warned
from .load_balancer import check_load_balancer
from .named import check_named
from .network import check_network
from .quotas import check_fargate_quotas, check_load_balancer_quotas, check_network_quotas
from .secrets import check_secrets

CHECKS: tuple[tuple[str, Callable[[Context], Iterable[Finding]]], ...] = (
    ("bootstrap", check_bootstrap),
    ("network", check_network),
    ("zone", check_zones),
    ("certificate", check_certificate),
    ("load balancer", check_load_balancer),
    ("secrets", check_secrets),
    ("what is named", check_named),
    ("quotas of the load balancer", check_load_balancer_quotas),
    ("quotas of the network", check_network_quotas),
    ("quotas of Fargate", check_fargate_quotas),
)
"""All checks in the order of their rows, each with what it looks at."""


def preflight(context: Context) -> Iterator[Finding]:
    """Run all checks; if account or region is another one, nothing else is asked.

    Args:
        context: The configuration, and whom to ask.

    Raises:
        botocore.exceptions.BotoCoreError: AWS cannot be asked at all.
        botocore.exceptions.ClientError: AWS does not take the credentials.
    """
    home = list(check_home(context))
    yield from home
    if any(finding.status is Status.FAIL for finding in home):
        text = "nothing else was asked, as it would be asked of the wrong account or region"
        yield warned("AWS", text, "check again with the right ones")
        return
    for subject, check in CHECKS:
        yield from guarded(subject, check(context))
