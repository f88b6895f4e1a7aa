"""What the figures must be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

MOST_SUPERLINEAR = 1.3
"""How many times as much the last servers may take as the first ones: noise, but no growth."""


class Target(NamedTuple):
    """A figure, and the most that it may be.

    Attributes:
        name: What it is.
        most: The most that it may be.
        measured: What it is.
        unit: Of both.
    """

    name: str
    most: float
    measured: float
    unit: str

    @property
    def is_met(self) -> bool:
        """Whether it is no more than it may be."""
        return self.measured <= self.most


def targets(figures: Mapping[str, Any]) -> list[Target]:
    """Every target with what was measured.

    Args:
        figures: What was measured, by what it is of: `imports` and `synthesis`.
    """
    imports, synthesis = figures["imports"], figures["synthesis"]
    apps = synthesis["apps"]
    found = [
        Target(
            "import datafi_cdk, beyond import aws_cdk",
            50,
            imports["aws_cdk and datafi_cdk"]["ms"] - imports["aws_cdk"]["ms"],
            "ms",
        ),
        Target(
            "service modules of aws_cdk imported by import datafi_cdk",
            0,
            len(imports["unused service modules"]),
            "modules",
        ),
        Target(
            "reference deployment, beyond an empty app",
            1500,
            apps["reference"]["ms"] - apps["floor"]["ms"],
            "ms",
        ),
    ]
    for kind, most in (("own update APIs", 24), ("shared update API", 16)):
        grown = synthesis["per server"][kind]
        first, last = grown["ms, first and last step"]
        found += [
            Target(f"each added server, {kind}", 60, grown["ms"], "ms"),
            Target(
                f"last servers as against the first, {kind}",
                MOST_SUPERLINEAR,
                last / first if first > 0 else float("inf"),
                "times",
            ),
            Target(f"resources of each added server, {kind}", most, _whole(grown), "resources"),
        ]
    return found


def _whole(grown: Mapping[str, Any]) -> float:
    """Resources of a server in the first stack of ten, without parts of a further policy.

    The role of an update API for many servers needs one for about each four of them.
    """
    return float(grown["resources, first step"] // 1)
