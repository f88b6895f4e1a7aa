"""What the keys of a configuration about update APIs must mean together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .config_data import Data, edge_servers, given, section
from .config_server_rules import key_without_secret_faults
from .errors import Fault
from .update_times import order_faults
from .validation import MOST_UPDATED_SERVICES, located

_OF_A_SERVER = ("update_secret_arn", "update_rule_priority")


def update_api_faults(data: Data) -> list[Fault]:
    """What cannot be of the update APIs."""
    update_api = section(data, "update_api")
    is_shared = update_api.get("shared") is True
    has_callers = bool(update_api.get("caller_role_arns"))
    servers = list(_updated_servers(data))
    faults = []
    for place, server in servers:
        faults += located(
            place,
            key_without_secret_faults(server, "update_secret_kms_key_arn", "update_secret_arn"),
        )
        for key in _OF_A_SERVER:
            if given(server, key) and is_shared:
                faults.append(_left_out(f"{place}{key}", "update_api.shared: true"))
            elif given(server, key) and has_callers:
                faults.append(_left_out(f"{place}{key}", "update_api.caller_role_arns"))
    if is_shared and len(servers) > MOST_UPDATED_SERVICES:
        allowed = f"false with more than {MOST_UPDATED_SERVICES} servers"
        remedy = "let each have a function of its own"
        faults.append(Fault("update_api.shared", allowed, str(len(servers)), remedy))
    return [*faults, *located("update_api.", _own_faults(update_api, has_callers=has_callers))]


def _own_faults(update_api: Data, *, has_callers: bool) -> list[Fault]:
    faults = key_without_secret_faults(update_api, "secret_kms_key_arn", "secret_arn")
    if given(update_api, "secret_arn") and update_api.get("shared") is not True:
        allowed = "left out without shared: true"
        remedy = "name it as update_secret_arn of a server"
        faults.append(Fault("secret_arn", allowed, "a secret", remedy))
    for key in ("secret_arn", "root_path_rule_priority", "rotation_function_arn"):
        if given(update_api, key) and has_callers:
            faults.append(_left_out(key, "caller_role_arns"))
    if given(update_api, "rotation_days") and not given(update_api, "rotation_function_arn"):
        allowed = "left out without rotation_function_arn"
        faults.append(Fault("rotation_days", allowed, "a number", "name the function"))
    freezes = update_api.get("update_freezes")
    for index, freeze in enumerate(freezes if isinstance(freezes, list) else ()):
        if isinstance(freeze, Mapping):
            place = f"update_freezes[{index}].end"
            faults += order_faults(place, freeze.get("start"), freeze.get("end"))
    return faults


def _updated_servers(data: Data) -> Iterator[tuple[str, Data]]:
    yield from edge_servers(data, "long_running")
    coordinator = data.get("coordinator")
    if isinstance(coordinator, Mapping):
        yield "coordinator.", coordinator


def _left_out(place: str, other: str) -> Fault:
    return Fault(place, f"left out with {other}", "both", "remove one of the two")
