"""The image of a server, with the version that is live in place of the one in the code."""

from __future__ import annotations

import re

from aws_cdk import Fn, Token, Tokenization
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from .errors import Fault
from .image_version import ImageVersion
from .service_settings import DEFAULT_TAG
from .validation import is_digest, version_faults
from .version_parameter import (
    existing_parameter_faults,
    keep_version,
    live_version,
    own_parameter_name,
    versions_stack_faults,
)

_ASSET = re.compile("[0-9a-f]{64}$")


class LiveImage(ecs.ContainerImage):
    """An image in the version that is live.

    Only what stands after the repository is exchanged: what the image grants, and how ECS logs in
    to its registry, stay as they are.

    Args:
        service: The service that runs it.
        image: The image as the code says it.
        version: Where its version is decided. Default: in a parameter of the service, unless it is
            an image whose version the code does not say: one that CDK builds, or a token.
    """

    parameter_name: str | None
    """The parameter that holds the version, once a container has the image, or `None`."""
    faults: list[Fault]
    """What cannot work, once a container has the image: CDK would conceal what `bind` raises."""

    def __init__(
        self, service: Construct, image: ecs.ContainerImage, version: ImageVersion | None
    ) -> None:
        super().__init__()
        self._service = service
        self._image = image
        self._version = version
        self.parameter_name = None
        self.faults = []

    def bind(
        self, scope: Construct, container_definition: ecs.ContainerDefinition
    ) -> ecs.ContainerImageConfig:
        """Bind the image, and exchange its version."""
        config = self._image.bind(scope, container_definition)
        return ecs.ContainerImageConfig(
            image_name=self._live_name(config.image_name),
            repository_credentials=config.repository_credentials,
        )

    def _live_name(self, name: str) -> str:
        is_built = isinstance(self._image, ecs.AssetImage)
        repository, reference = (None, "") if is_built else _split(name)
        if repository is None:
            if self._version is not None:
                allowed = "left out with an image whose version is not known at synthesis"
                self.faults.append(Fault("image_version", allowed, "both", "leave it out"))
            return name
        if self._version and self._version.reference:
            fixed = self._version.reference
            return f"{repository}{'@' if is_digest(fixed) else ':'}{fixed}"
        return self._kept_name(repository, reference)

    def _kept_name(self, repository: str, reference: str) -> str:
        """The image by what its parameter holds: after a colon if a tag, after an @ if a digest.

        A tag holds no colon, so that only before a digest there is a place to split. Sources:
        https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-join.html
        and
        https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-split.html
        """
        self.parameter_name = self._version.parameter_name if self._version else None
        if self.parameter_name is None:
            self.faults += versions_stack_faults(self._service)
            if self.faults:
                return repository
            self.parameter_name = own_parameter_name(self._service)
            keep_version(self._service, self.parameter_name, reference)
        else:
            self.faults += existing_parameter_faults(self._service, self.parameter_name)
        live = live_version(self._service, self.parameter_name)
        return Fn.join("@sha256:", Fn.split(":sha256:", f"{repository}:{live}"))


def _split(name: str) -> tuple[str | None, str]:
    """The repository of an image, and its tag or digest; no repository if that is not seen.

    References to other resources may stand in the repository. The hash at the end of an asset's tag
    tells an image that CDK builds.
    """
    text = _literal_end(name)
    tail = text.rpartition("/")[2]
    mark = "@" if "@" in tail else ":"
    _, found, reference = tail.partition(mark)
    if not found:
        if "/" not in text and text != name:
            return None, ""
        reference = DEFAULT_TAG
    if version_faults(reference) or (mark == ":" and _ASSET.search(reference)):
        return None, ""
    untagged = tail.partition("@")[0].partition(":")[0]
    return name[: len(name) - len(tail)] + untagged, reference


def _literal_end(name: str) -> str:
    """What stands after the last token of a string."""
    if not Token.is_unresolved(name):
        return name
    last = Tokenization.reverse_string(name).tokens[-1]
    return name.rpartition(Token.as_string(last))[2]
