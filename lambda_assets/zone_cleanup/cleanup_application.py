"""What the function makes of a request of CloudFormation, and what it answers.

The form of requests and answers:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from typing import Any, Protocol

MAX_REASON = 1024
"""Characters of a reason; CloudFormation takes answers of at most 4096 bytes."""


class Records(Protocol):
    """Removes the validation records of a zone and returns their names."""

    def remove(self, zone_id: str) -> list[str]:
        """Remove them."""


class CleanupApplication:
    """Removes the validation records when the custom resource is deleted; else does nothing.

    The physical id follows from the zone. A zone that is replaced gives another id, upon which
    CloudFormation sends a Delete for the old zone.

    Args:
        records: What removes the records.
        put: Sends an answer to a URL.
    """

    def __init__(self, records: Records, put: Callable[[str, Mapping[str, str]], None]) -> None:
        self._records = records
        self._put = put

    def answer(self, event: Mapping[str, Any], log_stream: str) -> None:
        """Do what the request asks for and answer it, also when that fails.

        Args:
            event: The request.
            log_stream: Where this invocation logs, told to whoever reads of a failure.

        Raises:
            OSError: The answer could not be sent.
        """
        try:
            status, reason = "SUCCESS", self._done(event)
        except Exception as error:
            traceback.print_exc()
            status, reason = "FAILED", _failure(error, log_stream)
        print(status, reason, flush=True)
        self._put(
            event["ResponseURL"],
            {
                "Status": status,
                "Reason": reason,
                "PhysicalResourceId": _physical_id(event),
                "StackId": event["StackId"],
                "RequestId": event["RequestId"],
                "LogicalResourceId": event["LogicalResourceId"],
            },
        )

    def _done(self, event: Mapping[str, Any]) -> str:
        if event["RequestType"] != "Delete":
            return "Nothing to do before the zone is deleted."
        removed = self._records.remove(event["ResourceProperties"]["HostedZoneId"])
        return f"Removed: {', '.join(removed) or 'nothing'}."[:MAX_REASON]


def _physical_id(event: Mapping[str, Any]) -> str:
    if event["RequestType"] == "Delete":
        return str(event["PhysicalResourceId"])
    zone_id = event.get("ResourceProperties", {}).get("HostedZoneId", "unknown")
    return f"acm-validation-records-{zone_id}"


def _failure(error: Exception, log_stream: str) -> str:
    place = f" (log stream {log_stream})"
    return f"{type(error).__name__}: {error}"[: MAX_REASON - len(place)] + place
