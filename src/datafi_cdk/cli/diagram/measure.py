"""How wide text gets; on the wide side, as it is not known which font is there."""

from __future__ import annotations

import re

__all__ = ["wrapped"]

_WIDTH = 0.62
_BREAKS = re.compile(r"(?<=[ /.,:@-])")


def characters(width: float, size: float) -> int:
    """How many characters fit.

    Args:
        width: In pixels.
        size: Of the font, in pixels.
    """
    return int(width / (size * _WIDTH))


def wrapped(text: str, width: float, size: float) -> list[str]:
    """Text in lines that fit, broken at spaces and signs, or anywhere if there are none.

    Args:
        text: The text.
        width: Of the lines, in pixels.
        size: Of the font, in pixels.
    """
    fits = characters(width, size)
    lines = [""]
    for piece in _BREAKS.split(text):
        while len(piece) > fits:
            if lines[-1]:
                lines.append("")
            lines[-1], piece = piece[:fits], piece[fits:]
            lines.append("")
        if len(lines[-1]) + len(piece.rstrip()) > fits:
            lines.append("")
        lines[-1] += piece
    return [line.strip() for line in lines if line.strip()]
