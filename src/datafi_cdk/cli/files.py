"""Writes files whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ..errors import CommandError


def replace_file(path: Path, text: str, *, mode: int | None = None) -> None:
    """Write a file so that readers see the old one or the new one, and a failure leaves the old.

    Args:
        path: The file; if it is a symbolic link, what that points at.
        text: Its new contents.
        mode: Its permissions. Default: those of the file that is replaced, or what the process
            gives to new files.

    Raises:
        OSError: It cannot be written.
    """
    path = path.resolve()
    if mode is None:
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
    written = _write_beside(path, text, mode)
    try:
        written.replace(path)
    except BaseException:
        written.unlink()
        raise


def require_writable(path: Path) -> None:
    """Refuse a file that `replace_file` could not write, before there is something to write.

    Args:
        path: The file.

    Raises:
        CommandError: Its folder takes no new files from this user.
    """
    folder = path.resolve().parent
    if not os.access(folder, os.W_OK | os.X_OK):
        raise CommandError(
            f"{path} cannot be replaced, as nothing can be written to {folder};"
            " check its permissions"
        )


def create_file(path: Path, text: str, *, mode: int | None = None) -> None:
    """Write a file that must not be there yet, whole or not at all.

    Args:
        path: The file.
        text: Its contents.
        mode: Its permissions. Default: what the process gives to new files.

    Raises:
        CommandError: It is there already.
        OSError: It cannot be written.
    """
    written = _write_beside(path, text, 0o666 & ~_umask() if mode is None else mode)
    try:
        os.link(written, path)
    except FileExistsError:
        raise CommandError(
            f"{path} is there already and is not overwritten; name another file, or move that"
        ) from None
    finally:
        written.unlink()


def _write_beside(path: Path, text: str, mode: int) -> Path:
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        written = Path(name)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            written.chmod(mode)
        except BaseException:
            written.unlink()
            raise
    except OSError as error:
        # Nobody knows the file beside it, and a full disk names none.
        error.filename = str(path)
        raise
    return written


def _umask() -> int:
    current = os.umask(0o077)
    os.umask(current)
    return current
