"""Which lines of a log the filters of CloudWatch Logs match, as far as the library uses them.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

from __future__ import annotations

import json
import re
from typing import Any

_TERM = re.compile(r"\(?\s*\$\.(?P<path>[\w.\[\]]+) (?P<operator>=|>=) (?P<value>\S+?)\s*\)?")


def matches(pattern: str, line: str) -> bool:
    """Whether a line matches a pattern of alternatives; one that is no JSON matches none."""
    inside = re.fullmatch(r"\{ (.+) \}", pattern)
    assert inside, pattern
    try:
        entry = json.loads(line)
    except ValueError:
        return False
    return any(_holds(term, entry) for term in inside[1].split("||"))


def _holds(term: str, entry: Any) -> bool:
    found = _TERM.fullmatch(term.strip())
    assert found, term
    value = entry
    for step in re.findall(r"\w+", found["path"]):
        try:
            value = value[int(step)] if isinstance(value, list) else value[step]
        except (KeyError, IndexError, TypeError, ValueError):
            return False
    if found["value"] == '"*"':
        return isinstance(value, str)
    if not isinstance(value, int | float):
        return False
    wanted = float(found["value"])
    return value >= wanted if found["operator"] == ">=" else value == wanted
