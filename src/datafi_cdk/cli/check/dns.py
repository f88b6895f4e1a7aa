"""Checks of zones: whether they hold the names, and whether the DNS leads to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .context import Context
from .finding import Finding, NotCheckedError, failed, guarded, passed, warned
from .resolver import NoServerAnswersError

_MISSING = ("NoSuchHostedZone",)
_PARENT = "dns.parent_zone.hosted_zone_id"


def check_zones(context: Context) -> Iterator[Finding]:
    """Every zone that the configuration names, and the delegation of the one with the names."""
    dns = context.config.dns
    if dns.hosted_zone_id:
        zone_id = dns.hosted_zone_id
        yield from guarded(f"zone {zone_id}", _existing(context, zone_id))
    elif dns.enable_hosted_zone and not context.config.private:
        yield from guarded(f"zone of {dns.root_domain}", _new(context))
    if dns.validation_zone_id:
        zone_id = dns.validation_zone_id
        key = "dns.validation_zone_id"
        yield from guarded(f"zone {zone_id}", _public_one(context, zone_id, key))
    if dns.parent_zone and not dns.parent_zone.delegation_role_arn:
        zone_id = dns.parent_zone.hosted_zone_id
        yield from guarded(f"zone {zone_id}", _public_one(context, zone_id, _PARENT))


def _existing(context: Context, zone_id: str) -> Iterator[Finding]:
    """The zone that gets the records."""
    zone = context.ask("route53", "GetHostedZone", missing=_MISSING, Id=zone_id)
    faults = list(_zone_faults(context, zone_id, zone, "dns.hosted_zone_id"))
    yield from faults
    if faults:
        return
    name = _name_of(zone)
    subject = f"zone {zone_id}"
    if not _is_private(zone):
        if context.config.private:
            text = f"{name} is public, so that everybody can look the private addresses up"
            yield warned(subject, text, "name a private zone, if that is not wanted")
        else:
            yield passed(subject, f"{name}, public")
        yield from guarded(
            f"delegation of {name}",
            _delegation(context, name, [zone], context.config.dns.root_domain),
        )
    elif not context.config.private:
        text = f"{name} is private: its names resolve only in its VPCs"
        yield failed(subject, text, "name a public zone, or set private: true")
    else:
        yield from _private(context, subject, name, zone)


def _private(
    context: Context, subject: str, name: str, zone: Mapping[str, Any]
) -> Iterator[Finding]:
    vpc = context.config.vpc
    inside = {each["VPCId"] for each in zone.get("VPCs", [])}
    own = {vpc.vpc_id} if vpc else context.deployed_vpcs
    if not own or not own <= inside:
        where = ", ".join(own) or "the VPC that is made"
        text = f"{name} is not associated with {where}, where its names do not resolve"
        yield warned(subject, text, "associate the zone with the VPC")
    else:
        yield passed(subject, f"{name}, private")


def _public_one(context: Context, zone_id: str, key: str) -> Iterator[Finding]:
    """A zone that must be public: validates a certificate, or delegates."""
    zone = context.ask("route53", "GetHostedZone", missing=_MISSING, Id=zone_id)
    faults = list(_zone_faults(context, zone_id, zone, key))
    yield from faults
    if faults:
        return
    name = _name_of(zone)
    subject = f"zone {zone_id}"
    if _is_private(zone):
        yield failed(subject, f"{name} is private", f"name a public zone in {key}")
        return
    yield passed(subject, f"{name}, public")
    root = context.config.dns.root_domain
    # The parent's zone itself delegates the root domain away.
    lowest = root.partition(".")[2] if key == _PARENT else root
    yield from guarded(f"delegation of {name}", _delegation(context, name, [zone], lowest))


def _zone_faults(
    context: Context, zone_id: str, zone: Mapping[str, Any] | None, key: str
) -> Iterator[Finding]:
    root = context.config.dns.root_domain
    subject = f"zone {zone_id}"
    if zone is None:
        yield failed(subject, "does not exist in this account", f"correct {key}")
        return
    name = _name_of(zone)
    if root != name and not root.endswith(f".{name}"):
        yield failed(subject, f"{name} does not hold {root}", f"correct {key}, or dns.root_domain")
    elif root == name and key == _PARENT:
        text = f"is that of {root} itself"
        yield failed(subject, text, "name it in dns.hosted_zone_id in place of dns.parent_zone")


def _new(context: Context) -> Iterator[Finding]:
    """The public zone that the deployment makes, or has made already."""
    root = context.config.dns.root_domain
    found = context.ask("route53", "ListHostedZonesByName", DNSName=root, MaxItems="100")
    ids = [
        each["Id"].rpartition("/")[2]
        for each in found["HostedZones"]
        if each["Name"].rstrip(".") == root and not each["Config"].get("PrivateZone")
    ]
    zones = [context.ask("route53", "GetHostedZone", missing=_MISSING, Id=each) for each in ids]
    zones = [zone for zone in zones if zone]
    subject = f"zone of {root}"
    if zones:
        if _is_deployed(context):
            yield passed(subject, f"made already: {', '.join(ids)}")
        else:
            text = f"is there already ({', '.join(ids)}), and the deployment makes another one"
            yield warned(subject, text, "name it in dns.hosted_zone_id")
        yield from guarded(f"delegation of {root}", _delegation(context, root, zones, root))
    elif context.config.dns.parent_zone:
        yield passed(subject, "is made, and delegated in dns.parent_zone")
    else:
        text = "is made by the deployment, which then waits for its certificate"
        remedy = "while it waits, delegate to the name servers that Route 53 shows for the new zone"
        yield warned(subject, text, remedy)


def _is_deployed(context: Context) -> bool:
    """Whether the deployment stands. Of one that failed the zone may be left, but no target."""
    return any(":targetgroup/" in arn for arn in context.deployed)


def _delegation(
    context: Context, name: str, zones: list[Mapping[str, Any]], lowest: str
) -> Iterator[Finding]:
    """The DNS gives the name servers of the zone, and no zone down to a name takes that away."""
    subject = f"delegation of {name}"
    if context.is_embedded:
        yield passed(subject, "not looked up, as the zones of the embedded AWS are in no DNS")
        return
    served = [{each.lower() for each in _servers_of(zone)} for zone in zones]
    wanted = ", ".join(sorted(served[0]))
    remedy = f"in the parent domain, let NS records of {name} name: {wanted}"
    below = lowest
    try:
        seen = context.resolver.name_servers(below)
        while not seen and below != name:
            below = below.partition(".")[2]
            seen = context.resolver.name_servers(below)
    except NoServerAnswersError:
        if not _answers(context, below.partition(".")[2]):
            raise
        text = f"the name servers that the DNS leads to for {below} know nothing of it"
        yield failed(subject, text, remedy)
        return
    if not seen:
        yield failed(subject, "the DNS knows no name servers of it", remedy)
    elif seen in served:
        yield passed(subject, ", ".join(sorted(seen)))
    elif below != name:
        text = f"{below} is delegated to others: {', '.join(sorted(seen))}"
        yield failed(subject, text, f"name the zone of {below}, or remove its NS records")
    else:
        yield failed(subject, f"the DNS gives others: {', '.join(sorted(seen))}", remedy)


def _answers(context: Context, parent: str) -> bool:
    """Whether the resolver answers for a parent domain, so that it is not the resolver's fault."""
    try:
        context.resolver.name_servers(parent)
    except NotCheckedError:
        return False
    return True


def _name_of(zone: Mapping[str, Any]) -> str:
    return str(zone["HostedZone"]["Name"]).rstrip(".")


def _is_private(zone: Mapping[str, Any]) -> bool:
    return bool(zone["HostedZone"].get("Config", {}).get("PrivateZone"))


def _servers_of(zone: Mapping[str, Any]) -> list[str]:
    return [each.rstrip(".") for each in zone.get("DelegationSet", {}).get("NameServers", [])]
