"""Gap: CloudFormation tells EventBridge every status of a stack.

As documented at
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/event-detail-stack-status-change.html
"""

from __future__ import annotations

from typing import Any

from . import events


def send_stack_events() -> None:
    """Send an event for each status that ministack's CloudFormation notes for a stack."""
    from ministack.core.responses import request_scope
    from ministack.services.cloudformation import changesets, handlers, stacks

    add_event = stacks._add_event

    def add_and_send(
        stack_id: str,
        stack_name: str,
        logical_id: str,
        resource_type: str,
        status: str,
        reason: str = "",
        physical_id: str = "",
        detailed_status: str = "",
    ) -> None:
        add_event(
            stack_id,
            stack_name,
            logical_id,
            resource_type,
            status,
            reason,
            physical_id,
            detailed_status,
        )
        of_the_stack = logical_id == stack_name and physical_id in ("", stack_id)
        if resource_type != "AWS::CloudFormation::Stack" or not of_the_stack:
            return
        _, _, _, region, account, _ = stack_id.split(":", 5)
        detail: dict[str, Any] = {
            "stack-id": stack_id,
            "status-details": {"status": status, "status-reason": reason},
            "client-request-token": stacks.CLIENT_REQUEST_TOKEN.get(),
        }
        with request_scope(account, region):
            events.send(
                "aws.cloudformation", "CloudFormation Stack Status Change", stack_id, detail
            )

    for module in (stacks, changesets, handlers):
        module._add_event = add_and_send
