"""Whole configurations: mostly such that work, and such with a few wrong values."""

from __future__ import annotations

import copy
import re
from typing import Any

from datafi_cdk import DatafiEdgeConfig, InvalidInputError
from config_values import ACCOUNT, CANARY, EXAMPLES, REGION, SECRETS, section, values
from datafi_cdk.config_fields import model_in
from datafi_cdk.config_services import (
    CoordinatorConfig,
    EdgeServerConfig,
    ServerlessEdgeServerConfig,
)
from hypothesis import strategies as st
from pydantic import BaseModel

Data = dict[str, Any]

_AWS = {"account": ACCOUNT, "region": REGION}
_VPC = {
    "vpc_id": "vpc-1a2b3c4d",
    "availability_zones": EXAMPLES["availability_zones"],
    "public_subnet_ids": EXAMPLES["public_subnet_ids"],
    "private_subnet_ids": EXAMPLES["private_subnet_ids"],
    "cidr": "10.1.0.0/16",
}
_EXISTING = {
    key: EXAMPLES[key][0]
    for key in (
        "https_listener_arn",
        "grpc_listener_arn",
        "load_balancer_arn",
        "dns_name",
        "canonical_hosted_zone_id",
    )
} | {"security_group_ids": EXAMPLES["security_group_ids"]}
_CERTIFICATE = {"certificate_arn": EXAMPLES["certificate_arn"][0]}

BASES: list[Data] = [
    {},
    {"aws": _AWS},
    {"vpc": _VPC},
    {"vpc": {"vpc_id": "vpc-1a2b3c4d"}, "aws": _AWS},
    {"vpc": _VPC, "private": True, "dns": _CERTIFICATE},
    {"private": True, "dns": _CERTIFICATE, "new_vpc": {"nat_gateways": 1}},
    {"vpc": _VPC, "dns": {"enable_hosted_zone": False, **_CERTIFICATE}},
    {"vpc": _VPC, "load_balancer": {"existing": _EXISTING}},
    {"vpc": _VPC, "cluster_name": "acme", "allow_delete_resources": True},
]
"""Ways to deploy, each of which works as it is."""

_STEPS = re.compile(r"[^.\[\]]+")
_SECTIONS = ["dns", "load_balancer", "new_vpc", "update_api"]
_MOST_ROUNDS = 8
_WRONG: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    float("nan"),
    10**30,
    "",
    " ",
    "0",
    "x" * 300,
    "Ü",
    "a b",
    "${Token[TOKEN.1]}",
    [],
    {},
    [None],
    [[]],
    [1],
    {"x": None},
    {1: 2},
    ["a", "a"],
    {"KEY": "x"},
    "arn:aws:iam::1:role/x",
    b"x",
]


@st.composite
def servers(draw: st.DrawFn) -> Data:
    """The servers of a deployment, one to three, rarely of one name."""
    names = iter(draw(st.permutations(["es", "es-2", "analytics", "a"])))
    found: Data = {}
    sections: list[tuple[str, type[BaseModel], int]] = [
        ("long_running", EdgeServerConfig, draw(st.sampled_from([1, 1, 1, 0, 2]))),
        ("serverless", ServerlessEdgeServerConfig, draw(st.sampled_from([0, 0, 1]))),
    ]
    if not any(count for _, _, count in sections):
        sections = [("long_running", EdgeServerConfig, 1)]
    for kind, model, count in sections:
        if count:
            found[kind] = [{**draw(section(model, 5)), "name": next(names)} for _ in range(count)]
    return found


@st.composite
def plausible(draw: st.DrawFn) -> Data:
    """A way to deploy with some of the keys that it may have, which may contradict each other."""
    data = copy.deepcopy(draw(st.sampled_from(BASES)))
    data.setdefault("deployment_name", "acme")
    data.setdefault("dns", {})["root_domain"] = draw(values(model_at(["dns"]), "root_domain"))
    data["edge_servers"] = draw(servers())
    if draw(st.sampled_from([True, False, False])):
        data["coordinator"] = {
            "secret_arn": SECRETS[1],
            "registry_credentials_secret_arn": SECRETS[2],
            **draw(section(CoordinatorConfig, 5)),
            "name": "co",
        }
    top = [key for key in DatafiEdgeConfig.model_fields if key not in ("edge_servers", "dns")]
    for key in draw(st.lists(st.sampled_from(top), max_size=2, unique=True)):
        if key not in data:
            data[key] = draw(values(DatafiEdgeConfig, key))
    for key in draw(st.lists(st.sampled_from(_SECTIONS), max_size=2)):
        drawn = draw(section(model_at([key])))
        data[key] = {**drawn, **data.get(key, {})}
    return data


@st.composite
def contradicting(draw: st.DrawFn) -> Data:
    """Sections with many of their keys, which contradict each other."""
    data = draw(plausible())
    for key in draw(st.lists(st.sampled_from([*_SECTIONS, "vpc"]), max_size=2)):
        data[key] = {**draw(section(model_at([key]), 12)), **(data.get(key) or {})}
    for kind, servers_of_kind in data["edge_servers"].items():
        model = EdgeServerConfig if kind == "long_running" else ServerlessEdgeServerConfig
        for server in servers_of_kind:
            server.update(draw(section(model, 15)))
    if draw(st.booleans()):
        data["coordinator"] = draw(section(CoordinatorConfig, 15))
    return data


@st.composite
def working(draw: st.DrawFn) -> Data:
    """A configuration that the file's rules take."""
    return mended(draw(plausible()))


def mended(data: Data) -> Data:
    """The data without what is wrong with them, as the faults themselves say."""
    data = copy.deepcopy(data)
    for _ in range(_MOST_ROUNDS):
        try:
            DatafiEdgeConfig.model_validate(data)
        except InvalidInputError as error:
            for fault in error.faults:
                _mend(data, _STEPS.findall(fault.place.partition(", ")[0]))
        else:
            break
    return data


def _mend(data: Any, steps: list[str]) -> None:
    *before, last = steps
    holder = data
    for step in before:
        holder = _inside(holder, step)
        if holder is None:
            return
    if isinstance(holder, dict):
        if holder.get(last) is not None:
            del holder[last]
        elif last == "egress_provided":
            holder[last] = True
        elif last in EXAMPLES:
            model = model_at([step for step in before if not step.isdigit()])
            is_list = "list" in str(model.model_fields[last].annotation) if model else False
            examples = copy.deepcopy(EXAMPLES[last])
            holder[last] = examples if is_list else examples[0]
    elif isinstance(holder, list) and last.isdigit() and int(last) < len(holder):
        del holder[int(last)]


def _inside(holder: Any, step: str) -> Any:
    if isinstance(holder, dict):
        return holder.get(step)
    is_there = isinstance(holder, list) and step.isdigit() and int(step) < len(holder)
    return holder[int(step)] if is_there else None


def model_at(steps: list[str]) -> Any:
    """The model of the section at a path of keys, or `None`."""
    model: type[BaseModel] | None = DatafiEdgeConfig
    for step in steps:
        if model is None or step not in model.model_fields:
            return None
        model = model_in(model.model_fields[step].annotation)
    return model


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value in some data."""
    entries: list[tuple[Any, Any]] = []
    if isinstance(data, dict):
        entries = list(data.items())
    elif isinstance(data, list):
        entries = list(enumerate(data))
    return [path, *(place for key, entry in entries for place in places(entry, (*path, key)))]


@st.composite
def wrong(draw: st.DrawFn) -> Data:
    """A plausible configuration with one to three values that were changed or taken away."""
    data = copy.deepcopy(draw(working() | plausible()))
    for _ in range(draw(st.integers(1, 3))):
        *before, last = draw(st.sampled_from(places(data)[1:] or [("deployment_name",)]))
        holder: Any = data
        for step in before:
            holder = holder[step]
        change = draw(st.sampled_from(["wrong", "remove", "unknown", "pasted", "other"]))
        if change == "remove" and isinstance(holder, dict):
            del holder[last]
        elif change == "unknown" and isinstance(holder, dict):
            holder[draw(st.sampled_from(["nam", CANARY, "colour", 1, True]))] = CANARY
        elif change == "pasted" and "secret" in "".join(map(str, (*before, last))):
            holder[last] = draw(st.sampled_from([CANARY, [CANARY], {CANARY: CANARY}]))
        elif change == "other" and isinstance(holder, dict):
            model = model_at([step for step in before if isinstance(step, str)])
            if model is not None:
                name = draw(st.sampled_from(list(model.model_fields)))
                holder[name] = copy.deepcopy(draw(values(model, name)))
        else:
            holder[last] = copy.deepcopy(draw(st.sampled_from(_WRONG)))
    return data
