"""What the rules of all servers must mean together: their priorities, and how many there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .config_data import Data, edge_servers, given, section, typed
from .errors import Fault
from .validation import (
    DEFAULT_COORDINATOR_NAME,
    DEFAULT_MAX_RULES,
    HIGHEST_PRIORITY,
    MAX_TARGET_GROUPS,
    located,
    number_faults,
    rule_position,
)

_KEYS = (
    "http_rule_priority",
    "grpc_rule_priority",
    "update_rule_priority",
    "root_path_rule_priority",
)


def priority_faults(data: Data) -> list[Fault]:
    """Each priority once, in the range of the load balancer, and gRPC before HTTP."""
    lowest, highest = _range(data)
    if not 1 <= lowest < highest <= HIGHEST_PRIORITY:
        return []
    faults = _duplicate_faults(data)
    for place, server in _places(data):
        for key in _KEYS:
            priority = typed(server, key, int)
            if priority is not None and 1 <= priority <= HIGHEST_PRIORITY:
                faults += located(place, number_faults(key, priority, lowest, highest))
    if section(data, "load_balancer").get("grpc_over_https") is False:
        return faults
    for place, server in _servers(data, serverless=False):
        faults += located(place, _order_faults(data, server, lowest, highest))
    return faults


def rule_and_group_counts(data: Data) -> tuple[int, int]:
    """How many rules and how many target groups are made on the load balancer.

    A service has one HTTP rule, gRPC rules on port 50051 and, unless told otherwise, on 443, and a
    target group for each protocol; an edge server on Lambda has one of each. Each update
    API has a rule and a target group; one more of each is for the path that names no service.

    Args:
        data: The whole configuration.
    """
    load_balancer = section(data, "load_balancer")
    existing = section(load_balancer, "existing")
    has_grpc_port = not given(load_balancer, "existing") or given(existing, "grpc_listener_arn")
    for_each = 1 + has_grpc_port + (load_balancer.get("grpc_over_https") is not False)
    long_running, functions = (
        len(list(edge_servers(data, kind))) for kind in ("long_running", "serverless")
    )
    services = long_running + isinstance(data.get("coordinator"), Mapping)
    update_api = section(data, "update_api")
    updated = 0 if update_api.get("caller_role_arns") else services
    apis = min(updated, 1) if update_api.get("shared") is True else updated
    rules = for_each * services + apis + bool(updated) + functions
    groups = 2 * services + apis + bool(apis) + functions
    return rules, groups


def quota_faults(data: Data) -> list[Fault]:
    """So many rules and target groups that the load balancer takes them."""
    rules, groups = rule_and_group_counts(data)
    load_balancer = section(data, "load_balancer")
    most = (
        typed(load_balancer, "max_rules", int)
        if "max_rules" in load_balancer
        else DEFAULT_MAX_RULES
    )
    faults = []
    if most is not None and 1 <= most < rules:
        allowed = f"at least {rules}, the rules of all servers"
        remedy = "let AWS raise the quota and say so, or deploy some servers in another stack"
        faults.append(Fault("load_balancer.max_rules", allowed, str(most), remedy))
    if groups > MAX_TARGET_GROUPS:
        allowed = f"of at most {MAX_TARGET_GROUPS} target groups, two to a service"
        remedy = "deploy some servers in another stack"
        faults.append(Fault("edge_servers", allowed, str(groups), remedy))
    return faults


def _range(data: Data) -> tuple[int, int]:
    existing = section(section(data, "load_balancer"), "existing")
    lowest = typed(existing, "lowest_priority", int)
    highest = typed(existing, "highest_priority", int)
    return (
        1 if lowest is None else lowest,
        HIGHEST_PRIORITY if highest is None else highest,
    )


def _servers(data: Data, *, serverless: bool = True) -> Iterator[tuple[str, Data]]:
    yield from edge_servers(data, "long_running")
    if serverless:
        yield from edge_servers(data, "serverless")
    coordinator = data.get("coordinator")
    if isinstance(coordinator, Mapping):
        yield "coordinator.", {"name": DEFAULT_COORDINATOR_NAME, **coordinator}


def _places(data: Data) -> Iterator[tuple[str, Data]]:
    """The sections in which priorities stand."""
    yield from _servers(data)
    yield "update_api.", section(data, "update_api")


def _duplicate_faults(data: Data) -> list[Fault]:
    """One priority of two rules on one listener; those of one server are `_order_faults`'."""
    apart = section(data, "load_balancer").get("grpc_over_https") is False
    update_api = section(data, "update_api")
    is_shared = update_api.get("shared") is True and not update_api.get("caller_role_arns")
    # Its one rule is the last, as it takes every path.
    owners = {(False, _range(data)[1]): "that of update_api.shared"} if is_shared else {}
    faults = []
    for place, server in _places(data):
        for key in _KEYS:
            priority = typed(server, key, int)
            if priority is None:
                continue
            is_apart = apart and key == "grpc_rule_priority"
            owner = owners.setdefault((is_apart, priority), f"{place}{key}")
            is_of_other = not owner.startswith(place) or "update" in f"{owner}{key}"
            if owner != f"{place}{key}" and is_of_other:
                given_there = f"{priority}, which {owner} is"
                remedy = "choose another number for one of the two"
                faults.append(Fault(f"{place}{key}", "the only one", given_there, remedy))
    return faults


def _order_faults(data: Data, server: Data, lowest: int, highest: int) -> list[Fault]:
    """A gRPC rule that the HTTP rule of the same host would hide, as one of them is set by hand."""
    name = typed(server, "name", str)
    root_domain = typed(section(data, "dns"), "root_domain", str)
    key = next((key for key in _KEYS[:2] if given(server, key)), None)
    if name is None or root_domain is None or key is None:
        return []
    count = (highest - lowest + 1) // 2
    position = lowest + rule_position(f"{name}.{root_domain}", count)
    grpc, http = typed(server, "grpc_rule_priority", int), typed(server, "http_rule_priority", int)
    first = position if grpc is None else grpc
    second = position + count if http is None else http
    if first < second or not lowest <= min(first, second) <= max(first, second) <= highest:
        return []
    if key == "http_rule_priority":
        allowed = f"more than that of the gRPC rules ({first}), which it would hide"
        return [Fault(key, allowed, str(second), "raise it, or lower grpc_rule_priority")]
    allowed = f"less than that of the HTTP rule ({second}), which would hide it"
    return [Fault(key, allowed, str(first), "lower it, or raise http_rule_priority")]
