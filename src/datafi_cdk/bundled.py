"""Finds the folders that ship with the library but live beside its source in a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parent.parent


def bundled(folder: str) -> Path:
    """The folder `lambda_assets/…` or `examples/…` of this installation.

    A wheel carries them inside the package; an editable install reads them from the checkout.

    Args:
        folder: Path relative to the checkout's root, with `/`.

    Raises:
        FileNotFoundError: The installation is damaged: neither place has the folder.
    """
    for root in (_PACKAGE, _CHECKOUT):
        if (root / folder).is_dir():
            return root / folder
    raise FileNotFoundError(
        f"{folder} is neither in {_PACKAGE} nor in {_CHECKOUT}: reinstall datafi-cdk."
    )
