"""SharedIngress: the one load balancer in front of every server of a deployment."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

from . import existing_ingress, ingress_faults
from .access_logs import write_access_logs
from .acknowledgments import acknowledge, of_compliance_packs
from .edge_dns import EdgeDns
from .ingress_base import GRPC_PORT, HTTP_PORT, HTTPS_PORT, IngressBase
from .ingress_clients import let_in
from .listener_rules import ALL_PRIORITIES
from .log_buckets import log_requests, new_log_bucket, new_server_access_logs_bucket
from .synthesis import elsewhere_faults, refuse, removal_policy_faults
from .validation import DEFAULT_MAX_RULES, switch_faults, type_faults
from .web_acl import WebAcl

__all__ = ["SharedIngress"]

_DEFAULT_IDLE_TIMEOUT = Duration.hours(1)


class SharedIngress(IngressBase):
    """An application load balancer that hands requests to servers by host name.

    Port 80 redirects to HTTPS for good, 443 takes HTTPS and gRPC, 50051 takes gRPC over TLS. A host
    that no server has claimed gets a fixed answer, 404. What belongs to a server (target groups,
    rules, security group rules) is made in the server's stack.

    Rule priorities follow from the host name and path alone, so that adding, removing or
    reordering servers leaves the other rules untouched: gRPC rules are in 1 to 25000, HTTP rules
    in 25001 to 50000. (An address that is known at deployment only counts by its rule's path.)

    Headers whose names hold anything but letters, digits and hyphens are dropped: gRPC metadata
    that is to arrive has no `_` or `.` in its keys.

    A load balancer that is there already is taken with `from_listeners` or `from_attributes`.

    Args:
        scope: Where the construct is made.
        construct_id: Its id in `scope`.
        vpc: The VPC of the load balancer, with subnets in two zones: public ones, or private ones
            if it is `internal`.
        dns: Names and certificate. Its alias records are made here.
        internal: Whether the load balancer has private addresses only. Default: `False`.
        vpc_subnets: Its subnets. Default: the public ones, or the private ones if it is `internal`.
        allowed_cidrs: Address ranges, IPv4 or IPv6, that may connect; one that is known at
            deployment only is taken for IPv4. An empty list lets in nobody, until
            `connections.allow_from(…)` does. Default: if nobody else is allowed either, the whole
            internet, or the VPC's ranges if it is `internal`.
        allowed_prefix_lists: Ids of managed prefix lists whose ranges may connect. Each counts
            with its maximum size towards the 60 rules of a security group. Default: none.
        allowed_security_groups: Security groups whose members may connect. Default: none.
        dual_stack: Whether it has IPv6 addresses, too, in subnets that have them, and AAAA
            records. Default: `False`.
        grpc_over_https: Whether port 443 takes gRPC as well, told by its content type, for networks
            that let nothing else out. Default: `True`.
        ssl_policy: Which TLS versions and ciphers are spoken. Default: TLS 1.2 and 1.3, as CDK
            recommends.
        idle_timeout: How long a connection may be silent, 1 to 4000 s. A gRPC stream needs a
            message more often than that, as HTTP/2 pings do not count. Default: 1 hour.
        deletion_protection: Whether AWS refuses to delete the load balancer. Default: `True`.
        access_logs: Whether a bucket is made for logs of all requests, which keeps them for a year.
            Default: `True`.
        access_logs_bucket: An existing bucket for these logs, in the same region and encrypted with
            S3-managed keys. The load balancer's right to write is added to its policy. The policy
            of an imported bucket cannot be changed: its owner adds the right, or the deployment
            fails (`s3:PutObject` on `AWSLogs/<account>/*` for the service principal
            `logdelivery.elasticloadbalancing.amazonaws.com`). Default: see `access_logs`.
        server_access_logs_bucket: An existing bucket for the logs of requests to that new bucket;
            what holds for `access_logs_bucket` holds for it, but S3 writes to it
            (`logging.s3.amazonaws.com`). Default: one is made, which keeps them for a year.
        web_acl: Whether an AWS WAF web ACL is made that inspects all requests: it blocks attacks
            that AWS knows, and an address that sends more than 600 requests in five minutes to the
            update API. Its log, without keys and tokens, is kept for a month. Default: `False`.
        web_acl_arn: The ARN of an existing regional web ACL, in place of `web_acl`. Default: none.
        max_rules: How many rules AWS allows on the load balancer: more than 100 once it has raised
            the quota. Default: 100.
        encryption_key: The customer's key that encrypts the web ACL's log. CloudWatch Logs' right
            to use it is added to its policy; to that of an imported one its owner adds it. Default:
            a key of AWS.
        removal_policy: What becomes of new buckets and of the web ACL's log when they leave the
            stack; with `RemovalPolicy.DESTROY` the logs are deleted with them. Default: retained.

    Raises:
        InvalidInputError: With every argument that cannot work.

    Example:
        ```python
        ingress = SharedIngress(self, "Ingress", vpc=vpc, dns=dns)
        ```
    """

    load_balancer: elbv2.ApplicationLoadBalancer
    """The load balancer."""
    https_listener: elbv2.ApplicationListener
    """The listener on port 443."""
    grpc_listener: elbv2.ApplicationListener
    """The listener on port 50051."""
    vpc: ec2.IVpc
    """The VPC of the load balancer."""
    access_logs_bucket: s3.IBucket | None
    """The bucket with logs of all requests, or `None`."""
    web_acl: wafv2.CfnWebACL | None
    """The web ACL that is made, or `None`."""

    from_listeners = staticmethod(existing_ingress.from_listeners)
    from_attributes = staticmethod(existing_ingress.from_attributes)

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        vpc: ec2.IVpc,
        dns: EdgeDns,
        internal: bool = False,
        vpc_subnets: ec2.SubnetSelection | None = None,
        allowed_cidrs: Sequence[str] | None = None,
        allowed_prefix_lists: Sequence[str] | None = None,
        allowed_security_groups: Sequence[ec2.ISecurityGroup] | None = None,
        dual_stack: bool = False,
        grpc_over_https: bool = True,
        ssl_policy: elbv2.SslPolicy = elbv2.SslPolicy.RECOMMENDED_TLS,
        idle_timeout: Duration = _DEFAULT_IDLE_TIMEOUT,
        deletion_protection: bool = True,
        access_logs: bool = True,
        access_logs_bucket: s3.IBucket | None = None,
        server_access_logs_bucket: s3.IBucket | None = None,
        web_acl: bool = False,
        web_acl_arn: str | None = None,
        max_rules: int = DEFAULT_MAX_RULES,
        encryption_key: kms.IKey | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        allowed = (allowed_cidrs, allowed_prefix_lists, allowed_security_groups)
        refuse(
            self,
            [
                *type_faults("dns", dns, EdgeDns, "an EdgeDns"),
                *type_faults("ssl_policy", ssl_policy, elbv2.SslPolicy, "an elbv2.SslPolicy"),
                *ingress_faults.idle_timeout_faults(idle_timeout),
                *ingress_faults.vpc_faults(vpc, vpc_subnets, internal=internal),
                *ingress_faults.web_acl_faults(web_acl_arn, is_made=web_acl),
                *ingress_faults.max_rules_faults(max_rules),
                *ingress_faults.bucket_faults(access_logs_bucket, server_access_logs_bucket),
                *ingress_faults.key_faults(encryption_key),
                *switch_faults(
                    internal=internal,
                    dual_stack=dual_stack,
                    grpc_over_https=grpc_over_https,
                    deletion_protection=deletion_protection,
                    access_logs=access_logs,
                    web_acl=web_acl,
                ),
                *removal_policy_faults(removal_policy),
            ],
        )
        refuse(
            self,
            [
                *ingress_faults.allowed_faults(
                    vpc, allowed, internal=internal, dual_stack=dual_stack
                ),
                *ingress_faults.place_faults(
                    self,
                    dns=dns.certificate,
                    web_acl_arn=web_acl_arn,
                    access_logs_bucket=access_logs_bucket,
                    server_access_logs_bucket=server_access_logs_bucket,
                ),
                *elsewhere_faults(self, encryption_key=encryption_key),
            ],
        )

        security_group = ec2.SecurityGroup(
            self, "SecurityGroup", vpc=vpc, description="Clients of the Datafi data plane"
        )
        load_balancer = elbv2.ApplicationLoadBalancer(
            self,
            "LoadBalancer",
            vpc=vpc,
            internet_facing=not internal,
            vpc_subnets=vpc_subnets,
            security_group=security_group,
            ip_address_type=elbv2.IpAddressType.DUAL_STACK if dual_stack else None,
            idle_timeout=idle_timeout,
            deletion_protection=deletion_protection,
            drop_invalid_header_fields=True,
        )
        let_in(
            load_balancer, security_group, vpc, allowed, internal=internal, dual_stack=dual_stack
        )
        _redirect(load_balancer)
        self._set_up(
            root_domain=dns.root_domain,
            dns=dns,
            https_listener=_listen(load_balancer, "HttpsListener", HTTPS_PORT, dns, ssl_policy),
            grpc_listener=_listen(load_balancer, "GrpcListener", GRPC_PORT, dns, ssl_policy),
            grpc_over_https=grpc_over_https,
            load_balancer=load_balancer,
            connections=load_balancer.connections,
            vpc=vpc,
            dual_stack=dual_stack,
            priority_range=ALL_PRIORITIES,
            max_rules=max_rules,
        )
        self.server_access_logs_bucket = server_access_logs_bucket
        if access_logs and access_logs_bucket is None:
            access_logs_bucket = self._new_access_logs_bucket(removal_policy, encryption_key)
        self.access_logs_bucket = access_logs_bucket
        if access_logs_bucket:
            write_access_logs(load_balancer, access_logs_bucket)
        self.web_acl = None
        if web_acl:
            self.web_acl = WebAcl(
                self,
                "WebAcl",
                load_balancer=load_balancer,
                root_domain=dns.root_domain,
                encryption_key=encryption_key,
                removal_policy=removal_policy,
            ).web_acl
        if web_acl_arn:
            wafv2.CfnWebACLAssociation(
                self,
                "WebAclAssociation",
                resource_arn=load_balancer.load_balancer_arn,
                web_acl_arn=web_acl_arn,
            )

    def _new_access_logs_bucket(
        self, removal_policy: RemovalPolicy, encryption_key: kms.IKey | None
    ) -> s3.Bucket:
        """A bucket for access logs; requests to it are logged as well."""
        if self.server_access_logs_bucket is None:
            self.server_access_logs_bucket = new_server_access_logs_bucket(
                self, removal_policy, encryption_key
            )
        bucket = new_log_bucket(self, "AccessLogs", removal_policy, encryption_key)
        log_requests(bucket, self.server_access_logs_bucket)
        return bucket


def _redirect(load_balancer: elbv2.ApplicationLoadBalancer) -> None:
    listener = load_balancer.add_listener(
        "RedirectListener",
        port=HTTP_PORT,
        protocol=elbv2.ApplicationProtocol.HTTP,
        default_action=elbv2.ListenerAction.redirect(
            protocol="HTTPS", port=str(HTTPS_PORT), permanent=True
        ),
        open=False,
    )
    acknowledge(
        listener,
        of_compliance_packs("ELBv2ACMCertificateRequired"),
        "It redirects to HTTPS, takes no other request, and so has no certificate.",
    )


def _listen(
    load_balancer: elbv2.ApplicationLoadBalancer,
    listener_id: str,
    port: int,
    dns: EdgeDns,
    ssl_policy: elbv2.SslPolicy,
) -> elbv2.ApplicationListener:
    return load_balancer.add_listener(
        listener_id,
        port=port,
        protocol=elbv2.ApplicationProtocol.HTTPS,
        certificates=[elbv2.ListenerCertificate.from_certificate_manager(dns.certificate)],
        ssl_policy=ssl_policy,
        default_action=elbv2.ListenerAction.fixed_response(
            404, content_type="text/plain", message_body="There is no server at this address."
        ),
        open=False,
    )
