"""Whether a name leads to a listener, and whether its certificate has the name."""

from __future__ import annotations

from .dns import Record, matches
from .load_balancing import Listener, LoadBalancer, Rule
from .reach import ANY_NAME, Source
from .topology import Topology

__all__ = ["certificate_link", "name_link"]

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
    records = topology.dns.records_of(host.lower())
    if not records:
        return _without_record(topology, balancer.label, host)
    links = [_record_link(topology, record, balancer, source) for record in records]
    return [one for link in links for one in link[0]], [one for link in links for one in link[1]]


def certificate_link(topology: Topology, listener: Listener, host: str) -> Link:
    """Whether a listener with TLS has a certificate for a name."""
    if host == ANY_NAME or listener.protocol not in ("HTTPS", "TLS", ""):
        return [], []
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


def _record_link(
    topology: Topology, record: Record, balancer: LoadBalancer, source: Source
) -> Link:
    if record.target == balancer.id:
        return _seen(topology, record, source)
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
