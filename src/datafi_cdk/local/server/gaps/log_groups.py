"""Gap: the names that CloudFormation makes for log groups are new each time.

So a log group that was kept does not get in the way of the stack's next deployment. See
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-loggroup.html
"""

from __future__ import annotations

import secrets

from .registry import Created, Handler, Properties

LOG_GROUP = "AWS::Logs::LogGroup"

_NAME = "LogGroupName"


def wrap_log_group(handler: Handler) -> Handler:
    """Handlers that make up a name where the template has none, and keep it in updates."""

    def named(properties: Properties, logical_id: str, stack_name: str) -> Properties:
        made = f"{stack_name}-{logical_id}-{secrets.token_hex(6)}"
        return {**properties, _NAME: properties.get(_NAME) or made}

    def create(logical_id: str, properties: Properties, stack_name: str) -> Created:
        created: Created = handler["create"](
            logical_id, named(properties, logical_id, stack_name), stack_name
        )
        return created

    def update(
        name: str, old: Properties, new: Properties, stack_name: str, logical_id: str
    ) -> Created:
        if _NAME not in old and _NAME not in new:
            new = {**new, _NAME: name}
        updated: Created = handler["update"](
            name, old, named(new, logical_id, stack_name), stack_name, logical_id
        )
        return updated

    return {"create": create, "update": update}
