"""Gap: what the rollback of a first deployment could not delete stays in the stack.

So that the stack's deletion tries again, where ministack forgets it. See
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-console-delete-stack.html
"""

from __future__ import annotations

from typing import Any


def keep_what_was_not_deleted() -> None:
    """Leave in a stack whose rollback failed what could not be deleted."""
    from ministack.services.cloudformation import handlers, stacks

    roll_back = stacks._roll_back_operation

    async def roll_back_and_keep(
        stack_name: str, stack_id: str, stack: dict[str, Any], *operation: Any, **options: Any
    ) -> None:
        made = dict(stack["_resources"])
        await roll_back(stack_name, stack_id, stack, *operation, **options)
        if stack["StackStatus"] == "ROLLBACK_FAILED":
            for logical_id in stack["_rollback_failed"]:
                kept = {**made[logical_id], "ResourceStatus": "DELETE_FAILED"}
                stack["_resources"][logical_id] = kept

    for module in (handlers, stacks):
        if hasattr(module, "_roll_back_operation"):
            module._roll_back_operation = roll_back_and_keep
