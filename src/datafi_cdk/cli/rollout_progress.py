"""Watches a rollout until it has ended."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from .output import error_console
from .update_client import Unreachable

_GOES_ON = "IN_PROGRESS"
_SILENCE_SECONDS = 120.0


def wait_for_rollout(
    report: Callable[[], dict[str, Any]], request_id: str, *, poll_seconds: float
) -> tuple[str, dict[str, Any]]:
    """Show how a rollout goes until it is stable, has failed or was rolled back.

    On a terminal it is a bar; elsewhere a line is written whenever something changes.

    Args:
        report: Asks the update API.
        request_id: The request that began the rollout.
        poll_seconds: How long to wait between two questions.

    Returns:
        The result (`COMPLETED`, `FAILED`, `ROLLED_BACK` or `SUPERSEDED`) and the last report.

    Raises:
        CommandError: The update API refuses, or has not answered for two minutes.
    """
    view = _View()
    with view:
        heard = time.monotonic()
        result = None
        while True:
            try:
                seen = report()
            except Unreachable:
                if time.monotonic() - heard > _SILENCE_SECONDS:
                    raise
            else:
                heard = time.monotonic()
                result = _result(seen, request_id, before=result)
                view.show(result, seen)
                if result != _GOES_ON:
                    return result, seen
            time.sleep(poll_seconds)


def _result(report: dict[str, Any], request_id: str, *, before: str | None) -> str:
    for update in report["updates"]:
        if update["requestId"] == request_id:
            return str(update["result"])
    # Reports lag behind at first; later, others have taken its place among the last updates.
    return "SUPERSEDED" if before else _GOES_ON


class _View:
    """A bar on a terminal, lines elsewhere."""

    def __init__(self) -> None:
        self._console = error_console()
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[tasks]}"),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._task = self._progress.add_task("rollout", total=None, tasks="")
        self._shown = ""

    def __enter__(self) -> None:
        self._progress.start()

    def __exit__(self, *_error: object) -> None:
        self._progress.stop()

    def show(self, result: str, report: dict[str, Any]) -> None:
        tasks = report["tasks"]
        told = f"{tasks['running']} of {tasks['desired']} tasks run, {tasks['pending']} start"
        self._progress.update(self._task, description=result, tasks=told)
        line = f"{result}: {told}"
        if not self._console.is_terminal and line != self._shown:
            self._console.print(line, markup=False)
        self._shown = line
