"""Compositions of the constructs over several stacks: mostly such that work, and wrong ones."""

from __future__ import annotations

import copy
import functools
from typing import Any

from arguments import ARGUMENTS, COMPOSED, CONSTRUCTS, WRONG, arguments_of
from hypothesis import strategies as st

Data = dict[str, Any]

_PARTS = [
    "network",
    "cluster",
    "dns",
    "front",
    "balancer",
    "cache",
    "server0",
    "server1",
    "server2",
    "storage0",
    "storage1",
    "storage2",
    "update0",
    "update1",
    "update2",
    "router",
    "monitoring",
]
_LAYOUTS: list[dict[str, int]] = [
    {},
    {
        part: 1 if part.startswith(("server", "storage", "update", "router", "monitoring")) else 0
        for part in _PARTS
    },
    {
        "network": 0,
        "cluster": 0,
        "dns": 1,
        "front": 1,
        "balancer": 1,
        "server0": 2,
        "storage0": 2,
        "update0": 2,
        "server1": 3,
        "storage1": 3,
        "update1": 3,
        "server2": 4,
        "storage2": 4,
        "update2": 4,
        "router": 5,
        "monitoring": 6,
        "cache": 2,
    },
    {
        "network": 1,
        "cluster": 1,
        "dns": 1,
        "front": 2,
        "balancer": 2,
        "cache": 0,
        **{f"{part}{number}": 3 for part in ("server", "storage", "update") for number in range(3)},
        "router": 3,
        "monitoring": 4,
    },
]
_DNS: list[Data] = [
    {},
    {"record_per_service": True},
    {"hosted_zone": {"$": "zone", "of": "example.com"}},
    {"enable_hosted_zone": False, "certificate": {"$": "certificate", "of": None}},
    {"certificate": {"$": "certificate", "of": None}},
    {"parent_zone": {"$": "zone", "of": "example.com"}},
    {
        "private_zone_vpc": {"$": "the vpc", "of": None},
        "certificate": {"$": "certificate", "of": None},
    },
]


@functools.cache
def _arguments(kind: str, most: int, leave_out: tuple[str, ...] = ()) -> st.SearchStrategy[Data]:
    """A few arguments of a construct with values that are right by themselves."""
    names = [
        name
        for name in arguments_of(CONSTRUCTS[kind][:1] if kind == "ingress" else CONSTRUCTS[kind])
        if name in ARGUMENTS and name not in leave_out
    ]
    return st.lists(st.sampled_from(names), max_size=most, unique=True).flatmap(
        lambda chosen: st.fixed_dictionaries(
            {name: st.sampled_from(ARGUMENTS[name]) for name in chosen}
        )
    )


_CREDENTIALS = {
    name: ARGUMENTS[name][0] for name in ("docker_hub_credentials", "datafi_registry_credentials")
}
_SERVERS = {
    "edge": _arguments("edge", 4),
    "coordinator": _arguments("coordinator", 4, ("secret", "registry_credentials")),
    "serverless": _arguments("serverless", 4, ("repository",)),
}


@st.composite
def _server(draw: st.DrawFn, kind: str, name: str) -> Data:
    has_storage = kind != "coordinator" and draw(st.sampled_from([False, False, True]))
    return {
        "kind": kind,
        "name": name,
        "arguments": draw(_SERVERS[kind]),
        "storage": draw(_arguments("storage", 2)) if has_storage else None,
        "from_cache": kind != "serverless" and draw(st.sampled_from([False, False, False, True])),
        "in_vpc": draw(st.booleans()),
    }


@st.composite
def _one_way(draw: st.DrawFn) -> dict[str, int]:
    """Stacks that refer to earlier ones only."""
    layout: dict[str, int] = {}
    least = 0
    for parts in (
        ["network", "cluster"],
        ["dns", "balancer"],
        ["front", "cache"],
        ["storage0", "storage1", "storage2"],
        ["server0", "server1", "server2"],
        ["update0", "update1", "update2"],
        ["router"],
        ["monitoring"],
    ):
        least = draw(st.integers(least, min(least + 1, 5)))
        layout |= dict.fromkeys(parts, least)
    return layout


@st.composite
def compositions(draw: st.DrawFn) -> Data:
    """Some of the constructs, in one stack or in several."""
    kinds = draw(
        st.lists(st.sampled_from(["edge", "edge", "serverless"]), min_size=1, max_size=2)
    ) + draw(st.sampled_from([[], [], ["coordinator"]]))
    names = draw(st.permutations(["es", "es-2", "analytics"]))
    dns = draw(st.sampled_from(_DNS))
    ingress = draw(st.sampled_from(["new", "new", "attributes", "listeners"]))
    network = draw(st.sampled_from(["edge", "own", "attributes"]))
    layout = draw(st.sampled_from([*_LAYOUTS, None]))
    if layout is None:
        layout = draw(_one_way())
    has_cache = draw(st.sampled_from([False, False, True]))
    data = {
        "env": draw(st.booleans()),
        "flags": draw(st.booleans()),
        "stacks": layout,
        "network": {
            "kind": network,
            "arguments": draw(_arguments("network", 3)) if network == "edge" else {},
        },
        "capacity_providers": draw(st.booleans()),
        "dns": dns,
        "ingress": {"kind": ingress, "arguments": draw(_arguments("ingress", 3))},
        "namespace": draw(st.sampled_from([False, False, True])),
        "cache": {**_CREDENTIALS, **draw(_arguments("cache", 1))} if has_cache else None,
        "servers": [
            draw(_server(kind, "co" if kind == "coordinator" else name))
            for kind, name in zip(kinds, [*names, "co"], strict=False)
        ],
        "updates": {
            "kind": draw(st.sampled_from(["each", "shared", "none"])),
            "arguments": draw(_arguments("update", 2)),
            "router": draw(st.none() | _arguments("router", 1)),
        },
        "monitoring": draw(st.none() | _arguments("monitoring", 1)),
    }
    if ingress == "new" and "private_zone_vpc" in dns:
        data["ingress"]["arguments"]["internal"] = True
    if ingress != "new":
        given = data["ingress"]["arguments"]
        data["ingress"]["arguments"] = {name: given[name] for name in _COMMON if name in given}
    if draw(st.sampled_from([True, True, True, False])):
        _agree(data)
    return data


_COMMON = ("grpc_over_https", "dual_stack", "max_rules")


def _agree(data: Data) -> None:
    """Take away what contradicts the rest."""
    network, ingress = data["network"]["arguments"], data["ingress"]["arguments"]
    if data["ingress"]["kind"] == "new" and (
        "private_zone_vpc" in data["dns"] or network.get("public_subnets") is False
    ):
        ingress["internal"] = True
    if network.get("public_subnets") is False:
        network["nat_gateways"] = 0
    ingress.pop("dual_stack" if not network.get("dual_stack") else "", None)
    ingress.pop("vpc_subnets", None)
    for server in data["servers"]:
        _agree_server(server, has_nat=network.get("nat_gateways") != 0)
        server["from_cache"] = server["from_cache"] and data["cache"] is not None
        if server["from_cache"]:
            server["arguments"].pop("image", None)
        if server["arguments"].get("capacity_provider_strategies"):
            data["capacity_providers"] = True
    updates = data["updates"]["arguments"]
    if "callers" in updates:
        updates.pop("secret", None)
        updates.pop("http_rule_priority", None)
    if data["updates"]["kind"] == "each":
        updates.pop("http_rule_priority", None)


def _agree_server(server: Data, *, has_nat: bool) -> None:
    given = server["arguments"]
    for name, others in _EXCLUSIVE.items():
        if name in given:
            for other in others:
                given.pop(other, None)
    if "secret" not in given and server["kind"] != "coordinator":
        given.pop("secret_variables", None)
    elif {"image", "image_digest", "image_version"} & set(given):
        given.setdefault("secret_variables", ["KEY"])
    if server["kind"] != "serverless":
        given.pop("vpc_subnets", None)
        if given.get("assign_public_ip"):
            given["vpc_subnets"] = ARGUMENTS["vpc_subnets"][0]
        if not has_nat:
            given["egress_provided"] = True
        if given.get("cpu", 1024) != 1024 or "memory_limit_mib" in given:
            given["cpu"], given["memory_limit_mib"] = 512, 2048
    else:
        for name in () if server["in_vpc"] else ("vpc_subnets", "security_groups"):
            given.pop(name, None)
        given.pop("vpc_subnets", None)


_EXCLUSIVE = {
    "image_digest": ("image_tag",),
    "image": ("image_tag", "image_digest", "image_version", "registry_credentials"),
    "image_version": ("image_tag", "image_digest"),
    "auto_scaling": ("desired_count",),
    "logging": ("log_group", "log_retention"),
    "log_group": ("log_retention",),
}
"""What goes with none of the others."""


_WRONG_PARTS = (
    "network",
    "dns",
    "ingress",
    "servers",
    "servers",
    "storage",
    "cache",
    "updates",
    "router",
    "monitoring",
)


@st.composite
def wrong_compositions(draw: st.DrawFn) -> Data:
    """The same, with an argument or two of any value."""
    data = copy.deepcopy(draw(compositions()))
    for _ in range(draw(st.integers(1, 2))):
        part = draw(st.sampled_from(_WRONG_PARTS))
        holder: Any
        if part == "servers":
            server = draw(st.sampled_from(data["servers"]))
            kind, holder = server["kind"], server["arguments"]
        elif part == "storage":
            server = data["servers"][0]
            server["storage"] = server["storage"] or {}
            kind, holder = "storage", server["storage"]
        elif part == "cache":
            data["cache"] = data["cache"] or {}
            kind, holder = "cache", data["cache"]
        elif part == "updates":
            kind, holder = "update", data["updates"]["arguments"]
        elif part == "router":
            data["updates"]["router"] = data["updates"]["router"] or {}
            kind, holder = "router", data["updates"]["router"]
        elif part == "monitoring":
            data["monitoring"] = data["monitoring"] or {}
            kind, holder = "monitoring", data["monitoring"]
        elif part == "dns":
            data["dns"] = dict(data["dns"])
            kind, holder = "dns", data["dns"]
        else:
            kind, holder = part, data[part]["arguments"]
        index = 0
        if part == "ingress":
            index = ["new", "attributes", "listeners"].index(data["ingress"]["kind"])
            names = arguments_of([CONSTRUCTS["ingress"][index]])
        else:
            names = arguments_of(CONSTRUCTS[kind])
        name = draw(st.sampled_from(names))
        known = ARGUMENTS.get(name, [])
        holder[name] = draw(st.sampled_from([*known, *WRONG] if name not in COMPOSED else WRONG))
    _hide_private_names(data)
    return data


def _hide_private_names(data: Data) -> None:
    """Have a load balancer for nobody else than who sees the names."""
    given = data["ingress"]["arguments"]
    is_public = data["ingress"]["kind"] == "new" and given.get("internal", False) is False
    if is_public and "private_zone_vpc" in data["dns"]:
        given["internal"] = True
