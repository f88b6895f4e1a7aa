"""A plugin of pytest that writes down which refusals the tests of a run come to.

Each process of the run has a file in the folder that the variable `DATAFI_REFUSALS` names; each
line in it is a module and a line of that.
"""

from __future__ import annotations

import os
from pathlib import Path

from refusals import Place, record

_USED: set[Place] = set()
record(_USED)


def pytest_sessionfinish() -> None:
    """Write them down."""
    lines = [f"{module} {line}\n" for module, line in sorted(_USED)]
    file = Path(os.environ["DATAFI_REFUSALS"], str(os.getpid()))
    file.write_text("".join(lines))
