"""Who may call Lambda functions: their permissions and URLs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .templates import Templates, arn_parts, identity, key
from .values import references_in, text

__all__ = ["Invocation", "read_invocations", "read_urls"]

_CALL = ("lambda:InvokeFunction", "lambda:InvokeFunctionUrl")


@dataclass(frozen=True, order=True)
class Invocation:
    """That somebody may call a function: who, what else but calling it, and from where."""

    function: str
    principal: str
    action: str
    origins: tuple[str, ...]

    def __str__(self) -> str:
        """Who, and from where, in words."""
        does = "" if self.action in _CALL else f", who may {self.action}"
        origin = f" from {', '.join(self.origins)}" if self.origins else ""
        return f"{self.principal}{origin}{does}"


def read_invocations(templates: Templates) -> list[Invocation]:
    """Read the permissions, also those of functions that exist already."""
    functions = _Functions(templates)
    return sorted(
        Invocation(
            functions.called(properties.get("FunctionName")),
            text(properties.get("Principal")),
            text(properties.get("Action", _CALL[0])),
            tuple(
                templates.readable(properties[name])
                for name in ("SourceArn", "SourceAccount", "PrincipalOrgID")
                if name in properties
            ),
        )
        for _, properties in templates.of_type("AWS::Lambda::Permission")
    )


def read_urls(templates: Templates) -> Mapping[str, str]:
    """Who may use the URLs of functions, by function: `NONE` if one of them asks for nothing."""
    functions = _Functions(templates)
    found: dict[str, str] = {}
    for _, properties in templates.of_type("AWS::Lambda::Url"):
        function = functions.called(properties.get("TargetFunctionArn"))
        if found.get(function) != "NONE":
            found[function] = text(properties.get("AuthType"))
    return found


class _Functions:
    """Finds functions by their id, alias, version, name or ARN."""

    def __init__(self, templates: Templates) -> None:
        self._names = {
            text(properties["FunctionName"]): key(resource.id)
            for resource, properties in templates.of_type("AWS::Lambda::Function")
            if "FunctionName" in properties
        }
        self._aliases = {
            key(resource.id): identity(properties.get("FunctionName"))
            for resource, properties in templates.of_type(
                "AWS::Lambda::Alias", "AWS::Lambda::Version"
            )
        }

    def called(self, value: Any) -> str:
        referred = next(references_in(value), None)
        named = identity(referred) if referred else text(value)
        named = self._aliases.get(named, named)
        parts = arn_parts(named)
        name = parts[6] if named.startswith("arn:") and len(parts) > 6 else parts[0]
        return self._names.get(name, named)
