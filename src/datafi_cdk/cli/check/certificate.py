"""Checks of the certificate that the configuration names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from ...validation import RESERVED_NAMES
from .context import Context
from .finding import Finding, failed, passed, warned

NEAR_EXPIRY_DAYS = 30
"""How many days before its end a certificate is told of.

ACM renews its own before, if it can: 45 days before the end, or 60 if issued for 395 days. Source:
https://docs.aws.amazon.com/acm/latest/userguide/dns-renewal-validation.html
"""


def covers(names: Iterable[str], wanted: str) -> bool:
    """Whether one of a certificate's names stands for a name.

    Args:
        names: The certificate's.
        wanted: A host name, or a wildcard, which only the same wildcard covers.

    Example:
        >>> covers(["*.example.com"], "es.example.com")
        True
    """
    parent = wanted.partition(".")[2]
    known = {name.lower() for name in names}
    return wanted in known or (not wanted.startswith("*.") and f"*.{parent}" in known)


def check_certificate(context: Context) -> Iterator[Finding]:
    """The certificate is issued, covers every name that is used, and is good for a while."""
    arn = context.config.dns.certificate_arn
    if arn is None:
        return
    subject = "certificate"
    found = context.ask(
        "acm", "DescribeCertificate", missing=("ResourceNotFoundException",), CertificateArn=arn
    )
    if found is None:
        yield failed(subject, f"{arn} does not exist", "correct dns.certificate_arn")
        return
    certificate = found["Certificate"]
    status = certificate["Status"]
    if status != "ISSUED":
        remedy = (
            "make the DNS records that validate it: `aws acm describe-certificate` shows them"
            if status == "PENDING_VALIDATION"
            else "name one that is issued"
        )
        yield failed(subject, f"is {status}, not ISSUED", remedy)
        return
    root = context.config.dns.root_domain
    names = certificate.get("SubjectAlternativeNames") or [certificate["DomainName"]]
    labels = [server.name for _, server in context.servers]
    if context.services and not context.config.update_api.caller_role_arns:
        labels.append(RESERVED_NAMES[0])
    unused = [name for name in (root, f"*.{root}") if not covers(names, name)]
    missing = [host for label in labels if not covers(names, host := f"{label}.{root}")]
    text = f"is for {', '.join(names)}, and not for {', '.join([*unused, *missing])}"
    remedy = f"request one for {root} and *.{root}"
    if missing:
        yield failed(subject, text, remedy)
        return
    if unused:
        yield warned(subject, f"{text}; all servers of today are covered", remedy)
    yield _expiry(subject, certificate.get("NotAfter"), certificate.get("RenewalEligibility"))


def _expiry(subject: str, end: datetime | None, renewal: str | None) -> Finding:
    if end is None:
        return passed(subject, "issued, for all servers")
    days = (end - datetime.now(UTC)).days
    if days < 0:
        return failed(subject, f"expired on {end:%Y-%m-%d}", "import or request a new one")
    text = f"issued, for all servers, good for {days} more days"
    if days >= NEAR_EXPIRY_DAYS:
        return passed(subject, text)
    how = (
        "see why ACM has not renewed it: its validation records must still be there"
        if renewal == "ELIGIBLE"
        else "import a newer one: ACM does not renew it"
    )
    return warned(subject, text, how)
