"""One line of JSON for each request or event, which is its metrics as well.

A line holds no key, no body, no environment value and no message of an exception, which may quote
any of them. `json.dumps` escapes line breaks and all that is not ASCII, so that nothing a caller
sends can break the line or forge another one.

The member `_aws` makes CloudWatch read metrics from the line (embedded metric format):
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Mapping
from datetime import datetime

MAX_TEXT = 256
"""How many characters of what a caller sent are logged, for each field."""

NAMESPACE = "Datafi/UpdateApi"
_UNITS = {
    "Requests": "Count",
    "Updates": "Count",
    "Refusals": "Count",
    "Faults": "Count",
    "durationMs": "Milliseconds",
}


def write_line(entry: Mapping[str, object]) -> None:
    """Write an entry to the standard output, which Lambda sends to the function's log."""
    print(json.dumps(entry), flush=True)


def metrics(now: datetime, *, status: int, updated: bool) -> dict[str, object]:
    """The members that make an entry with `service` and `durationMs` carry metrics.

    Args:
        now: The time of day.
        status: HTTP status of the answer.
        updated: Whether something was deployed.
    """
    directive = {
        "Namespace": NAMESPACE,
        "Dimensions": [["service"]],
        "Metrics": [{"Name": name, "Unit": unit} for name, unit in _UNITS.items()],
    }
    return {
        "Requests": 1,
        "Updates": int(updated),
        "Refusals": int(400 <= status < 500),
        "Faults": int(status >= 500),
        "_aws": {
            "Timestamp": int(now.timestamp() * 1000),
            "CloudWatchMetrics": [directive],
        },
    }


def shortened(text: str) -> str:
    """The first `MAX_TEXT` characters."""
    return text[:MAX_TEXT]


def trace(error: BaseException) -> str:
    """Where an exception and those that caused it were raised: types and lines, no messages."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    before = trace(cause) if cause else ""
    return f"{before}{''.join(traceback.format_tb(error.__traceback__))}{type(error).__name__}\n"
