"""Several measurements of several things, taken in turn, and their medians."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import median
from typing import Any


def medians_of(
    things: Mapping[str, Callable[[], Mapping[str, Any]]], runs: int
) -> dict[str, dict[str, float]]:
    """Measure each thing once, then each once more, and so on: what disturbs one disturbs all.

    Args:
        things: Functions that measure by name. Figures are kept, whatever else they tell is not.
        runs: How often each is measured.

    Returns:
        For each thing the median of every figure, and the least as `least <figure>`.
    """
    found: dict[str, list[Mapping[str, Any]]] = {name: [] for name in things}
    for _ in range(runs):
        for name, measure in things.items():
            found[name].append(measure())
    return {name: _medians(answers) for name, answers in found.items()}


def _medians(answers: list[Mapping[str, Any]]) -> dict[str, float]:
    figures = [name for name, value in answers[0].items() if isinstance(value, int | float)]
    taken = {name: [float(answer[name]) for answer in answers] for name in figures}
    return {name: median(values) for name, values in taken.items()} | {
        f"least {name}": min(values) for name, values in taken.items()
    }
