"""Which requests the conditions of listener rules let through."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .load_balancing import Condition, Rule
from .network import covers

__all__ = ["pattern_covers", "shadows"]


def pattern_covers(wide: str, narrow: str, *, ignore_case: bool = False) -> bool:
    """Whether every text that one pattern with `*` and `?` matches is matched by another.

    Args:
        wide: The pattern that may match more.
        narrow: The pattern, or text, that may match less.
        ignore_case: Whether capital letters are as small ones, as in names of hosts.
    """
    if wide.startswith("regex ") or narrow.startswith("regex "):
        return wide == narrow
    expression = "".join(
        ".*" if part == "*" else "[^*]" if part == "?" else re.escape(part)
        for part in re.split(r"([*?])", wide)
    )
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
    return re.fullmatch(expression, narrow, flags) is not None


def shadows(first: Rule, second: Rule, host: str | None = None) -> bool:
    """Whether a rule takes all requests that a later rule is for.

    Args:
        first: The rule that is tried before.
        second: The rule that is tried after.
        host: Look at the requests for this name only. Default: at all.
    """
    return all(
        _covered(condition, _of_field(second, condition.field, host))
        for condition in first.conditions
    )


def _of_field(rule: Rule, field: str, host: str | None) -> list[tuple[str, ...]]:
    """The values of all conditions on a field: a request must meet each of them."""
    if field == "host-header" and host is not None:
        return [(host,)]
    return [condition.values for condition in rule.conditions if condition.field == field]


def _covered(wide: Condition, narrow: Iterable[tuple[str, ...]]) -> bool:
    return any(
        all(any(_value_covers(wide.field, one, other) for one in wide.values) for other in values)
        for values in narrow
    )


def _value_covers(field: str, wide: str, narrow: str) -> bool:
    if field == "source-ip":
        return covers(wide, narrow)
    if field == "http-request-method":
        return wide == narrow
    return pattern_covers(wide, narrow, ignore_case=field != "path-pattern")
