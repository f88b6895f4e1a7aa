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
    """The package and its subpackages, sorted."""
    found = [module for module in package.modules.values() if module.is_subpackage]
    return [package, *sorted(found, key=lambda module: module.name)]


def public_objects(module: griffe.Module) -> Iterator[griffe.Object]:
    """What a module exports, and the `TypedDict` of keyword arguments, each with its members.

    A member that `Args:` of its class describes is left out, as are the fields of pydantic's
    models, which have descriptions in place of docstrings.
    """
    for exported in exports(module):
        for found in (exported, *_undescribed(exported)):
            yield found
            for options in keywords(found):
                yield from (options, *_undescribed(options))


def exports(module: griffe.Module) -> Iterator[griffe.Object]:
    """What the names in `__all__` stand for."""
    for name in module.exports or ():
        exported = target(module[str(name)])
        # A function may have the name of the module that it is in.
        yield target(exported[str(name)]) if exported.is_module else exported


def members(found: griffe.Object) -> Iterator[griffe.Object]:
    """The public members of a class, those from bases in the package among them."""
    if isinstance(found, griffe.Class):
        for name, member in found.all_members.items():
            if not name.startswith("_"):
                yield target(member)


def keywords(found: griffe.Object) -> Iterator[griffe.Object]:
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


def is_model(owner: griffe.Class) -> bool:
    """Whether pydantic makes a class."""
    bases = [base for each in (owner, *owner.mro()) for base in each.bases]
    return any(str(base).endswith("BaseModel") for base in bases)


def _undescribed(found: griffe.Object) -> Iterator[griffe.Object]:
    described = arguments_said(found)
    for member in members(found):
        if member.name not in described and not is_model(found):
            yield member
