"""SharedIngress: the one load balancer in front of every server of a deployment."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from constructs import Construct

from .edge_dns import EdgeDns
from .errors import Fault
from .synthesis import concrete, refuse
from .validation import (
    host_faults,
    idle_timeout_faults,
    interface_faults,
    name_faults,
    type_faults,
)

__all__ = ["SharedIngress"]

HTTP_PORT = 80
HTTPS_PORT = 443
GRPC_PORT = 50051

_DEFAULT_IDLE_TIMEOUT = Duration.hours(1)
_PRIORITIES_PER_PROTOCOL = 25_000
_ZONES = 2


class SharedIngress(Construct):
    """A public application load balancer that hands requests to servers by host name.

    Port 80 redirects to HTTPS for good, 443 takes HTTPS, 50051 takes gRPC over TLS. A host that no
    server has claimed gets a fixed answer, 404. What belongs to a server (target groups, rules,
    security group rules) is made in the server's stack.

    Rule priorities follow from the host name and path alone, so that adding, removing or
    reordering servers leaves the other rules untouched: gRPC rules are in 1 to 25000, HTTP rules
    in 25001 to 50000. (An address that is known at deployment only counts by its rule's path.)

    Headers whose names hold anything but letters, digits and hyphens are dropped: gRPC metadata
    that is to arrive has no `_` or `.` in its keys.

    Args:
        scope: Where the construct is made.
        construct_id: Its id in `scope`.
        vpc: The VPC of the load balancer, with public subnets in two zones.
        dns: Names and certificate. Its alias records are made here.
        idle_timeout: How long a connection may be silent, 1 to 4000 s. A gRPC stream needs a
            message more often than that, as HTTP/2 pings do not count. Default: 1 hour.
        deletion_protection: Whether AWS refuses to delete the load balancer. Default: `True`.

    Raises:
        InvalidInputError: `idle_timeout` is out of bounds or no whole number of seconds, or the VPC
            has no public subnets in two zones.

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
    connections: ec2.Connections
    """The load balancer's security groups."""
    vpc: ec2.IVpc
    """The VPC of the load balancer."""
    root_domain: str
    """The domain under which the servers get their names."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        vpc: ec2.IVpc,
        dns: EdgeDns,
        idle_timeout: Duration = _DEFAULT_IDLE_TIMEOUT,
        deletion_protection: bool = True,
    ) -> None:
        super().__init__(scope, construct_id)
        refuse(
            self,
            [
                *type_faults("dns", dns, EdgeDns, "an EdgeDns"),
                *_idle_timeout_faults(idle_timeout),
                *_vpc_faults(vpc),
            ],
        )

        self.vpc = vpc
        self.root_domain = dns.root_domain
        self._names: dict[str, str] = {}
        self._coordinator: str | None = None
        self._priorities: dict[tuple[int, int], str] = {}
        security_group = ec2.SecurityGroup(
            self, "SecurityGroup", vpc=vpc, description="Clients of the Datafi data plane"
        )
        self.load_balancer = elbv2.ApplicationLoadBalancer(
            self,
            "LoadBalancer",
            vpc=vpc,
            internet_facing=True,
            security_group=security_group,
            idle_timeout=idle_timeout,
            deletion_protection=deletion_protection,
            drop_invalid_header_fields=True,
        )
        self.connections = self.load_balancer.connections
        self._listen(
            "RedirectListener",
            HTTP_PORT,
            default_action=elbv2.ListenerAction.redirect(
                protocol="HTTPS", port=str(HTTPS_PORT), permanent=True
            ),
        )
        self.https_listener = self._listen_with_tls("HttpsListener", HTTPS_PORT, dns)
        self.grpc_listener = self._listen_with_tls("GrpcListener", GRPC_PORT, dns)
        dns.add_records(self, self.load_balancer)

    def _listen(
        self,
        listener_id: str,
        port: int,
        *,
        default_action: elbv2.ListenerAction,
        certificates: Sequence[elbv2.IListenerCertificate] | None = None,
    ) -> elbv2.ApplicationListener:
        tls = certificates is not None
        self.connections.allow_from_any_ipv4(ec2.Port.tcp(port), f"Internet to port {port}")
        return self.load_balancer.add_listener(
            listener_id,
            port=port,
            protocol=elbv2.ApplicationProtocol.HTTPS if tls else elbv2.ApplicationProtocol.HTTP,
            certificates=certificates,
            ssl_policy=elbv2.SslPolicy.RECOMMENDED_TLS if tls else None,
            default_action=default_action,
            open=False,
        )

    def _listen_with_tls(
        self, listener_id: str, port: int, dns: EdgeDns
    ) -> elbv2.ApplicationListener:
        return self._listen(
            listener_id,
            port,
            certificates=[elbv2.ListenerCertificate.from_certificate_manager(dns.certificate)],
            default_action=elbv2.ListenerAction.fixed_response(
                404, content_type="text/plain", message_body="There is no server at this address."
            ),
        )

    def host(self, name: str) -> str:
        """The public host name of a server: `<name>.<root_domain>`.

        Args:
            name: The server's name.
        """
        return f"{name}.{self.root_domain}"

    def claim_name(self, construct: Construct, name: str) -> str:
        """Reserve a name under the root domain for one server.

        Args:
            construct: The server that claims it.
            name: The name, one DNS label.

        Returns:
            The host name.

        Raises:
            InvalidInputError: See `unclaimable_name_faults`.
        """
        refuse(construct, self.unclaimable_name_faults(name))
        self._names[name] = construct.node.path
        return self.host(name)

    def unclaimable_name_faults(self, name: str) -> list[Fault]:
        """Why a name cannot be claimed.

        It is no DNS label, is reserved, makes a host name that is too long for a rule, or another
        server has it.

        Args:
            name: The name.
        """
        faults = name_faults(concrete(name)) + host_faults(concrete(self.host(name)))
        if name in self._names:
            allowed = f"the only one of its kind on {self.node.path}"
            given = f"{name!r}, which {self._names[name]} has"
            faults.append(Fault("name", allowed, given, "choose another name"))
        return faults

    def claim_coordinator(self, construct: Construct) -> None:
        """Make a construct the one coordinator of this ingress.

        Args:
            construct: The coordinator.

        Raises:
            InvalidInputError: There is one already.
        """
        refuse(construct, self.second_coordinator_faults())
        self._coordinator = construct.node.path

    def second_coordinator_faults(self) -> list[Fault]:
        """Why there can be no further coordinator: there is one already."""
        if self._coordinator is None:
            return []
        allowed = f"one without a coordinator, and {self.node.path} has one"
        given = f"a second one beside {self._coordinator}"
        return [Fault("ingress", allowed, given, "give each coordinator an ingress of its own")]

    def add_http_rule(
        self,
        scope: Construct,
        rule_id: str,
        *,
        hosts: Sequence[str],
        paths: Sequence[str] = (),
        action: elbv2.ListenerAction,
    ) -> elbv2.ApplicationListenerRule:
        """Say what becomes of HTTPS requests on port 443.

        Args:
            scope: Where the rule is made, in the stack of what it leads to.
            rule_id: The id of the rule in `scope`.
            hosts: The host names it serves. With `paths`, at most five of both together, as a
                rule takes five values.
            paths: The paths it serves. Default: every path.
            action: What becomes of the requests, such as `ListenerAction.forward([target_group])`.

        Returns:
            The rule.

        Raises:
            InvalidInputError: Another rule already has the priority that follows from its hosts
                and paths.
        """
        return self._add_rule(scope, rule_id, self.https_listener, HTTPS_PORT, hosts, paths, action)

    def add_grpc_rule(
        self,
        scope: Construct,
        rule_id: str,
        *,
        hosts: Sequence[str],
        action: elbv2.ListenerAction,
    ) -> elbv2.ApplicationListenerRule:
        """Say what becomes of gRPC requests on port 50051.

        Args:
            scope: Where the rule is made, in the stack of what it leads to.
            rule_id: The id of the rule in `scope`.
            hosts: The host names it serves, at most five.
            action: What becomes of the requests; a target group's protocol version must be gRPC.

        Returns:
            The rule.

        Raises:
            InvalidInputError: Another rule already has the priority that follows from its hosts.
        """
        return self._add_rule(scope, rule_id, self.grpc_listener, GRPC_PORT, hosts, (), action)

    def _add_rule(
        self,
        scope: Construct,
        rule_id: str,
        listener: elbv2.IApplicationListener,
        port: int,
        hosts: Sequence[str],
        paths: Sequence[str],
        action: elbv2.ListenerAction,
    ) -> elbv2.ApplicationListenerRule:
        address = " ".join([*hosts, *paths])
        if concrete(address) is None:
            address = f"{scope.node.path}/{rule_id}"
        priority = _priority(address, is_grpc=port == GRPC_PORT)
        owner = self._priorities.get((port, priority))
        if owner is not None:
            allowed = f"the only one of its kind on port {port} of {self.node.path}"
            given = f"{priority} for {address!r}, which {owner!r} has"
            remedy = "remove one of the two" if owner == address else "choose another name"
            refuse(scope, [Fault("listener priority", allowed, given, remedy)])
        self._priorities[port, priority] = address
        conditions = [elbv2.ListenerCondition.host_headers(list(hosts))]
        if paths:
            conditions.append(elbv2.ListenerCondition.path_patterns(list(paths)))
        return elbv2.ApplicationListenerRule(
            scope,
            rule_id,
            listener=listener,
            priority=priority,
            conditions=conditions,
            action=action,
        )


def _idle_timeout_faults(idle_timeout: Duration) -> list[Fault]:
    faults = type_faults("idle_timeout", idle_timeout, Duration, "a Duration")
    if faults or idle_timeout.is_unresolved():
        return faults
    seconds, fraction = divmod(int(idle_timeout.to_milliseconds()), 1000)
    if fraction:
        given = f"{seconds}.{fraction:03} seconds"
        return [Fault("idle_timeout", "a whole number of seconds", given, "round it")]
    return idle_timeout_faults("idle_timeout in seconds", seconds)


def _vpc_faults(vpc: ec2.IVpc) -> list[Fault]:
    faults = interface_faults("vpc", vpc, "vpc_id", "a VPC (IVpc)")
    if faults:
        return faults
    zones = {subnet.availability_zone for subnet in vpc.public_subnets}
    if len(zones) >= _ZONES:
        return []
    allowed = "one with public subnets in two availability zones"
    given = f"one with public subnets in {len(zones)}"
    return [Fault("vpc", allowed, given, "hand in the VPC with its public subnets")]


def _priority(address: str, *, is_grpc: bool) -> int:
    """A priority that depends on nothing but the address, so that no rule moves another."""
    digest = hashlib.sha256(address.encode()).digest()
    position = int.from_bytes(digest[:8], "big") % _PRIORITIES_PER_PROTOCOL + 1
    return position if is_grpc else _PRIORITIES_PER_PROTOCOL + position
