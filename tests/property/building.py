"""Makes an app of what was generated; as a program, of each request that it is sent."""

from __future__ import annotations

import hashlib
import os
import pickle
import sys
import traceback
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datafi_cdk import DatafiEdgeConfig, DatafiEdgeStack, DatafiError
from aws_cdk import App
from refusals import record

Host = tuple[str, bool]
"""A host name, and whether it takes gRPC."""


def synthesize(kind: str, data: Any, folder: Path) -> Collection[Host]:
    """Synthesize an example.

    Args:
        kind: `configuration` or `composition`.
        data: The example.
        folder: Where the cloud assembly is written.

    Returns:
        The servers that must be reachable.
    """
    if kind == "configuration":
        return _configuration(data, folder)
    from composing import compose

    return compose(data, folder)


def _configuration(data: Any, folder: Path) -> Collection[Host]:
    config = DatafiEdgeConfig.model_validate(data)
    app = App(outdir=str(folder), analytics_reporting=False, context=_looked_up(config))
    stack = DatafiEdgeStack(app, "Edge", config=config)
    hosts: list[Host] = []
    if not config.disable_stack:
        hosts += [(each.host, False) for each in stack.serverless_edge_servers.values()]
        services = [*stack.edge_servers.values(), *filter(None, [stack.coordinator])]
        hosts += [(each.host, True) for each in services]
    app.synth()
    return hosts


def _looked_up(config: DatafiEdgeConfig) -> dict[str, Any]:
    """What the CDK would find of a VPC that it looks up."""
    if not config.vpc or not config.aws:
        return {}
    key = (
        f"vpc-provider:account={config.aws.account}:filter.vpc-id={config.vpc.vpc_id}"
        f":region={config.aws.region}:returnAsymmetricSubnets=true"
    )
    subnets = {
        kind: [
            {
                "subnetId": f"subnet-{digit * 7}{number}",
                "cidr": f"10.1.{digit}{number}.0/24",
                "availabilityZone": f"{config.aws.region}{letter}",
                "routeTableId": f"rtb-{digit * 7}{number}",
            }
            for number, letter in enumerate("ab")
        ]
        for digit, kind in (("1", "Public"), ("2", "Private"))
    }
    groups = [{"name": kind, "type": kind, "subnets": each} for kind, each in subnets.items()]
    found = {
        "vpcId": config.vpc.vpc_id,
        "vpcCidrBlock": "10.1.0.0/16",
        "ownerAccountId": config.aws.account,
        "availabilityZones": [],
        "subnetGroups": groups,
    }
    return {key: found}


def digest(folder: Path) -> str:
    """What tells one cloud assembly from another: its templates and assets, byte for byte."""
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*.json")):
        if path.name.endswith((".template.json", ".assets.json")):
            found.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()


@dataclass(frozen=True)
class Answer:
    """What became of an example.

    Args:
        kind: `made`, `refused` by an error of our own, or `failed` by another.
        text: The error.
        hosts: The servers that must be reachable.
        digest: That of the cloud assembly.
        used: The refusals that were used.
    """

    kind: str
    text: str = ""
    hosts: tuple[Host, ...] = ()
    digest: str = ""
    used: frozenset[tuple[str, int]] = frozenset()


def _answer(kind: str, data: Any, folder: Path, used: set[tuple[str, int]]) -> Answer:
    used.clear()
    try:
        hosts = synthesize(kind, data, folder)
    except DatafiError as error:
        return Answer("refused", str(error), used=frozenset(used))
    except Exception:
        return Answer("failed", traceback.format_exc(), used=frozenset(used))
    return Answer("made", hosts=tuple(hosts), digest=digest(folder), used=frozenset(used))


def _serve() -> None:
    """Answer one request after the other; what the CDK prints goes to stderr."""
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)
        used: set[tuple[str, int]] = set()
        record(used)
        while True:
            try:
                kind, data, folder = pickle.load(sys.stdin.buffer)  # noqa: S301 (from the tests themselves)
            except EOFError:
                return
            pickle.dump(_answer(kind, data, Path(folder), used), answers)
            answers.flush()


if __name__ == "__main__":
    import building

    building._serve()
