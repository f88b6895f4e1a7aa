"""What synthesizing an app costs: the floor, the reference deployment, and each added server."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from .apps import FLOOR, REFERENCE, WITHOUT_VALIDATION, servers
from .processes import run_python
from .sampling import medians_of

COUNTS = (1, 10, 30)
"""How many servers the apps have that growth is read from."""
KINDS = {"own update APIs": False, "shared update API": True}
"""Whether the servers share their update API."""

_COUNTING = """
import atexit
from jsii._kernel.providers.process import _NodeProcess

send, requests = _NodeProcess.send, []


def counted(self, request, response_type):
    requests.append(type(request).__name__)
    return send(self, request, response_type)


_NodeProcess.send = counted
atexit.register(lambda: print("jsii requests:", len(requests)))
"""


def measure_synthesis(runs: int) -> dict[str, Any]:
    """Time and processor time of whole `python app.py` runs, each in a process of its own.

    Args:
        runs: How often each is measured.
    """
    apps: dict[str, Callable[[str], str]] = {
        "floor": _floor,
        "reference": _reference,
        "floor, without CDK's validation": lambda outdir: WITHOUT_VALIDATION + _floor(outdir),
        "reference, without CDK's validation": lambda outdir: (
            WITHOUT_VALIDATION + _reference(outdir)
        ),
    }
    for kind, shared in KINDS.items():
        for count in COUNTS:
            apps[f"{count} servers, {kind}"] = _app(count, shared)
    timed = medians_of({name: partial(_timed, app) for name, app in apps.items()}, runs)
    for name, app in apps.items():
        timed[name] |= _counted(app)
    return {"apps": timed, "per server": {kind: _per_server(timed, kind) for kind in KINDS}}


def _floor(outdir: str) -> str:
    return FLOOR.format(outdir=outdir)


def _reference(outdir: str) -> str:
    datafi_yaml = str(Path(__file__).with_name("reference.yaml"))
    return REFERENCE.format(outdir=outdir, datafi_yaml=datafi_yaml)


def _app(count: int, shared: bool) -> Callable[[str], str]:
    return lambda outdir: servers(count, shared=shared, outdir=outdir)


def _timed(app: Callable[[str], str]) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as outdir:
        run = run_python(app(outdir))
    return {"ms": run.seconds * 1000, "cpu ms": run.cpu_seconds * 1000}


def _counted(app: Callable[[str], str]) -> dict[str, float]:
    """What is the same in each run: requests to Node.js, resources and bytes of the templates."""
    with tempfile.TemporaryDirectory() as outdir:
        output = run_python(_COUNTING + app(outdir)).output
        templates = [path.read_bytes() for path in Path(outdir).glob("*.template.json")]
    return {
        "jsii requests": float(output.rpartition("jsii requests:")[2]),
        "resources": sum(len(json.loads(each).get("Resources", {})) for each in templates),
        "template bytes": sum(map(len, templates)),
    }


def _per_server(timed: Mapping[str, Mapping[str, float]], kind: str) -> dict[str, Any]:
    """How much each figure grows with a server, over all of them and over the first ones.

    The steps are from the first to the second number of servers, and from there to the last.
    """
    few, some, many = (timed[f"{count} servers, {kind}"] for count in COUNTS)
    figures = ("ms", "cpu ms", "least ms", "jsii requests", "resources", "template bytes")
    grown: dict[str, Any] = {
        name: (many[name] - few[name]) / (COUNTS[2] - COUNTS[0]) for name in figures
    }
    step = COUNTS[1] - COUNTS[0]
    grown["resources, first step"] = (some["resources"] - few["resources"]) / step
    for name in ("ms", "cpu ms", "jsii requests"):
        first = (some[name] - few[name]) / step
        last = (many[name] - some[name]) / (COUNTS[2] - COUNTS[1])
        grown[f"{name}, first and last step"] = [first, last]
    return grown
