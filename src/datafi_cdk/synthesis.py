"""How constructs refuse input: with the path of the construct, and all faults at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from aws_cdk import Token
from constructs import Construct

from .errors import Fault, InvalidInputError
from .validation import located

_Value = TypeVar("_Value", str, int)


def concrete(value: _Value | None) -> _Value | None:
    """The value, or `None` if it is known only at deployment (an unresolved token)."""
    return None if value is None or Token.is_unresolved(value) else value


def refuse(construct: Construct, faults: Iterable[Fault]) -> None:
    """Raise `InvalidInputError` for a construct if there is any fault."""
    found = located(f"{construct.node.path}: ", faults)
    if found:
        raise InvalidInputError(found)
