"""IngressBase: what a server needs of the load balancer in front of it."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Fn
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_s3 as s3
from constructs import Construct

from .edge_dns import EdgeDns
from .errors import Fault
from .listener_rules import ListenerRules
from .places import asked_once, path_of
from .synthesis import concrete, refuse
from .validation import host_faults, name_faults

__all__ = ["IngressBase"]

HTTP_PORT = 80
HTTPS_PORT = 443
GRPC_PORT = 50051


class IngressBase(Construct):
    """A load balancer that hands requests to servers by host name.

    `SharedIngress` makes one; `SharedIngress.from_listeners` and `SharedIngress.from_attributes`
    take one that is there. Servers take either.

    Args:
        scope: Where the construct is made.
        construct_id: Its id in `scope`.

    Example:
        ```python
        ingress: IngressBase = SharedIngress(self, "Ingress", vpc=vpc, dns=dns)
        print(ingress.host("es"))
        ```
    """

    load_balancer: elbv2.IApplicationLoadBalancer | None
    """The load balancer, or `None` if it is known by its listeners only."""
    load_balancer_full_name: str
    """Its name as CloudWatch's metrics have it: `app/<name>/<id>`."""
    https_listener: elbv2.IApplicationListener
    """The listener on port 443."""
    grpc_listener: elbv2.IApplicationListener | None
    """The listener on port 50051, or `None`."""
    grpc_over_https: bool
    """Whether port 443 takes gRPC as well."""
    connections: ec2.Connections
    """The load balancer's security groups."""
    vpc: ec2.IVpc | None
    """The VPC of the load balancer, or `None` if it is not known."""
    certificate: acm.ICertificate | None
    """The certificate of the servers' names, or `None` if it is not known."""
    server_access_logs_bucket: s3.IBucket | None = None
    """Where requests to its own bucket are logged, and those to other buckets may be, or `None`."""
    root_domain: str
    """The domain under which the servers get their names."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self._names: dict[str, str] = {}
        self._recorded: set[str] = set()
        self._coordinator: str | None = None

    def _set_up(
        self,
        *,
        root_domain: str,
        dns: EdgeDns | None,
        https_listener: elbv2.IApplicationListener,
        grpc_listener: elbv2.IApplicationListener | None,
        grpc_over_https: bool,
        load_balancer: elbv2.IApplicationLoadBalancer | None,
        connections: ec2.Connections,
        vpc: ec2.IVpc | None,
        dual_stack: bool,
        priority_range: tuple[int, int],
        max_rules: int,
    ) -> None:
        self.root_domain = root_domain
        self.https_listener = https_listener
        self.grpc_listener = grpc_listener
        self.grpc_over_https = grpc_over_https
        self.load_balancer = load_balancer
        self.load_balancer_full_name = _full_name(https_listener)
        self.connections = connections
        self.vpc = vpc
        self.certificate = dns.certificate if dns else None
        self._rules = ListenerRules(
            self, https_listener=https_listener, priority_range=priority_range, max_rules=max_rules
        )
        self._dns = dns
        self._dual_stack = dual_stack
        if dns and load_balancer:
            dns.add_records(self, load_balancer, dual_stack=dual_stack)

    @property
    def security_group_ids(self) -> list[str]:
        """The ids of the load balancer's security groups."""
        return asked_once(
            self,
            "security_group_ids",
            lambda: [each.security_group_id for each in self.connections.security_groups],
        )

    @property
    def last_priority(self) -> int:
        """The priority of the rule that is asked last."""
        return self._rules.last

    @property
    def grpc_port(self) -> int:
        """The port at which gRPC clients find the servers: 50051, or 443 without its listener."""
        return GRPC_PORT if self.grpc_listener else HTTPS_PORT

    def host(self, name: str) -> str:
        """The public host name of a server: `<name>.<root_domain>`.

        Args:
            name: The server's name.
        """
        return f"{name}.{self.root_domain}"

    def claim_name(self, construct: Construct, name: str) -> str:
        """Reserve a name under the root domain for one server.

        Args:
            construct: The server that claims it, in which its record is made if each name has one.
            name: The name, one DNS label.

        Returns:
            The host name.

        Raises:
            InvalidInputError: See `unclaimable_name_faults`.
        """
        refuse(construct, self.unclaimable_name_faults(name))
        self._names[name] = path_of(construct)
        self._add_record(construct, name)
        return self.host(name)

    def claim_shared_name(self, name: str) -> str:
        """Take a name that several constructs share, such as that of the update API.

        Args:
            name: The name, one DNS label. Its record belongs to the ingress, if each name has one.

        Returns:
            The host name.
        """
        if name not in self._recorded:
            self._recorded.add(name)
            self._add_record(Construct(self, f"Name-{name}"), name)
        return self.host(name)

    def _add_record(self, scope: Construct, name: str) -> None:
        if self._dns and self.load_balancer:
            self._dns.add_service_record(
                scope, name, self.load_balancer, dual_stack=self._dual_stack
            )

    def unclaimable_name_faults(self, name: str) -> list[Fault]:
        """Why a name cannot be claimed.

        It is no DNS label, is reserved, makes a host name that is too long for a rule, or another
        server has it.

        Args:
            name: The name.
        """
        faults = name_faults(concrete(name)) + host_faults(concrete(self.host(name)))
        if isinstance(name, str) and name in self._names:
            allowed = f"the only one of its kind on {path_of(self)}"
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
        self._coordinator = path_of(construct)

    def second_coordinator_faults(self) -> list[Fault]:
        """Why there can be no further coordinator: there is one already."""
        if self._coordinator is None:
            return []
        allowed = f"one without a coordinator, and {path_of(self)} has one"
        given = f"a second one beside {self._coordinator}"
        return [Fault("ingress", allowed, given, "give each coordinator an ingress of its own")]

    def add_http_rule(
        self,
        scope: Construct,
        rule_id: str,
        *,
        hosts: Sequence[str],
        paths: Sequence[str] = (),
        target_group: elbv2.IApplicationTargetGroup | None = None,
        action: elbv2.ListenerAction | None = None,
        priority: int | None = None,
    ) -> elbv2.ApplicationListenerRule:
        """Say what becomes of HTTPS requests on port 443.

        Args:
            scope: Where the rule is made, in the stack of what it leads to.
            rule_id: The id of the rule in `scope`.
            hosts: The host names it serves. With `paths`, at most five of both together, as a
                rule takes five values.
            paths: The paths it serves. Default: every path.
            target_group: Where the requests go. Default: see `action`.
            action: What else becomes of the requests, such as `ListenerAction.fixed_response(…)`.
                Default: see `target_group`.
            priority: The rule's priority, 1 to 50000. Default: it follows from hosts and paths.

        Returns:
            The rule.

        Raises:
            InvalidInputError: Hosts, paths or the target are not what a rule takes; the priority is
                out of bounds, or another rule has it; or the load balancer takes no more rules or
                target groups.
        """
        return self._rules.add(
            scope,
            rule_id,
            listener=self.https_listener,
            port=HTTPS_PORT,
            hosts=hosts,
            paths=paths,
            target_group=target_group,
            action=action,
            priority=priority,
        )

    def add_grpc_rules(
        self,
        scope: Construct,
        *,
        hosts: Sequence[str],
        target_group: elbv2.IApplicationTargetGroup,
        priority: int | None = None,
    ) -> list[elbv2.ApplicationListenerRule]:
        """Say where gRPC requests go: on port 50051, and on port 443 by their content type.

        Args:
            scope: Where the rules are made, in the stack of what they lead to: `GrpcRule` for port
                50051 and `GrpcOverHttpsRule` for port 443.
            hosts: The host names they serve, at most three if port 443 takes gRPC, else five.
            target_group: Where the requests go; its protocol version is gRPC.
            priority: The priority of the rules, 1 to 50000. Default: it follows from the hosts.

        Returns:
            The rules.

        Raises:
            InvalidInputError: Hosts or target are not what a rule takes; the priority is out of
                bounds, another rule has it, or an HTTP rule of the same hosts comes first; or the
                load balancer takes no more rules or target groups.
        """
        made = []
        for rule_id, listener, port in (
            ("GrpcRule", self.grpc_listener, GRPC_PORT),
            (
                "GrpcOverHttpsRule",
                self.https_listener if self.grpc_over_https else None,
                HTTPS_PORT,
            ),
        ):
            if listener:
                made.append(
                    self._rules.add(
                        scope,
                        rule_id,
                        listener=listener,
                        port=port,
                        hosts=hosts,
                        is_grpc=True,
                        by_content_type=port == HTTPS_PORT,
                        target_group=target_group,
                        priority=priority,
                    )
                )
        return made


def _full_name(listener: elbv2.IApplicationListener) -> str:
    """The load balancer's name, as it stands in the ARN of its listener.

    That is `arn:…:listener/app/<name>/<id of the load balancer>/<id of the listener>`.
    """
    parts = Fn.split("/", listener.listener_arn)
    return "/".join(Fn.select(index, parts) for index in (1, 2, 3))
