"""Takes an existing load balancer as an ingress. No rule of others is touched."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Fn
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from constructs import Construct

from .edge_dns import EdgeDns
from .existing_ingress_faults import (
    attributes_faults,
    listeners_faults,
    load_balancer_of,
    taking_faults,
)
from .ingress_base import GRPC_PORT, HTTPS_PORT, IngressBase
from .ingress_faults import place_faults
from .listener_rules import ALL_PRIORITIES
from .synthesis import refuse
from .validation import DEFAULT_MAX_RULES


def from_listeners(
    scope: Construct,
    construct_id: str,
    *,
    https_listener: elbv2.IApplicationListener,
    grpc_listener: elbv2.IApplicationListener | None = None,
    root_domain: str | None = None,
    dns: EdgeDns | None = None,
    load_balancer: elbv2.IApplicationLoadBalancer | None = None,
    vpc: ec2.IVpc | None = None,
    dual_stack: bool = False,
    grpc_over_https: bool = True,
    priority_range: tuple[int, int] = ALL_PRIORITIES,
    max_rules: int = DEFAULT_MAX_RULES,
) -> IngressBase:
    """Take an existing load balancer by its listeners. No rule of others is touched.

    Args:
        scope: Where the construct is made.
        construct_id: Its id in `scope`.
        https_listener: The listener that takes HTTPS on port 443. An imported one knows the
            security group of its load balancer; if that lets all out, as imported groups do unless
            said otherwise, it is not changed. Else each server adds two rules to it, of the 60 that
            it takes.
        grpc_listener: The listener that takes gRPC over TLS on port 50051. Default: none; gRPC is
            taken on port 443 only.
        root_domain: The domain under which the servers get their names, if names and certificate
            are kept elsewhere. Default: that of `dns`.
        dns: Names and certificate: its records lead to the load balancer, and its certificate
            joins those of the listeners. Default: see `root_domain`.
        load_balancer: The load balancer. Needed if `dns` makes records and the listener is an
            imported one. Default: that of the listener.
        vpc: Its VPC, to compare with that of the servers. Default: that of a load balancer that the
            app makes.
        dual_stack: Whether it has IPv6 addresses, which then get AAAA records. Default: `False`.
        grpc_over_https: Whether port 443 takes gRPC as well, told by its content type.
            Default: `True`.
        priority_range: The lowest and the highest priority of the rules made here, from 1 to
            50000: a range that is free on both listeners. gRPC rules have its lower half. Each rule
            finds its place by its host name: in a narrow range two may want the same, which is
            refused with one that is free. Default: all.
        max_rules: How many rules the app may make on the load balancer: what AWS allows, less
            those that are there. Default: 100.

    Returns:
        The ingress.

    Raises:
        InvalidInputError: With every argument that cannot work.

    Example:
        ```python
        ingress = SharedIngress.from_listeners(
            self,
            "Ingress",
            https_listener=https_listener,
            root_domain="datafi-edge.example.com",
            priority_range=(10_000, 19_999),
        )
        ```
    """
    ingress = IngressBase(scope, construct_id)
    known = load_balancer or load_balancer_of(https_listener)
    refuse(
        ingress,
        [
            *listeners_faults(https_listener, grpc_listener, load_balancer),
            *place_faults(ingress, https_listener=https_listener),
            *taking_faults(
                root_domain=root_domain,
                dns=dns,
                load_balancer_argument="load_balancer",
                has_load_balancer=known is not None,
                vpc=vpc,
                dual_stack=dual_stack,
                grpc_listener_argument="grpc_listener",
                has_grpc_listener=grpc_listener is not None,
                grpc_over_https=grpc_over_https,
                priority_range=priority_range,
                max_rules=max_rules,
            ),
        ],
    )
    return _taken(
        ingress,
        https_listener=https_listener,
        grpc_listener=grpc_listener,
        root_domain=root_domain,
        dns=dns,
        load_balancer=known,
        vpc=vpc,
        dual_stack=dual_stack,
        grpc_over_https=grpc_over_https,
        priority_range=priority_range,
        max_rules=max_rules,
    )


def from_attributes(
    scope: Construct,
    construct_id: str,
    *,
    https_listener_arn: str,
    security_group_ids: Sequence[str],
    grpc_listener_arn: str | None = None,
    root_domain: str | None = None,
    dns: EdgeDns | None = None,
    load_balancer_arn: str | None = None,
    load_balancer_dns_name: str | None = None,
    load_balancer_canonical_hosted_zone_id: str | None = None,
    vpc: ec2.IVpc | None = None,
    dual_stack: bool = False,
    grpc_over_https: bool = True,
    priority_range: tuple[int, int] = ALL_PRIORITIES,
    max_rules: int = DEFAULT_MAX_RULES,
) -> IngressBase:
    """Take an existing load balancer by ARNs and ids. No rule of others is touched.

    Args:
        scope: Where the construct is made.
        construct_id: Its id in `scope`.
        https_listener_arn: The listener that takes HTTPS on port 443.
        security_group_ids: The security groups of the load balancer. They are not changed: they
            must let clients in, and requests out to the ports of the containers. The servers let
            in the first one.
        grpc_listener_arn: The listener that takes gRPC over TLS on port 50051. Default: none.
        root_domain: The domain under which the servers get their names, if names and certificate
            are kept elsewhere. Default: that of `dns`.
        dns: Names and certificate: see `from_listeners`. If it makes records, the three next are
            needed. Default: see `root_domain`.
        load_balancer_arn: The load balancer. Default: not known.
        load_balancer_dns_name: The name that AWS gave it. Default: not known.
        load_balancer_canonical_hosted_zone_id: The zone of that name. Default: not known.
        vpc: Its VPC, to compare with that of the servers. Default: not known.
        dual_stack: Whether it has IPv6 addresses, which then get AAAA records. Default: `False`.
        grpc_over_https: Whether port 443 takes gRPC as well, told by its content type.
            Default: `True`.
        priority_range: The lowest and the highest priority of the rules made here: see
            `from_listeners`. Default: all, 1 to 50000.
        max_rules: How many rules the app may make on the load balancer. Default: 100.

    Returns:
        The ingress.

    Raises:
        InvalidInputError: With every argument that cannot work.

    Example:
        ```python
        ingress = SharedIngress.from_attributes(
            self,
            "Ingress",
            https_listener_arn=https_listener_arn,
            security_group_ids=["sg-0123456789abcdef0"],
            root_domain="datafi-edge.example.com",
        )
        ```
    """
    ingress = IngressBase(scope, construct_id)
    refuse(
        ingress,
        [
            *attributes_faults(
                https_listener_arn=https_listener_arn,
                grpc_listener_arn=grpc_listener_arn,
                security_group_ids=security_group_ids,
                load_balancer_arn=load_balancer_arn,
                load_balancer_dns_name=load_balancer_dns_name,
                load_balancer_canonical_hosted_zone_id=load_balancer_canonical_hosted_zone_id,
            ),
            *place_faults(ingress, https_listener_arn=https_listener_arn),
            *taking_faults(
                root_domain=root_domain,
                dns=dns,
                load_balancer_argument="load_balancer_arn",
                has_load_balancer=load_balancer_arn is not None,
                vpc=vpc,
                dual_stack=dual_stack,
                grpc_listener_argument="grpc_listener_arn",
                has_grpc_listener=grpc_listener_arn is not None,
                grpc_over_https=grpc_over_https,
                priority_range=priority_range,
                max_rules=max_rules,
            ),
        ],
    )
    security_group_id = Fn.select(0, list(security_group_ids))
    security_group = ec2.SecurityGroup.from_security_group_id(
        ingress, "SecurityGroup", security_group_id
    )

    def listener(listener_id: str, arn: str, port: int) -> elbv2.IApplicationListener:
        return elbv2.ApplicationListener.from_application_listener_attributes(
            ingress, listener_id, listener_arn=arn, security_group=security_group, default_port=port
        )

    return _taken(
        ingress,
        https_listener=listener("HttpsListener", https_listener_arn, HTTPS_PORT),
        grpc_listener=listener("GrpcListener", grpc_listener_arn, GRPC_PORT)
        if grpc_listener_arn
        else None,
        root_domain=root_domain,
        dns=dns,
        load_balancer=elbv2.ApplicationLoadBalancer.from_application_load_balancer_attributes(
            ingress,
            "LoadBalancer",
            load_balancer_arn=load_balancer_arn,
            security_group_id=security_group_id,
            load_balancer_dns_name=load_balancer_dns_name,
            load_balancer_canonical_hosted_zone_id=load_balancer_canonical_hosted_zone_id,
            vpc=vpc,
        )
        if load_balancer_arn
        else None,
        vpc=vpc,
        dual_stack=dual_stack,
        grpc_over_https=grpc_over_https,
        priority_range=priority_range,
        max_rules=max_rules,
    )


def _taken(
    ingress: IngressBase,
    *,
    https_listener: elbv2.IApplicationListener,
    grpc_listener: elbv2.IApplicationListener | None,
    root_domain: str | None,
    dns: EdgeDns | None,
    load_balancer: elbv2.IApplicationLoadBalancer | None,
    vpc: ec2.IVpc | None,
    dual_stack: bool,
    grpc_over_https: bool,
    priority_range: tuple[int, int],
    max_rules: int,
) -> IngressBase:
    if dns:
        for listener_id, listener in (("Https", https_listener), ("Grpc", grpc_listener)):
            if listener:
                elbv2.ApplicationListenerCertificate(
                    ingress,
                    f"{listener_id}Certificate",
                    listener=listener,
                    certificates=[
                        elbv2.ListenerCertificate.from_certificate_manager(dns.certificate)
                    ],
                )
    ingress._set_up(
        root_domain=dns.root_domain if dns else str(root_domain),
        dns=dns,
        https_listener=https_listener,
        grpc_listener=grpc_listener,
        grpc_over_https=grpc_over_https,
        load_balancer=load_balancer,
        connections=https_listener.connections,
        vpc=vpc
        or (
            load_balancer.vpc if isinstance(load_balancer, elbv2.ApplicationLoadBalancer) else None
        ),
        dual_stack=dual_stack,
        priority_range=priority_range,
        max_rules=max_rules,
    )
    return ingress
