"""How wide text gets; on the wide side, as it is not known which font is there."""

from __future__ import annotations

from ..describe.words import broken

__all__ = ["wrapped"]

_WIDTH = 0.62


def wrapped(text: str, width: float, size: float) -> list[str]:
    """Text in lines that fit.

    Args:
        text: The text.
        width: Of the lines, in pixels.
        size: Of the font, in pixels.
    """
    return broken(text, int(width / (size * _WIDTH)))
