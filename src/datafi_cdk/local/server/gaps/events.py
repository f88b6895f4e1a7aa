"""Events that a service sends by itself to the default bus of ministack's EventBridge."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def send(source: str, detail_type: str, resource: str, detail: Mapping[str, Any]) -> None:
    """Put an event on the default bus, whose rules then call their targets.

    Args:
        source: The service, e.g. "aws.ecs".
        detail_type: What happened, e.g. "ECS Deployment State Change".
        resource: The ARN of the one resource that it happened to.
        detail: The event's `detail`.
    """
    from ministack.services import eventbridge

    entry = {
        "Source": source,
        "DetailType": detail_type,
        "Resources": [resource],
        "Detail": json.dumps(detail),
    }
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
