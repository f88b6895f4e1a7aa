"""Finds what the docstrings of a package's public names leave out, as griffe reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import griffe
from raised_errors import RaisedErrors, target

_ARGUMENTS = griffe.DocstringSectionKind.parameters
_RAISES = griffe.DocstringSectionKind.raises
_VARIADIC = (griffe.ParameterKind.var_positional, griffe.ParameterKind.var_keyword)


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
        described = _arguments(found)
        for name, member in found.all_members.items():
            if not name.startswith("_") and name not in described:
                yield target(member)


def _keywords(found: griffe.Object) -> Iterator[griffe.Object]:
    """The `TypedDict` of `**options: Unpack[…]`."""
    for parameter in getattr(found, "parameters", ()):
        if str(parameter.annotation).startswith("Unpack["):
            yield target(found.modules_collection[parameter.annotation.slice.canonical_path])


def gaps(module: griffe.Module, errors: RaisedErrors) -> list[str]:
    """Each gap in a sentence, once."""
    found = {gap for each in public_objects(module) for gap in _gaps(each, errors)}
    return sorted(gap.removeprefix(f"{module.package.path}.") for gap in found)


def _gaps(found: griffe.Object, errors: RaisedErrors) -> Iterator[str]:
    if not found.docstring:
        yield f"{found.path} has no docstring"
        return
    yield from _argument_gaps(found)
    said = {str(entry.annotation) for entry in _entries(found, _RAISES)}
    for error in errors.of(found):
        if not errors.kinds(error) & said:
            yield f"{found.path} does not say that it raises {error.rpartition('.')[2]}"
    stands_alone = found.is_class or (found.is_function and found.parent.is_module)
    if stands_alone and not re.search(r"^Example:\n", found.docstring.value, re.MULTILINE):
        yield f"{found.path} has no example"


def _argument_gaps(found: griffe.Object) -> Iterator[str]:
    if not isinstance(found, griffe.Class | griffe.Function):
        return
    described = _arguments(found)
    arguments = {each.name: each for each in found.parameters if each.name not in ("self", "cls")}
    for name, argument in arguments.items():
        is_optional = not argument.required and argument.kind not in _VARIADIC
        if name not in described:
            yield f"{found.path} does not describe {name}"
        elif is_optional and not re.search(r"\bdefault", described[name], re.IGNORECASE):
            yield f"{found.path} does not tell the default of {name}"
    for name in described.keys() - arguments.keys():
        yield f"{found.path} describes {name}, which is no argument"


def _arguments(found: griffe.Object) -> dict[str, str]:
    return {entry.name.lstrip("*"): entry.description for entry in _entries(found, _ARGUMENTS)}


def _entries(found: griffe.Object, kind: griffe.DocstringSectionKind) -> list[Any]:
    sections = found.docstring.parse("google", warnings=False) if found.docstring else []
    return [entry for section in sections if section.kind is kind for entry in section.value]


def _is_model(owner: griffe.Class) -> bool:
    bases = [base for each in (owner, *owner.mro()) for base in each.bases]
    return any(str(base).endswith("BaseModel") for base in bases)
