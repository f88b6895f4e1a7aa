"""One line of JSON for each request.

A line holds no key, no body, no environment value and no message of an exception, which may quote
any of them. `json.dumps` escapes line breaks and all that is not ASCII, so that nothing a caller
sends can break the line or forge another one.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Mapping

MAX_TEXT = 256
"""How many characters of what a caller sent are logged, for each field."""


def write_line(entry: Mapping[str, object]) -> None:
    """Write an entry to the standard output, which Lambda sends to the function's log."""
    print(json.dumps(entry), flush=True)


def shortened(text: str) -> str:
    """The first `MAX_TEXT` characters."""
    return text[:MAX_TEXT]


def trace(error: BaseException) -> str:
    """Where an exception and those that caused it were raised: types and lines, no messages."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    before = trace(cause) if cause else ""
    return f"{before}{''.join(traceback.format_tb(error.__traceback__))}{type(error).__name__}\n"
