"""Which refusals of the library were used: every place in its code that makes a fault."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datafi_cdk
from datafi_cdk.errors import Fault

_PACKAGE = Path(datafi_cdk.__file__).parent
_FRAMES = 3
"""How far up from where a fault is made the one is that tells what is wrong."""

Place = tuple[str, int]

NETS = (
    "_refusal(path, 'YAML', type(error).__name__, 'correct the file')",
    "Fault(place, f'valid ({message})', concealed(given), 'correct it')",
)
"""Refusals of what nothing is known to do: other errors of ruamel.yaml and pydantic than those that
these are known to find."""


def record(used: set[Place]) -> None:
    """Note, from now on, where faults are made."""
    made = Fault.__init__

    def noting(self: Fault, *args: Any, **kwargs: Any) -> None:
        frame = sys._getframe(1)
        for _ in range(_FRAMES):
            path = Path(frame.f_code.co_filename)
            if path.parent == _PACKAGE:
                used.add((path.stem, frame.f_lineno))
            if frame.f_back is None:
                break
            frame = frame.f_back
        made(self, *args, **kwargs)

    Fault.__init__ = noting  # type: ignore[method-assign]


def unused(used: set[Place], modules: list[str]) -> list[str]:
    """The refusals of some modules that were not used, as `module:line: text`."""
    return [
        f"{module}:{call.lineno}: {ast.unparse(call)[:110]}"
        for module in modules
        for call in refusals(module)
        if ast.unparse(call) not in NETS
        and not any((module, line) in used for line in range(call.lineno, call.end_lineno + 1))
    ]


def refusals(module: str) -> Iterator[Any]:
    """Every call in a module that makes a fault: `Fault(…)`, or a helper that is one around it."""
    tree = ast.parse((_PACKAGE / f"{module}.py").read_text())
    helpers = {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and isinstance(node.returns, ast.Name)
        and node.returns.id in ("Fault", "InvalidInputError")
    }
    for node in ast.walk(tree):
        is_named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if is_named and node.func.id in {"Fault", *helpers}:
            yield node


def modules() -> list[str]:
    """The modules of the library itself that refuse something."""
    return sorted(path.stem for path in _PACKAGE.glob("*.py") if any(refusals(path.stem)))
