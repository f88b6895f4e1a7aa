"""Gap: `Ref` of `AWS::SecretsManager::Secret` is the secret's ARN, not its name.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-secretsmanager-secret.html
"""

from __future__ import annotations

from .registry import Created, Handler, Properties

SECRET = "AWS::SecretsManager::Secret"  # noqa: S105 - the name of a type

_SUFFIX_LENGTH = len("-AbCdEf")


def _name(arn: str) -> str:
    return arn.rpartition(":secret:")[2][:-_SUFFIX_LENGTH]


def wrap_secret(handler: Handler) -> Handler:
    """Handlers whose physical id is the ARN."""

    def create(logical_id: str, properties: Properties, stack_name: str) -> Created:
        _, attributes = handler["create"](logical_id, properties, stack_name)
        return attributes["Arn"], attributes

    def update(
        arn: str, old: Properties, new: Properties, stack_name: str, logical_id: str
    ) -> Created:
        _, attributes = handler["update"](_name(arn), old, new, stack_name, logical_id)
        return attributes.get("Arn", arn), attributes

    def delete(arn: str, properties: Properties) -> None:
        handler["delete"](_name(arn), properties)

    return {"create": create, "update": update, "delete": delete}
