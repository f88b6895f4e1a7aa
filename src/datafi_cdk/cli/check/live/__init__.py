"""`datafi-cdk check --live`: tries the names of a deployment as its users do."""

from __future__ import annotations

from .trial import try_names

__all__ = ["try_names"]
