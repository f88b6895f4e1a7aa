"""How tokens are signed."""

from __future__ import annotations

from enum import StrEnum


class Algorithm(StrEnum):
    """How tokens are signed: with RSA of 2048 bits, or with ECDSA on the curve P-256."""

    RS256 = "RS256"
    ES256 = "ES256"
