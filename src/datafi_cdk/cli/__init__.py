"""The `datafi-cdk` command (extra `cli`)."""

from __future__ import annotations

import io
import sys

__all__ = ["main"]

_MISSING_EXTRA = (
    "datafi-cdk: the command needs packages that are not installed ({module}); "
    "install them with: pip install 'datafi-cdk[cli,local]'"
)


def main() -> None:
    """Run the command line, and end the process with its exit code.

    Example:
        ```sh
        datafi-cdk --help
        ```
    """
    try:
        from .commands import app
    except KeyboardInterrupt:
        sys.exit(130)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("datafi_cdk"):
            raise
        sys.exit(_MISSING_EXTRA.format(module=error.name))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal or pipe that cannot show a letter of a name is no error.
            stream.reconfigure(errors="backslashreplace")
    app()
