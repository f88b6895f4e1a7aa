"""Lets one run of the command after the other change the files of a directory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Wait until no other run changes a file there, and keep others waiting meanwhile.

    On Windows, which locks no directories, nobody waits.

    Args:
        directory: The directory of the file.

    Raises:
        OSError: It is not there.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
