"""EdgeDns: the names and the certificate under which a deployment is reached."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as route53_targets
from constructs import Construct

from . import validation
from .errors import Fault
from .synthesis import concrete, refuse

__all__ = ["EdgeDns"]


class EdgeDns(Construct):
    """The root domain of a deployment, its hosted zone and its certificate.

    Every server is reached as `<name>.<root_domain>`. The certificate covers the root domain and
    `*.<root_domain>`; alias records for both point at the load balancer of `SharedIngress`.

    A new zone answers only after its parent domain delegates to `name_servers`, and ACM issues
    the certificate only after that. So delegate while the first deployment runs, or bring a zone.

    Args:
        scope: Where the construct is made.
        construct_id: Its id in `scope`.
        root_domain: The domain under which the servers get their names, in lower case.
        hosted_zone: The public zone that holds `root_domain` or a parent of it. Default: a new
            public zone for `root_domain`.
        certificate: An issued certificate for `root_domain` and `*.root_domain`, in the region of
            the load balancer. Default: a new one, validated through the zone.
        enable_hosted_zone: With `False`, no zone and no record is made: the names are kept
            elsewhere, and `certificate` must be handed in. Default: `True`.
        removal_policy: What becomes of a new zone when it leaves the stack. Default: retained.

    Raises:
        InvalidInputError: `root_domain` is no domain name, or longer than the 64 characters that a
            new certificate takes; there is no zone and no certificate; or a zone is handed in
            although none is to be used, does not hold `root_domain`, or is private and there is no
            certificate.

    Example:
        ```python
        dns = EdgeDns(self, "Dns", root_domain="datafi-edge.example.com")
        ```
    """

    root_domain: str
    """The domain under which the servers get their names."""
    hosted_zone: route53.IHostedZone | None
    """The zone that holds the records, or `None` if they are kept elsewhere."""
    certificate: acm.ICertificate
    """The certificate for the root domain and every name directly under it."""
    name_servers: list[str] | None
    """The name servers of a zone made here, to which the parent domain delegates, or `None`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        root_domain: str,
        hosted_zone: route53.IHostedZone | None = None,
        certificate: acm.ICertificate | None = None,
        enable_hosted_zone: bool = True,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        faults = validation.required_faults(root_domain=root_domain)
        faults += validation.root_domain_faults(concrete(root_domain))
        if hosted_zone is not None:
            faults += _zone_faults(root_domain, hosted_zone, needs_public=certificate is None)
        if certificate is not None:
            faults += validation.interface_faults(
                "certificate", certificate, "certificate_arn", "a certificate (ICertificate)"
            )
        if certificate is None:
            faults += validation.certificate_domain_faults(concrete(root_domain))
        if not enable_hosted_zone:
            faults += _without_zone_faults(hosted_zone, certificate)
        refuse(self, faults)

        self._records_are_made = False
        self.root_domain = root_domain
        self.name_servers = None
        if enable_hosted_zone and hosted_zone is None:
            new_zone = route53.PublicHostedZone(self, "HostedZone", zone_name=root_domain)
            new_zone.apply_removal_policy(removal_policy)
            self.name_servers = new_zone.hosted_zone_name_servers
            hosted_zone = new_zone
        self.hosted_zone = hosted_zone
        self.certificate = certificate or acm.Certificate(
            self,
            "Certificate",
            domain_name=root_domain,
            subject_alternative_names=[f"*.{root_domain}"],
            validation=acm.CertificateValidation.from_dns(hosted_zone),
        )

    def add_records(
        self, scope: Construct, load_balancer: elbv2.IApplicationLoadBalancer
    ) -> list[route53.ARecord]:
        """Point the root domain and every name directly under it at a load balancer.

        The records are made in `scope`, not here, so that a load balancer in another stack refers
        to this one and never the other way round.

        Args:
            scope: Where the records are made: the construct that owns the load balancer.
            load_balancer: The load balancer.

        Returns:
            The records; none if they are kept elsewhere (`enable_hosted_zone=False`).

        Raises:
            InvalidInputError: The names point at another load balancer already.
        """
        if self.hosted_zone is None:
            return []
        if self._records_are_made:
            allowed = f"one whose names point nowhere yet ({self.node.path})"
            given = "one whose names point at another load balancer"
            refuse(scope, [Fault("dns", allowed, given, "give each an EdgeDns of its own")])
        self._records_are_made = True
        target = route53.RecordTarget.from_alias(route53_targets.LoadBalancerTarget(load_balancer))
        return [
            route53.ARecord(
                scope, record_id, zone=self.hosted_zone, record_name=name, target=target
            )
            for record_id, name in (
                ("ApexRecord", f"{self.root_domain}."),
                ("WildcardRecord", f"*.{self.root_domain}."),
            )
        ]


def _zone_faults(
    root_domain: str, hosted_zone: route53.IHostedZone, *, needs_public: bool
) -> list[Fault]:
    faults = validation.interface_faults(
        "hosted_zone", hosted_zone, "hosted_zone_id", "a hosted zone (IHostedZone)"
    )
    if faults:
        return faults
    if needs_public and isinstance(hosted_zone, route53.PrivateHostedZone):
        allowed = "a public zone, through which ACM validates a new certificate"
        faults.append(Fault("hosted_zone", allowed, "a private one", "bring a certificate"))
    zone_name = _zone_name(hosted_zone)
    if zone_name and not f".{root_domain}".endswith(f".{zone_name.rstrip('.')}"):
        allowed = f"the zone of {root_domain} or of a parent of it"
        remedy = "hand in the zone that holds it"
        faults.append(Fault("hosted_zone", allowed, f"that of {zone_name}", remedy))
    return faults


def _zone_name(hosted_zone: route53.IHostedZone) -> str | None:
    """The zone's name, or `None`: one that is imported by id only raises when asked for it."""
    try:
        return concrete(hosted_zone.zone_name)
    except RuntimeError:
        return None


def _without_zone_faults(
    hosted_zone: route53.IHostedZone | None, certificate: acm.ICertificate | None
) -> list[Fault]:
    faults = []
    if certificate is None:
        faults.append(
            Fault(
                "certificate",
                "given if enable_hosted_zone is False",
                "nothing",
                "hand in an issued certificate, as there is no zone to validate a new one through",
            )
        )
    if hosted_zone is not None:
        faults.append(
            Fault(
                "hosted_zone",
                "left out if enable_hosted_zone is False",
                "a zone",
                "leave one of the two out",
            )
        )
    return faults
