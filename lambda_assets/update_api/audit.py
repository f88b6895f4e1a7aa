"""Tells the account's event bus of everything that the update API changes.

IAM: `events:PutEvents` on the default event bus.
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from api_errors import AwsFault
from aws_call import aws_call

SOURCE = "datafi.update-api"
DETAIL_TYPE = "Datafi Service Update"

_ACTION = "events:PutEvents"


class EventsClient(Protocol):
    """What is used of an EventBridge client. The arguments' names are AWS's."""

    def put_events(self, **parameters: Any) -> dict[str, Any]:
        """Send events."""


class Audit:
    """Sends one event for each change.

    Args:
        client: Client for EventBridge.
    """

    def __init__(self, client: EventsClient) -> None:
        """Send nothing yet."""
        self._client = client

    def tell(self, detail: Mapping[str, object]) -> None:
        """Send one event to the default event bus.

        Args:
            detail: What happened: `service`, `action`, `from`, `to`, `by`, `requestId`, `result`.

        Raises:
            AwsFault: The call failed, or the event was not taken.
        """
        entry = {"Source": SOURCE, "DetailType": DETAIL_TYPE, "Detail": json.dumps(detail)}
        answer = aws_call(_ACTION, self._client.put_events, Entries=[entry])
        for result in answer.get("Entries", []):
            if result.get("ErrorCode"):
                raise AwsFault(_ACTION, result["ErrorCode"])
