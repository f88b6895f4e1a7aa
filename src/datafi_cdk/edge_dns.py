"""EdgeDns: the names and the certificate under which a deployment is reached."""

from __future__ import annotations

from typing import cast

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as route53_targets
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from .acknowledgments import skip_check
from .dns_faults import cleanup_faults, dns_faults, load_balancer_faults
from .errors import Fault
from .function_settings import FunctionSettings
from .provider_logs import Provider, log_of_provider
from .synthesis import concrete, refuse, removal_policy_faults
from .validation import label_faults, required_faults, switch_faults
from .zone_cleanup import ZoneCleanup

__all__ = ["EdgeDns"]

# Short, as a zone that is made anew has other name servers, and its certificate waits for them.
_DELEGATION_TTL = Duration.minutes(5)


class EdgeDns(Construct):
    """The root domain of a deployment, its hosted zone and its certificate.

    Every server is reached as `<name>.<root_domain>`. The certificate covers the root domain and
    `*.<root_domain>`; alias records for both, or one for each server, point at the load balancer of
    `SharedIngress`.

    A new public zone answers only once the parent domain delegates to it, and ACM issues the
    certificate only after that. With `parent_zone` the delegation is made here, before the
    certificate. Without it, enter `name_servers` in the parent domain while the first deployment
    runs.

    A zone that is deleted with its stack (`RemovalPolicy.DESTROY`) is first cleared of the records
    that ACM wrote there to validate the certificate, for Route 53 deletes no zone that holds any.
    See `ZoneCleanup`. A record that somebody else wrote there still keeps it from being deleted.
    In a zone that is handed in, ACM's record stays.

    Args:
        scope: Where the construct is made.
        construct_id: Its id in `scope`.
        root_domain: The domain under which the servers get their names, in lower case.
        hosted_zone: The zone that holds `root_domain` or a parent of it. It may be imported by its
            id only. Default: a new zone for `root_domain`.
        private_zone_vpc: The VPC in which a new private zone answers, and nobody else sees it.
            Default: a new zone is public.
        parent_zone: The public zone of a parent domain, to which NS records are added that delegate
            `root_domain` to the new public zone. It may be imported by its id only. They go with
            the stack. Default: no delegation is made.
        delegation_role: A role in the account of `parent_zone` that this account may assume and
            that may change the zone (`parent_zone.grant_delegation`). Default: `parent_zone` is in
            the account of this stack.
        certificate: An issued certificate for `root_domain` and `*.root_domain`, in the region of
            the load balancer. Default: a new one, validated through `validation_zone` or the zone.
        validation_zone: A public zone that holds `root_domain` or a parent of it, through which a
            new certificate is validated where the records are in a private zone, through which ACM
            cannot, or kept elsewhere. Default: the zone of the records.
        enable_hosted_zone: With `False`, no zone and no record is made: the names are kept
            elsewhere, and `certificate` or `validation_zone` is needed. Default: `True`.
        record_per_service: Whether each server gets records of its own, instead of the root domain
            and its wildcard. Default: `False`.
        vpc: A VPC with a way to the internet, in which the function runs that clears the new zone.
            Default: none.
        vpc_subnets: Its subnets there, private ones. Default: private ones with a way out.
        dead_letter_queue: Where events go that the function could not deal with. Default: a queue
            that all functions of the library share in the stack.
        encryption_key: The customer's key for the function's log group. Default: one of AWS.
        reserved_concurrent_executions: How many of it run at once, 1 or more. Default: what the
            account has left.
        removal_policy: What becomes of a new zone when it leaves the stack. Default: retained.

    Raises:
        InvalidInputError: `root_domain` is no domain name, or longer than the 64 characters that a
            new certificate takes; a zone does not hold it, or is private where only a public one
            can serve; a new certificate has no public zone to be validated through; or arguments
            contradict each other.

    Example:
        ```python
        parent = route53.HostedZone.from_hosted_zone_id(self, "Parent", "Z0123456789ABCDEFGHIJ")
        dns = EdgeDns(self, "Dns", root_domain="datafi-edge.example.com", parent_zone=parent)
        ```
    """

    root_domain: str
    """The domain under which the servers get their names."""
    hosted_zone: route53.IHostedZone | None
    """The zone that holds the records, or `None` if they are kept elsewhere."""
    certificate: acm.ICertificate
    """The certificate for the root domain and every name directly under it."""
    name_servers: list[str] | None
    """The name servers of a new public zone, if nobody has been told of them yet.

    The parent domain is to delegate to them. `None` if the delegation is made here, or the zone is
    private or handed in.
    """
    delegation: Construct | None
    """What delegates the root domain to the new zone, or `None`."""
    zone_cleanup: ZoneCleanup | None
    """What clears the new zone before it is deleted, or `None`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        root_domain: str,
        hosted_zone: route53.IHostedZone | None = None,
        private_zone_vpc: ec2.IVpc | None = None,
        parent_zone: route53.IHostedZone | None = None,
        delegation_role: iam.IRole | None = None,
        certificate: acm.ICertificate | None = None,
        validation_zone: route53.IHostedZone | None = None,
        enable_hosted_zone: bool = True,
        record_per_service: bool = False,
        vpc: ec2.IVpc | None = None,
        vpc_subnets: ec2.SubnetSelection | None = None,
        dead_letter_queue: sqs.IQueue | None = None,
        encryption_key: kms.IKey | None = None,
        reserved_concurrent_executions: int | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        settings = FunctionSettings(
            vpc=vpc,
            vpc_subnets=vpc_subnets,
            dead_letter_queue=dead_letter_queue,
            encryption_key=encryption_key,
            reserved_concurrent_executions=reserved_concurrent_executions,
        )
        faults = dns_faults(
            root_domain=root_domain,
            hosted_zone=hosted_zone,
            private_zone_vpc=private_zone_vpc,
            parent_zone=parent_zone,
            delegation_role=delegation_role,
            certificate=certificate,
            validation_zone=validation_zone,
            enable_hosted_zone=enable_hosted_zone,
        )
        faults += switch_faults(
            enable_hosted_zone=enable_hosted_zone, record_per_service=record_per_service
        )
        faults += settings.faults()
        refuse(self, faults + removal_policy_faults(removal_policy))
        is_public = enable_hosted_zone and hosted_zone is None and private_zone_vpc is None
        is_cleared = is_public and removal_policy == RemovalPolicy.DESTROY
        if is_cleared:
            refuse(self, cleanup_faults(vpc, vpc_subnets))

        self.root_domain = root_domain
        self.hosted_zone = hosted_zone
        self.name_servers = None
        self.delegation = None
        self.zone_cleanup = None
        self._record_per_service = record_per_service
        self._records_are_made = False
        self._service_names: set[str] = set()
        if enable_hosted_zone and hosted_zone is None and private_zone_vpc is not None:
            self.hosted_zone = self._new_private_zone(private_zone_vpc, removal_policy)
        elif is_public:
            public_zone = self._new_public_zone(removal_policy)
            self.hosted_zone = public_zone
            if parent_zone is None:
                self.name_servers = public_zone.hosted_zone_name_servers
            else:
                self.delegation = self._new_delegation(public_zone, parent_zone, delegation_role)
                log_of_provider(
                    self,
                    Provider.DELEGATION,
                    removal_policy=removal_policy,
                    encryption_key=encryption_key,
                )
            if is_cleared:
                self.zone_cleanup = ZoneCleanup(
                    self, "ZoneCleanup", zone=public_zone, settings=settings
                )
        self.certificate = certificate or self._new_certificate(validation_zone)

    def add_records(
        self,
        scope: Construct,
        load_balancer: elbv2.IApplicationLoadBalancer,
        *,
        dual_stack: bool = False,
    ) -> list[route53.RecordSet]:
        """Point the root domain and every name directly under it at a load balancer.

        The records are made in `scope`, not here, so that a load balancer in another stack refers
        to this one and never the other way round.

        Args:
            scope: Where the records are made: the construct that owns the load balancer.
            load_balancer: The load balancer.
            dual_stack: Whether the load balancer has IPv6 addresses too, to which AAAA records
                lead. Default: A records only.

        Returns:
            The records; none if they are kept elsewhere (`enable_hosted_zone=False`), or each
            server has its own (`record_per_service=True`).

        Raises:
            InvalidInputError: The names point at another load balancer already, or the load
                balancer was imported without its DNS name.

        Example:
            ```python
            dns.add_records(self, load_balancer, dual_stack=True)
            ```
        """
        if self.hosted_zone is None or self._record_per_service:
            return []
        faults = load_balancer_faults(load_balancer)
        if self._records_are_made:
            allowed = f"one whose names point nowhere yet ({self.node.path})"
            given = "one whose names point at another load balancer"
            faults.append(Fault("dns", allowed, given, "give each an EdgeDns of its own"))
        refuse(scope, faults)
        self._records_are_made = True
        apex = _alias_records(
            scope, "Apex", self.hosted_zone, self.root_domain, load_balancer, dual_stack
        )
        wildcard = _alias_records(
            scope, "Wildcard", self.hosted_zone, f"*.{self.root_domain}", load_balancer, dual_stack
        )
        return apex + wildcard

    def add_service_record(
        self,
        scope: Construct,
        name: str,
        load_balancer: elbv2.IApplicationLoadBalancer,
        *,
        dual_stack: bool = False,
    ) -> list[route53.RecordSet]:
        """Point one name under the root domain at a load balancer, if each server has its own.

        Args:
            scope: Where the records are made: the construct of the server.
            name: The server's name, one DNS label.
            load_balancer: The load balancer.
            dual_stack: Whether the load balancer has IPv6 addresses too, to which an AAAA record
                leads. Default: an A record only.

        Returns:
            The records; none if they are kept elsewhere, or the wildcard covers the name
            (`record_per_service=False`).

        Raises:
            InvalidInputError: The name is no DNS label or has its records already, or the load
                balancer was imported without its DNS name.

        Example:
            ```python
            dns.add_service_record(server, "es", ingress.load_balancer)
            ```
        """
        if self.hosted_zone is None or not self._record_per_service:
            return []
        faults = required_faults(name=name) + label_faults(concrete(name), "name", "es")
        faults += load_balancer_faults(load_balancer)
        if name in self._service_names:
            allowed = f"one that points nowhere yet ({self.node.path})"
            faults.append(Fault("name", allowed, repr(name), "choose another name"))
        refuse(scope, faults)
        self._service_names.add(name)
        domain = f"{name}.{self.root_domain}"
        return _alias_records(scope, "", self.hosted_zone, domain, load_balancer, dual_stack)

    def _new_public_zone(self, removal_policy: RemovalPolicy) -> route53.PublicHostedZone:
        zone = route53.PublicHostedZone(self, "HostedZone", zone_name=self.root_domain)
        zone.apply_removal_policy(removal_policy)
        return zone

    def _new_private_zone(
        self, vpc: ec2.IVpc, removal_policy: RemovalPolicy
    ) -> route53.PrivateHostedZone:
        """A zone with an id of its own, as Route 53 cannot make a public zone a private one.

        Source: https://docs.aws.amazon.com/Route53/latest/APIReference/API_CreateHostedZone.html
        """
        zone = route53.PrivateHostedZone(
            self, "PrivateHostedZone", zone_name=self.root_domain, vpc=vpc
        )
        zone.apply_removal_policy(removal_policy)
        return zone

    def _new_delegation(
        self,
        zone: route53.PublicHostedZone,
        parent_zone: route53.IHostedZone,
        delegation_role: iam.IRole | None,
    ) -> Construct:
        if delegation_role is not None:
            by_name = _is_out_of_reach(self, parent_zone)
            return route53.CrossAccountZoneDelegationRecord(
                self,
                "CrossAccountDelegation",
                delegated_zone=zone,
                delegation_role=delegation_role,
                parent_hosted_zone_id=None if by_name else parent_zone.hosted_zone_id,
                parent_hosted_zone_name=parent_zone.zone_name.rstrip(".") if by_name else None,
                ttl=_DELEGATION_TTL,
            )
        return route53.ZoneDelegationRecord(
            self,
            "Delegation",
            zone=parent_zone,
            record_name=f"{self.root_domain}.",
            name_servers=zone.hosted_zone_name_servers or [],
            ttl=_DELEGATION_TTL,
        )

    def _new_certificate(self, validation_zone: route53.IHostedZone | None) -> acm.Certificate:
        """A certificate that one record validates, as both of its names have the same one.

        CDK leaves out the second only where it knows the domain, and two of one name are more than
        Route 53 takes. Source: https://github.com/aws/aws-cdk/issues/9248
        """
        zone = cast(route53.IHostedZone, validation_zone or self.hosted_zone)
        certificate = acm.Certificate(
            self,
            "Certificate",
            domain_name=self.root_domain,
            subject_alternative_names=[f"*.{self.root_domain}"],
            validation=acm.CertificateValidation.from_dns(zone),
        )
        cast(acm.CfnCertificate, certificate.node.default_child).domain_validation_options = [
            acm.CfnCertificate.DomainValidationOptionProperty(
                domain_name=self.root_domain, hosted_zone_id=zone.hosted_zone_id
            )
        ]
        skip_check(
            cast(acm.CfnCertificate, certificate.node.default_child),
            "CKV2_AWS_71",
            "One certificate for every server's name directly under the root domain.",
        )
        for earlier in (self.delegation, self.zone_cleanup):
            if earlier is not None:
                certificate.node.add_dependency(earlier)
        return certificate


def _is_out_of_reach(construct: Construct, zone: route53.IHostedZone) -> bool:
    """Whether the zone's id is made by a stack whose values cannot be read from this account."""
    elsewhere = Stack.of(zone).environment != Stack.of(construct).environment
    return elsewhere and concrete(zone.hosted_zone_id) is None


def _alias_records(
    scope: Construct,
    prefix: str,
    zone: route53.IHostedZone,
    domain: str,
    load_balancer: elbv2.IApplicationLoadBalancer,
    dual_stack: bool,
) -> list[route53.RecordSet]:
    """Records of a whole name, whose dot at the end keeps CDK from asking for the zone's name."""
    target = route53.RecordTarget.from_alias(route53_targets.LoadBalancerTarget(load_balancer))
    name = f"{domain}."
    records: list[route53.RecordSet] = [
        route53.ARecord(scope, f"{prefix}Record", zone=zone, record_name=name, target=target)
    ]
    if dual_stack:
        records.append(
            route53.AaaaRecord(
                scope, f"{prefix}Ipv6Record", zone=zone, record_name=name, target=target
            )
        )
    return records
