"""Stacks and their resources, as the templates have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Resource", "ResourceId", "Stack"]


@dataclass(frozen=True, order=True)
class ResourceId:
    """Which resource it is, in all of the assembly.

    Args:
        stack: The `id` of its stack.
        logical_id: Its name in the template.

    Example:
        >>> ResourceId("Edge", "EsService").logical_id
        'EsService'
    """

    stack: str
    logical_id: str


@dataclass(frozen=True)
class Resource:
    """One resource as the template has it; nothing in it is resolved.

    Args:
        id: Which one.
        type: For example `AWS::ECS::Service`.
        properties: Its `Properties`.
        path: The path of its construct, without the last `/Resource`; the logical id if unknown.
        depends: Logical ids in its `DependsOn`. Default: none.
        deletion_policy: What happens when it leaves the stack, in CloudFormation's words. Default:
            what CloudFormation does with its type.
        condition: The condition it is made under. Default: made always.

    Example:
        ```python
        for bucket in read_assembly("cdk.out").of_type("AWS::S3::Bucket"):
            print(bucket.path, bucket.deletion_policy)
        ```
    """

    id: ResourceId
    type: str
    properties: Mapping[str, Any] = field(repr=False)
    path: str
    depends: tuple[str, ...] = ()
    deletion_policy: str | None = None
    condition: str | None = None


@dataclass(frozen=True)
class Stack:
    """One stack, or one nested stack.

    Args:
        id: Unique in the assembly: the artifact's, or the parent's and the logical id.
        name: What the stack is called in CloudFormation; for a nested one its `id`.
        account: The account's number. Default: known at deployment only.
        region: The region's name. Default: known at deployment only.
        template: All of the template.
        resources: Those of the template, by their logical id.
        parent: The resource of the parent stack that makes it. Default: it is not nested.
        dependencies: Ids of stacks that are deployed before. Default: none.

    Example:
        ```python
        for stack in read_assembly("cdk.out").stacks:
            print(stack.name, stack.region, list(stack.section("Outputs")))
        ```
    """

    id: str
    name: str
    account: str | None
    region: str | None
    template: Mapping[str, Any] = field(repr=False)
    resources: tuple[Resource, ...]
    parent: ResourceId | None = None
    dependencies: tuple[str, ...] = ()

    @property
    def environment(self) -> tuple[str | None, str | None]:
        """Account and region."""
        return self.account, self.region

    def section(self, name: str) -> Mapping[str, Any]:
        """A section of the template; empty if it has none.

        Args:
            name: Its name, such as `Parameters`.
        """
        found = self.template.get(name, {})
        return found if isinstance(found, dict) else {}
