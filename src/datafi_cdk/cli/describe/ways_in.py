"""What can be reached, by whom, and by which names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...topology import ANY_NAME, Reach, Topology
from ...topology.network import SecurityRule
from .alike import Servers
from .sheet import Section, Table, section, table
from .words import ports, shown

__all__ = ["names", "security_groups", "ways_in"]


_OTHER_WAYS = (
    "AWS::ApiGateway::RestApi",
    "AWS::ApiGatewayV2::Api",
    "AWS::AppRunner::Service",
    "AWS::AppSync::",
    "AWS::AutoScaling::AutoScalingGroup",
    "AWS::CloudFront::Distribution",
    "AWS::EC2::ClientVpnEndpoint",
    "AWS::EC2::EIPAssociation",
    "AWS::EC2::Instance",
    "AWS::EC2::PrefixList",
    "AWS::EC2::TransitGateway",
    "AWS::EC2::VPCEndpointService",
    "AWS::EC2::VPCPeeringConnection",
    "AWS::EC2::VPNConnection",
    "AWS::EC2::VPNGateway",
    "AWS::EKS::",
    "AWS::ElasticLoadBalancing::LoadBalancer",
    "AWS::GlobalAccelerator::Accelerator",
    "AWS::Transfer::Server",
    "AWS::VpcLattice::",
)
"""What else can lead into an app; listed so that nobody takes it for absent."""


def ways_in(topology: Topology, reaches: Iterable[Reach], servers: Servers) -> Section:
    """Who reaches what."""
    reaches = list(reaches)
    leading = [one for one in reaches if one.target or one.target_group]
    forwarded = [one for one in leading if one.open]
    partly = [one for one in leading if not one.open and not one.closed]
    answered = [one for one in reaches if not one.target_group and not one.target and one.open]
    assumed = sorted({shown(told) for one in reaches if one.open for told in one.assumed})
    return section(
        "What can be reached",
        _sentences(topology, forwarded, partly),
        (
            _ways(topology, servers, "", forwarded),
            _ways(topology, servers, "Reached in part, or by another name or address", partly),
            table(
                "Answered by the load balancer itself",
                ("From", "Name", "Port", "Only for", "Answer", "Load balancer"),
                [
                    tuple(cells)
                    for _, *cells in _by_source(
                        (
                            one.rule,
                            shown(one.source),
                            _name(one),
                            _port(one),
                            "; ".join(one.conditions),
                            one.action,
                            _balancer(topology, one),
                        )
                        for one in answered
                    )
                ],
            ),
            table(
                "Must be so in what exists already, which is not in these templates",
                ("Condition",),
                [(one,) for one in assumed],
            ),
        ),
    )


def _sentences(
    topology: Topology, forwarded: Iterable[Reach], partly: Iterable[Reach]
) -> Iterator[str]:
    if not forwarded:
        yield "Nothing: no way from outside leads to a server or function."
    others = [one for one in topology.types() if one.startswith(_OTHER_WAYS)]
    if others:
        yield (
            "Not followed, look at them in the templates: resources of these types can be ways in"
            f" too: {', '.join(others)}."
        )
    if partly:
        yield (
            "A client can connect to the address of a load balancer and ask for any name: what has"
            " no record or certificate is not closed by that."
        )
    if any(one.source.startswith("VPC ") for one in (*forwarded, *partly)):
        yield (
            "`VPC` means every address in it, and in networks that are connected to it by peering,"
            " transit gateways or VPN."
        )


def _ways(topology: Topology, servers: Servers, title: str, reaches: Iterable[Reach]) -> Table:
    rows = [
        (servers.named(target) or servers.owner(topology.label(target)), tuple(cells))
        for target, *cells in _by_source((one.target, *_row(topology, one)) for one in reaches)
    ]
    columns = ("Server", "From", "Name", "Port", "Only for", "Rule", "Leads to", "Load balancer")
    return table(title, columns, servers.fold(rows, own=4))


def _by_source(rows: Iterable[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """Join rows that differ in their second cell only, the source."""
    sources: dict[tuple[str, ...], list[str]] = {}
    for first, source, *rest in rows:
        sources.setdefault((first, *rest), []).append(source)
    for (first, *rest), found in sources.items():
        yield first, ", ".join(dict.fromkeys(found)), *rest


def names(topology: Topology) -> Section:
    """Listeners with their certificates, and the records that lead to them."""
    dns, balancing = topology.dns, topology.load_balancing
    listeners = [
        (
            balancer.label,
            balancer.scheme or "existing",
            "" if one.port is None else str(one.port),
            one.protocol or one.label,
            one.tls_policy or ("AWS's default" if one.protocol in ("HTTPS", "TLS") else ""),
            ", ".join(
                " ".join(dns.certificates[certificate].names)
                if certificate in dns.certificates
                else shown(topology.label(certificate))
                for certificate in one.certificates
            ),
        )
        for one in balancing.listeners.values()
        for balancer in [balancing.load_balancers[one.load_balancer]]
    ]
    records = []
    for record in dns.records:
        zone = dns.zones[record.zone]
        kind = "existing" if zone.existing else "private" if zone.private else "public"
        target = shown(topology.label(record.target))
        records.append((record.name, record.type, target, f"{shown(zone.label)} ({kind})"))
    columns = ("Load balancer", "Scheme", "Port", "Protocol", "TLS policy", "Certificate for")
    return section(
        "Names and listeners",
        (),
        (
            table("Listeners", columns, sorted(listeners)),
            table("Records", ("Name", "Type", "Points at", "Zone"), records),
        ),
    )


def security_groups(topology: Topology, servers: Servers) -> Section:
    """What each security group lets in."""
    return section(
        "Who may connect",
        (
            "Security groups, with their rules of all stacks.",
            _of_existing_groups(topology),
        ),
        (
            _rules(
                topology,
                servers,
                "ingress",
                ("Server", "Security group", "Lets in", "Ports", "Why"),
            ),
        ),
    )


def _of_existing_groups(topology: Topology) -> str:
    """What else may be, as groups that exist already have rules of their own."""
    groups = topology.network.security_groups
    named = [
        *groups,
        *(one for service in topology.services for one in service.security_groups),
        *(
            one
            for balancer in topology.load_balancing.load_balancers.values()
            for one in balancer.security_groups
        ),
    ]
    if any(one not in groups or groups[one].existing for one in named):
        return "Groups that exist already can have more rules, which are not in the templates."
    return "Nothing else is let in."


def _rules(topology: Topology, servers: Servers, way: str, columns: tuple[str, ...]) -> Table:
    def rows() -> Iterator[tuple[object, tuple[str, ...]]]:
        for group in topology.network.security_groups.values():
            rules: Iterable[SecurityRule] = getattr(group, way)
            for rule in rules:
                peer = rule.peer.value
                told = topology.label(peer) if rule.peer.kind == "group" else peer
                yield (
                    servers.owner(group.label),
                    (shown(group.label), shown(told), ports(rule), rule.description),
                )

    return table("", columns, servers.fold(sorted(rows(), key=lambda row: row[1])))  # type: ignore[arg-type]


def egress(topology: Topology, servers: Servers) -> Table:
    """What each security group lets out."""
    return _rules(
        topology, servers, "egress", ("Server", "Security group", "Lets out to", "Ports", "Why")
    )


def _row(topology: Topology, reach: Reach) -> tuple[str, ...]:
    at = f", container {reach.container} port {reach.container_port}" if reach.container else ""
    leads_to = topology.label(reach.target or reach.target_group)
    group = topology.load_balancing.target_groups.get(reach.target_group)
    speaks = f" ({' '.join(filter(None, (group.protocol, group.version)))})" if group else ""
    return (
        shown(reach.source),
        _name(reach),
        _port(reach),
        "; ".join(reach.conditions),
        "default" if reach.listener and reach.priority is None else str(reach.priority or ""),
        f"{shown(leads_to)}{at}{speaks.replace(' ()', '')}",
        _balancer(topology, reach),
    )


def _balancer(topology: Topology, reach: Reach) -> str:
    """The load balancer on the way, if there are several."""
    balancing = topology.load_balancing
    if not reach.listener or len(balancing.load_balancers) == 1:
        return ""
    return shown(topology.label(balancing.listeners[reach.listener].load_balancer))


def _name(reach: Reach) -> str:
    return "any" if reach.name == ANY_NAME else reach.name or "its address"


def _port(reach: Reach) -> str:
    return "of the existing listener" if reach.port is None else f"{reach.port} {reach.protocol}"
