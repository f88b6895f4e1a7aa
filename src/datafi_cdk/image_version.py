"""ImageVersion: where the tag or the digest that a server runs is decided."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import Token

from .errors import Fault, InvalidInputError
from .validation import kind_of, located, parameter_name_faults, version_faults

__all__ = ["ImageVersion"]


@dataclass(frozen=True)
class ImageVersion:
    """The tag or the digest of a server's image, other than by default.

    By default the version that is live is kept in a parameter of Systems Manager, which starts with
    the tag of the code and which the update API writes: a version that was rolled out stays through
    later deployments, until the tag in the code changes. Make another one with `fixed` or
    `from_parameter_name`.

    Args:
        reference: The tag or the digest, if it is fixed.
        parameter_name: The parameter that holds it, if it is not.

    Raises:
        InvalidInputError: Not one of the two is given, or it cannot be one.

    Example:
        ```python
        EdgeServer(
            self,
            "Es",
            cluster=cluster,
            ingress=ingress,
            name="es",
            image_version=ImageVersion.fixed("v2"),
        )
        ```
    """

    reference: str | None
    """The tag or the digest, or `None`."""
    parameter_name: str | None
    """The name of the parameter that holds it, or `None`."""

    def __post_init__(self) -> None:
        """Refuse what neither `fixed` nor `from_parameter_name` makes."""
        said = [(each, getattr(self, each)) for each in ("reference", "parameter_name")]
        given = [(name, value) for name, value in said if value is not None]
        if len(given) != 1:
            allowed = "one of reference and parameter_name"
            remedy = "make it with ImageVersion.fixed(…) or ImageVersion.from_parameter_name(…)"
            raise InvalidInputError(
                [Fault("ImageVersion", allowed, "both" if given else "none", remedy)]
            )
        ((name, value),) = given
        check = version_faults if name == "reference" else parameter_name_faults
        _refuse("ImageVersion", _unknown_faults(name, value) or check(value, name))

    @classmethod
    def fixed(cls, tag_or_digest: str) -> ImageVersion:
        """A version that only the code changes; the template says it literally.

        Args:
            tag_or_digest: The tag, such as `v2`, or the digest, `sha256:…`.

        Returns:
            The version. The update API of the server then refuses to update it.

        Raises:
            InvalidInputError: It is neither tag nor digest, or known at deployment only.

        Example:
            >>> ImageVersion.fixed("v2").reference
            'v2'
        """
        faults = _unknown_faults("tag_or_digest", tag_or_digest)
        faults = faults or version_faults(tag_or_digest, "tag_or_digest")
        _refuse("ImageVersion.fixed", faults)
        return cls(tag_or_digest, None)

    @classmethod
    def from_parameter_name(cls, parameter_name: str) -> ImageVersion:
        """A version that is kept in a parameter of your own.

        It is of type String, holds a tag or a digest (`sha256:…`), and is there before the server
        is deployed, in the same account and region. Every deployment reads it. Servers that share
        one get the same version by a deployment; only one of them may then have an update API,
        which keeps the history of its rollouts there.

        Args:
            parameter_name: Its full name, such as `/acme/es`.

        Returns:
            The version. As the tag is not known at synthesis, an edge server with a secret names
            its `secret_variables`.

        Raises:
            InvalidInputError: A parameter cannot have this name, or it is known at deployment only.

        Example:
            >>> ImageVersion.from_parameter_name("/acme/es").parameter_name
            '/acme/es'
        """
        faults = _unknown_faults("parameter_name", parameter_name)
        faults = faults or parameter_name_faults(parameter_name)
        _refuse("ImageVersion.from_parameter_name", faults)
        return cls(None, parameter_name)


def _unknown_faults(argument: str, value: object) -> list[Fault]:
    if not isinstance(value, str):
        return [Fault(argument, "a string", kind_of(value), "write it in quotes")]
    if Token.is_unresolved(value):
        allowed = "known at synthesis, as it is written into the template"
        return [Fault(argument, allowed, "a token", "write it in quotes")]
    return []


def _refuse(maker: str, faults: list[Fault]) -> None:
    if faults:
        raise InvalidInputError(located(f"{maker}: ", faults))
