"""Reads an image reference such as `localhost:5000/datafi/es:v1@sha256:…`."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

TAG_RULE = "1 to 128 characters from A-Z, a-z, 0-9, '_', '.' and '-', the first one not '.' or '-'"
"""The grammar of a tag in words, to be read after "must be"."""

# https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#pulling-manifests
_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")


def is_tag(text: str) -> bool:
    """Whether `text` is a tag by the grammar of the OCI distribution specification."""
    return _TAG.fullmatch(text) is not None


@dataclass(frozen=True)
class ImageReference:
    """An image: where it is kept, and which one of those kept there.

    Attributes:
        repository: Registry, with its port if it has one, and path.
        tag: The tag; without a tag and without a digest, `latest` is meant.
        digest: `sha256:…`. It wins over the tag when the image is pulled.
    """

    repository: str
    tag: str | None = None
    digest: str | None = None

    @classmethod
    def parse(cls, text: str) -> ImageReference:
        """Take a reference apart. The last `:` starts a tag only if no `/` follows it."""
        name, _, digest = text.partition("@")
        head, colon, last = name.rpartition(":")
        if not colon or "/" in last:
            return cls(name, None if digest else "latest", digest or None)
        return cls(head, last, digest or None)

    @property
    def version(self) -> str:
        """What decides which image is pulled: the digest if there is one, or else the tag."""
        return self.digest or self.tag or "latest"

    def with_tag(self, tag: str) -> ImageReference:
        """The image of the same repository that has this tag, without a digest."""
        return replace(self, tag=tag, digest=None)

    def __str__(self) -> str:
        """The reference as a task definition holds it."""
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.repository}{tag}{digest}"
