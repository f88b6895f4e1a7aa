"""`python -m benchmarks`: measure, write the figures, and say which targets are met."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from .imports import measure_imports
from .report import machine, tables, write
from .synthesis import measure_synthesis
from .targets import targets


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and report.

    Args:
        arguments: The command line. Default: that of the process.

    Returns:
        1 if `--check` is given and a target is missed, else 0.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="of each measurement; default: 5")
    parser.add_argument(
        "--output", type=Path, help="folder for benchmarks.json and benchmarks.md; default: none"
    )
    parser.add_argument(
        "--check", action="store_true", help="end with exit code 1 if a target is missed"
    )
    parser.add_argument(
        "--without-deployment", action="store_true", help="leave out the embedded AWS"
    )
    said = parser.parse_args(arguments)
    figures = {
        "machine": machine(),
        "runs": said.runs,
        "imports": measure_imports(said.runs),
        "synthesis": measure_synthesis(said.runs),
    }
    if not said.without_deployment:
        from .update_lambda import measure_deployments

        figures["deployment"] = measure_deployments(said.runs)
    found = targets(figures)
    figures["targets"] = [{**each._asdict(), "met": each.is_met} for each in found]
    table = tables(figures, found)
    print(table)
    if said.output:
        write(said.output, figures, table)
    return int(said.check and not all(each.is_met for each in found))


if __name__ == "__main__":
    sys.exit(main())
