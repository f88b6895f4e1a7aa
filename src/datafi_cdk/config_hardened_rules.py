"""What `hardened: true` takes, and what it asks for."""

from __future__ import annotations

from .config_data import Data, edge_servers, given, section
from .config_network_rules import way_out
from .errors import Fault

_SWITCHES = (
    ("new_vpc", "flow_logs"),
    ("load_balancer", "access_logs"),
    ("load_balancer", "web_acl"),
)


def hardened_faults(data: Data) -> list[Fault]:
    """What is off that a hardened deployment has on, and what only its owner knows.

    Args:
        data: The whole configuration.
    """
    if data.get("hardened") is not True:
        return []
    faults = [
        _on(f"{name}.{key}") for name, key in _SWITCHES if section(data, name).get(key) is False
    ]
    for place, server in edge_servers(data, "serverless"):
        if server.get("in_vpc") is False:
            faults.append(_on(f"{place}in_vpc"))
        if not given(server, "reserved_concurrent_executions"):
            allowed = "given with hardened: true"
            remedy = "say how many requests the server answers at once"
            faults.append(
                Fault(f"{place}reserved_concurrent_executions", allowed, "nothing", remedy)
            )
    if data.get("monitoring") is True and not given(data, "alarm_topic_arn"):
        allowed = "given with hardened: true and monitoring: true"
        remedy = "name the topic that is told when an alarm rings"
        faults.append(Fault("alarm_topic_arn", allowed, "nothing", remedy))
    if _clears_zone(data) and not way_out(data, {}):
        allowed = "false with hardened: true in a network without a way out"
        said = "true, though the new zone is cleared from there in Route 53"
        remedy = "add a NAT gateway, name a hosted zone that is there, or remove it"
        faults.append(Fault("allow_delete_resources", allowed, said, remedy))
    return faults


def _clears_zone(data: Data) -> bool:
    """Whether a public zone is made, and deleted with the stack."""
    dns = section(data, "dns")
    is_new = dns.get("enable_hosted_zone") is not False and not given(dns, "hosted_zone_id")
    is_public = is_new and data.get("private") is not True
    return is_public and data.get("allow_delete_resources") is True


def _on(place: str) -> Fault:
    return Fault(place, "true with hardened: true", "false", "remove one of the two")
