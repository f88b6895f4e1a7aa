"""Writes figures and targets as JSON and as tables."""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from .targets import Target

JSON_NAME, TABLE_NAME = "benchmarks.json", "benchmarks.md"


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    node = subprocess.run(
        ["node", "--version"],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    return {
        "processor": _processor(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "node": node.stdout.strip(),
        **{name: version(name) for name in ("aws-cdk-lib", "jsii")},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} x {names[0]}" if names else platform.processor()


def tables(figures: Mapping[str, Any], found: Sequence[Target]) -> str:
    """The figures and the targets in Markdown.

    Args:
        figures: What was measured, with the `machine` and the number of `runs`.
        found: The targets.
    """
    parts = [
        ", ".join(f"{name} {value}" for name, value in figures["machine"].items()),
        f"Medians of {figures['runs']} runs.",
        _table(
            ("target", "at most", "measured", "met"),
            [
                (
                    each.name,
                    f"{each.most:g} {each.unit}",
                    f"{each.measured:.4g}",
                    "yes" if each.is_met else "NO",
                )
                for each in found
            ],
        ),
        _figures("import", figures["imports"], ("ms", "mib")),
        _figures(
            "app.py",
            figures["synthesis"]["apps"],
            ("ms", "least ms", "cpu ms", "jsii requests", "resources", "template bytes"),
        ),
        _figures(
            "each added server",
            figures["synthesis"]["per server"],
            ("ms", "least ms", "cpu ms", "jsii requests", "resources", "template bytes"),
        ),
    ]
    if "deployment" in figures:
        deployed = figures["deployment"]["deployment"]
        rows = [
            (name, f"{value:.0f}")
            for name, value in deployed.items()
            if not name.startswith("least")
        ]
        parts.append(_table(("on the embedded AWS", "ms"), [(n[:-3], v) for n, v in rows]))
    return "\n\n".join(parts) + "\n"


def _figures(title: str, rows: Mapping[str, Any], columns: Sequence[str]) -> str:
    return _table(
        (title, *columns),
        [
            (name, *(f"{row[column]:.0f}" for column in columns))
            for name, row in rows.items()
            if isinstance(row, Mapping)
        ],
    )


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def write(folder: Path, figures: Mapping[str, Any], table: str) -> None:
    """Write both files.

    Args:
        folder: Where; it is made.
        figures: The figures.
        table: The tables.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / JSON_NAME).write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    (folder / TABLE_NAME).write_text(table, encoding="utf-8")
