"""Reads an image reference such as `localhost:5000/datafi/es:v1@sha256:…`."""

from __future__ import annotations

import re
from dataclasses import dataclass

TAG_RULE = "1 to 128 characters from A-Z, a-z, 0-9, '_', '.' and '-', the first one not '.' or '-'"
"""The grammar of a tag in words, to be read after "must be"."""

DIGEST_RULE = "'sha256:' and 64 characters from 0-9 and a-f"
"""The grammar of a digest in words, to be read after "must be"."""

# https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#pulling-manifests
_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")
# https://github.com/opencontainers/image-spec/blob/v1.1.0/descriptor.md#sha-256
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def is_tag(text: str) -> bool:
    """Whether `text` is a tag by the grammar of the OCI distribution specification."""
    return _TAG.fullmatch(text) is not None


def is_digest(text: str) -> bool:
    """Whether `text` is a SHA-256 digest by the grammar of the OCI image specification."""
    return _DIGEST.fullmatch(text) is not None


@dataclass(frozen=True)
class ImageReference:
    """An image: where it is kept, and which one of those kept there.

    Attributes:
        repository: Registry, with its port if it has one, and path.
        version: The digest if there is one, which wins when the image is pulled, or else the tag;
            without both, `latest` is meant.
    """

    repository: str
    version: str = "latest"

    @classmethod
    def parse(cls, text: str) -> ImageReference:
        """Take a reference apart. The last `:` starts a tag only if no `/` follows it."""
        name, _, digest = text.partition("@")
        head, colon, last = name.rpartition(":")
        if not colon or "/" in last:
            head, last = name, "latest"
        return cls(head, digest or last)

    def __str__(self) -> str:
        """The reference as a task definition holds it."""
        separator = "@" if self.version.startswith("sha256:") else ":"
        return f"{self.repository}{separator}{self.version}"
