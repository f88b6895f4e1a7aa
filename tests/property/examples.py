"""How many examples there are, and which."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings

ROUND = os.environ.get("DATAFI_FUZZ_ROUND")
"""The number of a round of the longer task, each with other examples. Default: those of CI."""

CONFIGURATIONS = int(os.environ.get("DATAFI_FUZZ_EXAMPLES", "1600"))
COMPOSITIONS = CONFIGURATIONS // 4


def profile(count: int) -> Callable[[Any], Any]:
    """The settings for a number of examples: in CI the same ones in every run."""
    return settings(
        max_examples=count,
        derandomize=ROUND is None,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate] if ROUND is None else [Phase.generate, Phase.shrink],
        report_multiple_bugs=False,
    )


def apart(part: int) -> Callable[[Any], Any]:
    """Give a part of a test examples of its own; in a round they are random anyway."""
    return seed(part) if ROUND is None else lambda test: test
