"""Makes the next revision of a task definition from a described one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from api_errors import AwsFault
from image_reference import ImageReference

_DESCRIBE = "ecs:DescribeTaskDefinition"


@dataclass(frozen=True)
class Revision:
    """A task definition revision, as described.

    Attributes:
        arn: Its ARN.
        image: The image of the container that is updated.
        container_name: The name of that container.
        description: All of DescribeTaskDefinition's answer that can be registered, and more.
    """

    arn: str
    image: ImageReference
    container_name: str
    description: dict[str, Any]

    @classmethod
    def from_answer(cls, answer: dict[str, Any], container_name: str) -> Revision:
        """Read the answer of DescribeTaskDefinition, asked with `include=["TAGS"]`.

        Raises:
            AwsFault: No container of that name, or it has no image.
        """
        definition = answer["taskDefinition"]
        images = [
            container.get("image")
            for container in definition["containerDefinitions"]
            if container["name"] == container_name
        ]
        if not images or not images[0]:
            raise AwsFault(_DESCRIBE, "ContainerNotFound")
        description = {**definition, "tags": _own_tags(answer.get("tags", []))}
        return cls(
            definition["taskDefinitionArn"],
            ImageReference.parse(images[0]),
            container_name,
            description,
        )

    def registration(self, image: ImageReference, registerable: Collection[str]) -> dict[str, Any]:
        """Parameters that register this revision again, with one image changed.

        Args:
            image: The new image of the container.
            registerable: The members that RegisterTaskDefinition takes.

        Returns:
            Everything of the description that can be registered. Without tags, no `tags`: then
            the call needs no `ecs:TagResource`.
        """
        parameters = {k: v for k, v in self.description.items() if k in registerable}
        parameters["containerDefinitions"] = [
            {**container, "image": str(image)}
            if container["name"] == self.container_name
            else container
            for container in self.description["containerDefinitions"]
        ]
        if not parameters["tags"]:
            del parameters["tags"]
        return parameters


def _own_tags(tags: list[dict[str, str]]) -> list[dict[str, str]]:
    """The tags that a caller may set: RegisterTaskDefinition reserves keys that start with `aws:`.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
    """
    return [tag for tag in tags if not tag["key"].lower().startswith("aws:")]
