"""VPCs, subnets, ways out, and security groups."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .templates import Templates, as_list, identities, identity, key, number
from .values import Reference, text

__all__ = ["Endpoint", "Network", "Peer", "SecurityGroup", "SecurityRule", "Subnet", "Vpc"]

ANYWHERE = ("0.0.0.0/0", "::/0")
_ALL_OUT = (
    {"CidrIp": "0.0.0.0/0", "IpProtocol": "-1"},
    {"CidrIpv6": "::/0", "IpProtocol": "-1"},
)
_PEERS = {
    "CidrIp": "cidr",
    "CidrIpv6": "cidr",
    "SourceSecurityGroupId": "group",
    "SourceSecurityGroupName": "group",
    "DestinationSecurityGroupId": "group",
    "SourcePrefixListId": "prefix list",
    "DestinationPrefixListId": "prefix list",
}


_NUMBERS = {"tcp": ("tcp", "6"), "udp": ("udp", "17")}
_DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
_GATEWAYS = {
    "NatGatewayId": "NAT gateway",
    "EgressOnlyInternetGatewayId": "egress-only gateway",
    "TransitGatewayId": "transit gateway",
    "VpcPeeringConnectionId": "VPC peering",
    "VpcEndpointId": "endpoint of a firewall",
    "InstanceId": "instance",
    "NetworkInterfaceId": "network interface",
    "CarrierGatewayId": "carrier gateway",
    "CoreNetworkArn": "core network",
    "LocalGatewayId": "local gateway",
}


@dataclass(frozen=True)
class Vpc:
    """A network; `existing` if no template makes it."""

    id: str
    label: str
    existing: bool
    cidr: str | None = None
    nat_gateways: int = 0
    internet_gateway: bool = False


@dataclass(frozen=True)
class Subnet:
    """A part of a network; `way_out` is `internet gateway`, `NAT gateway`, `none` or so."""

    id: str
    label: str
    vpc: str
    cidr: str | None
    way_out: str
    ipv6: bool = False


@dataclass(frozen=True)
class Endpoint:
    """A VPC endpoint: `service` as AWS calls it, such as `com.amazonaws.eu-west-1.s3`."""

    id: str
    label: str
    vpc: str
    service: str
    kind: str
    security_groups: tuple[str, ...]


@dataclass(frozen=True)
class Peer:
    """The other end of a rule: a `cidr`, a `group` (its id) or a `prefix list`."""

    kind: str
    value: str


@dataclass(frozen=True)
class SecurityRule:
    """What a security group lets in or out. No ports: all."""

    peer: Peer
    protocol: str
    ports: tuple[int, int] | None
    description: str = ""

    def covers(self, port: int | None, transport: str = "tcp") -> bool:
        """Whether TCP or UDP to a port is let through; `None` asks for all ports."""
        if self.protocol.lower() not in ("-1", *_NUMBERS[transport]):
            return False
        if self.protocol == "-1" or self.ports is None:
            return True
        return port is not None and self.ports[0] <= port <= self.ports[1]


@dataclass(frozen=True)
class SecurityGroup:
    """A security group with all of its rules, of whatever stack."""

    id: str
    label: str
    existing: bool
    ingress: tuple[SecurityRule, ...]
    egress: tuple[SecurityRule, ...]


@dataclass(frozen=True)
class Network:
    """All of the networks of an app."""

    vpcs: Mapping[str, Vpc]
    subnets: Mapping[str, Subnet]
    endpoints: tuple[Endpoint, ...]
    security_groups: Mapping[str, SecurityGroup]

    def way_out(self, subnets: Iterable[str]) -> str:
        """Which way out these subnets have; `existing` if no template says."""
        ways = [self.subnets[one].way_out if one in self.subnets else "existing" for one in subnets]
        return ", ".join(sorted(set(", ".join(ways or ["existing"]).split(", "))))

    def other_ways(self, vpc: str) -> list[str]:
        """The ways out of a network that lead neither to the internet nor nowhere, sorted."""
        usual = ("internet gateway", "NAT gateway", "none", "existing")
        known = [one for one in self.subnets.values() if one.vpc == vpc]
        return sorted({way for one in known for way in one.way_out.split(", ") if way not in usual})

    def has_ipv6(self, subnets: Iterable[str]) -> bool:
        """Whether one of these subnets gives IPv6 addresses, which are public ones."""
        return any(self.subnets[one].ipv6 for one in subnets if one in self.subnets)

    def cidrs(self, subnets: Iterable[str]) -> tuple[str, ...]:
        """The addresses of these subnets, or of their network if theirs are not known."""
        known = [self.subnets[one] for one in subnets if one in self.subnets]
        return tuple(cidr for one in known if (cidr := self._cidr_of(one)))

    def _cidr_of(self, subnet: Subnet) -> str | None:
        if subnet.cidr and subnet.cidr[0].isalnum():
            return subnet.cidr
        return self.vpcs[subnet.vpc].cidr if subnet.vpc in self.vpcs else None


def read_network(templates: Templates) -> Network:
    """Read the networks, also those that are named only."""
    ways = _ways_out(templates)
    subnets = {
        key(resource.id): Subnet(
            key(resource.id),
            resource.path,
            identity(properties.get("VpcId")),
            _cidr(templates, properties.get("CidrBlock")),
            ways.get(
                key(resource.id),
                "" if templates.is_own(identity(properties.get("VpcId"))) else "existing",
            )
            or "none",
            "Ipv6CidrBlock" in properties or properties.get("Ipv6Native") is True,
        )
        for resource, properties in templates.of_type("AWS::EC2::Subnet")
    }
    endpoints = tuple(
        Endpoint(
            key(resource.id),
            resource.path,
            identity(properties.get("VpcId")),
            text(properties.get("ServiceName")),
            text(properties.get("VpcEndpointType", "Gateway")),
            identities(properties.get("SecurityGroupIds")),
        )
        for resource, properties in templates.of_type("AWS::EC2::VPCEndpoint")
    )
    return Network(_vpcs(templates, subnets), subnets, endpoints, _security_groups(templates))


def covers(outer: str, inner: str) -> bool:
    """Whether one range of addresses holds another; unknown ranges hold nothing but themselves."""
    if outer == inner:
        return True
    try:
        one, other = ipaddress.ip_network(outer), ipaddress.ip_network(inner)
        return one.version == other.version and other.subnet_of(one)  # type: ignore[arg-type]
    except ValueError:
        return outer in ANYWHERE and inner not in ANYWHERE


def _vpcs(templates: Templates, subnets: Mapping[str, Subnet]) -> dict[str, Vpc]:
    gateways = {
        identity(properties.get("VpcId"))
        for _, properties in templates.of_type("AWS::EC2::VPCGatewayAttachment")
        if "InternetGatewayId" in properties
    }
    nat_vpcs = [
        subnets[subnet].vpc
        for _, properties in templates.of_type("AWS::EC2::NatGateway")
        if (subnet := identity(properties.get("SubnetId"))) in subnets
    ]
    vpcs = {
        (made := key(resource.id)): Vpc(
            made,
            resource.path,
            False,
            text(properties.get("CidrBlock")) or None,
            nat_vpcs.count(made),
            made in gateways,
        )
        for resource, properties in templates.of_type("AWS::EC2::VPC")
    }
    for _, properties in templates.of_type(
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::Subnet",
        "AWS::EC2::VPCEndpoint",
        "AWS::ElasticLoadBalancingV2::TargetGroup",
    ):
        named = identity(properties.get("VpcId"))
        if named and named not in vpcs:
            vpcs[named] = Vpc(named, templates.label(named), True)
    return vpcs


def _ways_out(templates: Templates) -> dict[str, str]:
    """The ways that the routes of subnets lead; `existing` where no template tells all of them."""
    tables: dict[str, set[str]] = {}
    gateways = {
        gateway: "internet gateway"
        for _, properties in templates.of_type("AWS::EC2::VPCGatewayAttachment")
        if not templates.is_missing(gateway := identity(properties.get("InternetGatewayId")))
    }
    for resource, _ in templates.of_type("AWS::EC2::VPNGateway"):
        gateways[key(resource.id)] = "VPN gateway"
    for _, properties in templates.of_type("AWS::EC2::Route"):
        table = identity(properties.get("RouteTableId"))
        tables.setdefault(table, set()).update(_way(properties, gateways))
    return {
        identity(properties.get("SubnetId")): ", ".join(
            sorted(
                tables.get(table := identity(properties.get("RouteTableId")), set())
                | (set() if templates.is_own(table) else {"existing"})
            )
        )
        for _, properties in templates.of_type("AWS::EC2::SubnetRouteTableAssociation")
    }


def _way(route: Mapping[str, Any], gateways: Mapping[str, str]) -> Iterator[str]:
    destination = next((text(route[one]) for one in _DESTINATIONS if one in route), "")
    gateway = identity(route.get("GatewayId"))
    to = "" if destination in ANYWHERE else f" to {destination}"
    known = {"igw-": "internet gateway", "vgw-": "VPN gateway"}
    way = gateways.get(gateway) or known.get(gateway[:4])
    if way:
        yield f"{way}{to}"
    for name, way in _GATEWAYS.items():
        if name in route:
            yield f"{way}{to}"


def _cidr(templates: Templates, value: Any) -> str | None:
    """Addresses as text; those of a network of the templates as it has them."""
    if isinstance(value, Reference) and value.attribute == "CidrBlock":
        vpc = templates.assembly.resource(value.resource)
        known = text(templates.properties(vpc).get("CidrBlock")) if vpc else ""
        return known or templates.readable(value)
    return text(value) or None


def _security_groups(templates: Templates) -> dict[str, SecurityGroup]:
    ingress: dict[str, list[SecurityRule]] = {}
    egress: dict[str, list[SecurityRule]] = {}
    for rules, kind in ((ingress, "Ingress"), (egress, "Egress")):
        for _, properties in templates.of_type(f"AWS::EC2::SecurityGroup{kind}"):
            group = identity(properties.get("GroupId") or properties.get("GroupName"))
            rules.setdefault(group, []).extend(_rules(templates, [properties]))
    groups: dict[str, SecurityGroup] = {}
    for resource, properties in templates.of_type("AWS::EC2::SecurityGroup"):
        made = key(resource.id)
        outgoing = as_list(properties.get("SecurityGroupEgress")) or list(_ALL_OUT)
        groups[made] = SecurityGroup(
            made,
            resource.path,
            False,
            (*_rules(templates, properties.get("SecurityGroupIngress")), *ingress.pop(made, ())),
            (*_rules(templates, outgoing), *egress.pop(made, ())),
        )
    for named in {*ingress, *egress, *_missing_groups(templates)}:
        missing = templates.is_missing(named)
        groups[named] = SecurityGroup(
            named,
            templates.label(named),
            not missing,
            () if missing else tuple(ingress.get(named, ())),
            () if missing else tuple(egress.get(named, ())),
        )
    return dict(sorted(groups.items()))


def _missing_groups(templates: Templates) -> Iterator[str]:
    """Groups that something has, and that the template that should make them does not."""
    for _, properties in templates.of_type(
        "AWS::ECS::Service", "AWS::ElasticLoadBalancingV2::LoadBalancer"
    ):
        network = properties.get("NetworkConfiguration", {}).get("AwsvpcConfiguration", properties)
        yield from filter(templates.is_missing, identities(network.get("SecurityGroups")))


def _rules(templates: Templates, values: Any) -> Iterator[SecurityRule]:
    for rule in as_list(values):
        for name, kind in _PEERS.items():
            if name not in rule:
                continue
            value = _cidr(templates, rule[name]) if kind == "cidr" else identity(rule[name])
            first, last = number(rule.get("FromPort")), number(rule.get("ToPort"))
            yield SecurityRule(
                Peer(kind, value or ""),
                text(rule.get("IpProtocol", "-1")),
                None if first is None or first == -1 else (first, first if last is None else last),
                templates.readable(rule.get("Description")),
            )
