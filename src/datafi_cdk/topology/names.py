"""Whether a name leads to a listener, and whether its certificate has the name."""

from __future__ import annotations

from .dns import Record, matches
from .load_balancing import Listener, LoadBalancer, Rule
from .patterns import pattern_covers
from .reach import ANY_NAME, Source
from .topology import Topology

__all__ = ["certificate_link", "name_link"]

_LONGEST_CHAIN = 8

Link = tuple[list[str], list[str]]
"""What is broken, and what is assumed."""


def name_link(
    topology: Topology, listener: Listener, rule: Rule, host: str, source: Source
) -> Link:
    """Whether a record leads from a name to the load balancer of a listener, for a source."""
    balancer = topology.load_balancing.load_balancers[listener.load_balancer]
    if rule.priority is None:
        return [], []
    if host == ANY_NAME:
        leading = any(one.target == balancer.id for one in topology.dns.records)
        return ([], [] if leading else [f"a name that leads to {balancer.label}"])
    if "*" in host or "?" in host:
        return _pattern_link(topology, balancer, host, source)
    return _answer_link(topology, balancer, host.lower(), source)


def certificate_link(topology: Topology, listener: Listener, host: str) -> Link:
    """Whether a listener with TLS has a certificate for a name."""
    if listener.protocol not in ("HTTPS", "TLS", ""):
        return [], []
    if host == ANY_NAME:
        has_any = listener.certificates or listener.existing
        return ([] if has_any else [f"{listener.label} has no certificate"]), []
    made = topology.dns.certificates
    known = [made[one] for one in listener.certificates if one in made]
    existing = [
        one for one in listener.certificates if one not in made and not topology.is_missing(one)
    ]
    if any(certificate.covers(host.lower()) for certificate in known):
        return [], []
    if listener.existing:
        return [], [f"a certificate of {listener.label} covers {host}"]
    if existing:
        return [], [f"the existing certificate {existing[0]} covers {host}"]
    return [f"no certificate of {listener.label} covers {host}"], []


def _pattern_link(topology: Topology, balancer: LoadBalancer, host: str, source: Source) -> Link:
    """One name of a pattern that leads there is enough."""
    fitting = [
        record.name
        for record in topology.dns.records
        if record.answers(record.name) and pattern_covers(host, record.name, ignore_case=True)
    ]
    links = [_answer_link(topology, balancer, name, source) for name in (*fitting, host.lower())]
    return min(links, key=lambda link: (len(link[0]), len(link[1])))


def _answer_link(
    topology: Topology, balancer: LoadBalancer, name: str, source: Source, depth: int = 0
) -> Link:
    records = _answering(topology, name, source)
    if not records or depth > _LONGEST_CHAIN:
        return _without_record(topology, balancer.label, name)
    links = [_record_link(topology, record, balancer, source, depth) for record in records]
    return [one for link in links for one in link[0]], [one for link in links for one in link[1]]


def _answering(topology: Topology, name: str, source: Source) -> list[Record]:
    """The records that a source gets: those of the closest private zone that it sees, if any."""
    zones = topology.dns.zones
    records = topology.dns.records_of(name)
    private = [
        zone
        for zone in zones.values()
        if set(zone.vpcs) & set(source.vpcs) and matches(f"*.{zone.name}", f".{name}")
    ]
    if private:
        closest = max(private, key=lambda zone: len(zone.name))
        return [one for one in records if one.zone == closest.id]
    return [one for one in records if not _seen(topology, one, source)[0]] or list(records)


def _record_link(
    topology: Topology, record: Record, balancer: LoadBalancer, source: Source, depth: int
) -> Link:
    if record.target == balancer.id:
        return _seen(topology, record, source)
    next_name = record.target.removesuffix(".").lower()
    if topology.dns.records_of(next_name):
        return _answer_link(topology, balancer, next_name, source, depth + 1)
    if balancer.existing and not topology.labels.get(record.target):
        return [], [f"the record {record.name} leads to {balancer.label}"]
    target = topology.label(record.target)
    return [f"the record {record.name} points at {target}, not at {balancer.label}"], []


def _without_record(topology: Topology, balancer: str, host: str) -> Link:
    zones = [zone for zone in topology.dns.zones.values() if not zone.existing]
    if any(matches(f"*.{zone.name}", host) or zone.name == host for zone in zones):
        return [f"no record answers for {host}"], []
    return [], [f"a record outside of the templates leads from {host} to {balancer}"]


def _seen(topology: Topology, record: Record, source: Source) -> Link:
    zone = topology.dns.zones[record.zone]
    if topology.is_missing(zone.id):
        return [f"the record {record.name} is in a zone that no template makes"], []
    if zone.existing or not zone.private or set(zone.vpcs) & set(source.vpcs):
        return [], []
    return [f"the record {record.name} is in a private zone that {source.label} does not see"], []
