"""Finds what the docstrings of a package's public names leave out, as griffe reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import griffe
from public_objects import arguments_said, entries, public_objects
from raised_errors import RaisedErrors

_RAISES = griffe.DocstringSectionKind.raises
_VARIADIC = (griffe.ParameterKind.var_positional, griffe.ParameterKind.var_keyword)


def gaps(module: griffe.Module, errors: RaisedErrors) -> list[str]:
    """Each gap in a sentence, once."""
    found = {gap for each in public_objects(module) for gap in _gaps(each, errors)}
    return sorted(gap.removeprefix(f"{module.package.path}.") for gap in found)


def _gaps(found: griffe.Object, errors: RaisedErrors) -> Iterator[str]:
    if not found.docstring:
        yield f"{found.path} has no docstring"
        return
    yield from _argument_gaps(found)
    said = {str(entry.annotation) for entry in entries(found, _RAISES)}
    for error in errors.of(found):
        if not errors.kinds(error) & said:
            yield f"{found.path} does not say that it raises {error.rpartition('.')[2]}"
    stands_alone = found.is_class or (found.is_function and found.parent.is_module)
    if stands_alone and not re.search(r"^Example:\n", found.docstring.value, re.MULTILINE):
        yield f"{found.path} has no example"


def _argument_gaps(found: griffe.Object) -> Iterator[str]:
    if not isinstance(found, griffe.Class | griffe.Function):
        return
    described = arguments_said(found)
    arguments = {each.name: each for each in found.parameters if each.name not in ("self", "cls")}
    for name, argument in arguments.items():
        is_optional = not argument.required and argument.kind not in _VARIADIC
        if name not in described:
            yield f"{found.path} does not describe {name}"
        elif is_optional and not re.search(r"\bdefault", described[name], re.IGNORECASE):
            yield f"{found.path} does not tell the default of {name}"
    for name in described.keys() - arguments.keys():
        yield f"{found.path} describes {name}, which is no argument"
