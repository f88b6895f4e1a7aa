"""How the outputs of a `DatafiEdgeStack` are named."""

from __future__ import annotations

import hashlib


def output_prefix(name: str) -> str:
    """A server's name as an output's may be: letters and digits, and no two names alike.

    Args:
        name: The first label of the server's host name.

    Example:
        >>> output_prefix("es")
        'Es'
    """
    words = name.split("-")
    distinction = hashlib.sha256(name.encode()).hexdigest()[:6] if len(words) > 1 else ""
    return "".join(word.capitalize() for word in words) + distinction
