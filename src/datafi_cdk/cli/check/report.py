"""Shows what was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.markup import escape

from ..output import console, print_json, table
from .finding import Finding, Status

_COLOURS = {Status.PASS: "green", Status.WARN: "yellow", Status.FAIL: "bold red"}


def show(config: Path, findings: Sequence[Finding], *, as_json: bool) -> None:
    """Write all findings to standard output, as a table or as JSON.

    Args:
        config: The file that was checked.
        findings: What was found, in order.
        as_json: Whether as JSON.
    """
    counts = Counter(finding.status for finding in findings)
    if as_json:
        print_json(
            {
                "config": str(config),
                "findings": [
                    {
                        "status": finding.status.value,
                        "subject": finding.subject,
                        "text": finding.text,
                        "remedy": finding.remedy or None,
                    }
                    for finding in findings
                ],
                "counts": {status.value: counts[status] for status in Status},
            }
        )
        return
    rows = table("", "what", "found", "remedy")
    rows.columns[0].no_wrap = True
    for finding in findings:
        colour = _COLOURS[finding.status]
        words = map(escape, (finding.subject, finding.text, finding.remedy))
        rows.add_row(f"[{colour}]{finding.status}[/]", *words)
    console().print(rows)
    console().print(", ".join(f"{counts[status]} {status}" for status in Status))
