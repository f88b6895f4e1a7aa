"""What `hardened: true` takes, and what it asks for."""

from __future__ import annotations

from .config_data import Data, edge_servers, given, section
from .errors import Fault

_SWITCHES = (
    ("new_vpc", "flow_logs"),
    ("load_balancer", "access_logs"),
    ("load_balancer", "web_acl"),
)


def hardened_faults(data: Data) -> list[Fault]:
    """What is off that a hardened deployment has on, and the number that only its owner knows.

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
    return faults


def _on(place: str) -> Fault:
    return Fault(place, "true with hardened: true", "false", "remove one of the two")
