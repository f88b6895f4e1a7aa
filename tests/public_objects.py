"""What the package makes public, as griffe reads it from the source, with what docstrings say."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import datafi_cdk
import griffe

_FOLDER = Path(datafi_cdk.__file__).parents[1]


@cache
def load(name: str = "datafi_cdk", folder: Path = _FOLDER) -> griffe.Module:
    """A package with all its modules."""
    package = griffe.load(name, search_paths=[folder], resolve_aliases=True)
    assert isinstance(package, griffe.Module)
    return package


def public_modules(package: griffe.Module) -> list[griffe.Module]:
    """The package and its subpackages."""
    return [package, *(module for module in package.modules.values() if module.is_subpackage)]


def public_objects(module: griffe.Module) -> Iterator[griffe.Object]:
    """What a module exports, the members of its classes, and keyword arguments of a `TypedDict`."""
    for name in module.exports or ():
        exported = target(module[str(name)])
        if exported.is_module:  # a function with the name of the module that it is in
            exported = target(exported[str(name)])
        for found in (exported, *_members(exported)):
            yield found
            for keywords in _keywords(found):
                yield from (keywords, *_members(keywords))


def _members(found: griffe.Object) -> Iterator[griffe.Object]:
    """The public members of a class, inherited ones among them.

    A member that `Args:` of the class describes is left out, as are the fields of pydantic's
    models, which have descriptions in place of docstrings.
    """
    if isinstance(found, griffe.Class) and not _is_model(found):
        described = arguments_said(found)
        for name, member in found.all_members.items():
            if not name.startswith("_") and name not in described:
                yield target(member)


def _keywords(found: griffe.Object) -> Iterator[griffe.Object]:
    """The `TypedDict` of `**options: Unpack[…]`."""
    for parameter in getattr(found, "parameters", ()):
        if str(parameter.annotation).startswith("Unpack["):
            yield target(found.modules_collection[parameter.annotation.slice.canonical_path])


def target(member: griffe.Object | griffe.Alias) -> griffe.Object:
    """What a name stands for, if it is an imported one or a function made a static method."""
    found = member.final_target if isinstance(member, griffe.Alias) else member
    value = found.value if isinstance(found, griffe.Attribute) else None
    if isinstance(value, griffe.ExprCall) and str(value.function) == "staticmethod":
        return target(found.modules_collection[value.arguments[0].canonical_path])
    return found


def arguments_said(found: griffe.Object) -> dict[str, str]:
    """What `Args:` say, by argument."""
    said = entries(found, griffe.DocstringSectionKind.parameters)
    return {entry.name.lstrip("*"): entry.description for entry in said}


def entries(found: griffe.Object, kind: griffe.DocstringSectionKind) -> list[Any]:
    """What the sections of one kind hold."""
    sections = found.docstring.parse("google", warnings=False) if found.docstring else []
    return [entry for section in sections if section.kind is kind for entry in section.value]


def _is_model(owner: griffe.Class) -> bool:
    bases = [base for each in (owner, *owner.mro()) for base in each.bases]
    return any(str(base).endswith("BaseModel") for base in bases)
