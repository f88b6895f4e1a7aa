"""The values that the user has: in the environment, and in shell files."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from .env_file import read_env_file
from .targets import Wanted
from .values import normalized

_LOOKS_MEANT = re.compile(
    r"((ES[0-9]+|CO)_\w+|JWT_JWKS|(\w+_)?UPDATE_API_SECRET|ACR_(USERNAME|PASSWORD))"
)


class GivenValues:
    """The variables of the environment and of files, all of which must agree.

    Args:
        env_files: Shell files.

    Raises:
        CommandError: A file cannot be read, or does more than name values.
    """

    def __init__(self, env_files: Sequence[Path]) -> None:
        """Read the files."""
        self._files = {str(path): read_env_file(path) for path in env_files}
        self._sources = {"the environment": dict(os.environ), **self._files}
        self._used: set[str] = set()

    def value(self, wanted: Wanted) -> tuple[str | None, str | None]:
        """Look for a value.

        Args:
            wanted: What is looked for.

        Returns:
            The value without white space of the shell, and what is wrong; each may be `None`.
        """
        self._used.update(wanted.names)
        found = {
            (name, source): normalized(wanted.variable, variables[name])
            for source, variables in self._sources.items()
            for name in wanted.names
            if variables.get(name, "").strip()
        }
        if len(set(found.values())) > 1:
            places = " and ".join(f"{name} of {source}" for name, source in found)
            return None, f"{places} must be the same value, or only one of them given; remove one"
        return next(iter(found.values()), None), None

    def unused(self) -> list[str]:
        """The variables that look as if they were meant, and for which there is no use."""
        names = {name for variables in self._sources.values() for name in variables}
        return sorted(n for n in names - self._used if _LOOKS_MEANT.fullmatch(n))
