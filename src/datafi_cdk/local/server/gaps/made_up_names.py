"""Gap: the names that CloudFormation makes for log groups and queues are new each time.

So what was kept does not get in the way of the stack's next deployment. See
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html
"""

from __future__ import annotations

import secrets

from .registry import Created, Handler, Properties

LOG_GROUP = "AWS::Logs::LogGroup"
QUEUE = "AWS::SQS::Queue"


def wrap_log_group(handler: Handler) -> Handler:
    """Handlers that make up a name where the template has none, and keep it in updates."""
    return _with_names(handler, "LogGroupName")


def wrap_queue(handler: Handler) -> Handler:
    """The same of queues, which the stack knows by their addresses."""
    return _with_names(handler, "QueueName")


def _with_names(handler: Handler, key: str) -> Handler:
    def named(properties: Properties, logical_id: str, stack_name: str) -> Properties:
        made = f"{stack_name}-{logical_id}-{secrets.token_hex(6)}"
        return {**properties, key: properties.get(key) or made}

    def create(logical_id: str, properties: Properties, stack_name: str) -> Created:
        created: Created = handler["create"](
            logical_id, named(properties, logical_id, stack_name), stack_name
        )
        return created

    def update(
        name: str, old: Properties, new: Properties, stack_name: str, logical_id: str
    ) -> Created:
        if key not in old and key not in new:
            new = {**new, key: name.rpartition("/")[2] if key == "QueueName" else name}
        updated: Created = handler["update"](
            name, old, named(new, logical_id, stack_name), stack_name, logical_id
        )
        return updated

    return {"create": create, "update": update}
