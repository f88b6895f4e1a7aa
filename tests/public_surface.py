"""The public surface as text, a line for each thing that users may rely on."""

from __future__ import annotations

from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import griffe
from public_objects import exports, is_model, keywords, members, public_modules
from pydantic import BaseModel

_STARS = {griffe.ParameterKind.var_positional: "*", griffe.ParameterKind.var_keyword: "**"}


def surface(package: griffe.Module) -> str:
    """Names, bases, arguments, attributes, properties and methods, with types and defaults."""
    lines = [line for module in public_modules(package) for line in _of_module(module)]
    return "\n".join(lines) + "\n"


def sections(model: type[BaseModel]) -> str:
    """The fields of a pydantic model and of those in it, with types and defaults."""
    return "\n".join(_of_model(model, set())) + "\n"


def _of_module(module: griffe.Module) -> Iterator[str]:
    yield module.path
    options: dict[str, griffe.Object] = {}
    for found in sorted(exports(module), key=lambda one: one.name):
        yield from _of_export(found)
        for each in (found, *members(found)):
            options |= {one.path: one for one in keywords(each)}
    for path, found in options.items():
        if found.name not in {str(name) for name in module.exports or ()}:
            yield f"  keywords {path.rpartition('.')[2]}"
            yield from sorted(f"    {_member(member)}" for member in members(found))


def _of_export(found: griffe.Object) -> Iterator[str]:
    if not isinstance(found, griffe.Class):
        yield f"  {_member(found)}"
        return
    yield f"  class {found.name}({', '.join(map(str, found.bases))})"
    yield from (f"    argument {each}" for each in _arguments(found))
    if not is_model(found):
        yield from sorted({f"    {_member(member)}" for member in members(found)})


def _member(member: griffe.Object) -> str:
    if isinstance(member, griffe.Function):
        arguments = ", ".join(_arguments(member))
        return f"function {member.name}({arguments}) -> {member.returns}"
    assert isinstance(member, griffe.Attribute)
    kind = "property" if "property" in member.labels else "attribute"
    return f"{kind} {member.name}: {member.annotation or member.value}"


def _arguments(found: griffe.Class | griffe.Function) -> list[str]:
    return [_argument(found, each) for each in found.parameters if each.name not in ("self", "cls")]


def _argument(found: griffe.Object, argument: griffe.Parameter) -> str:
    if argument.kind in _STARS:
        return f"{_STARS[argument.kind]}{argument.name}: {argument.annotation}"
    kind = " (keyword)" if argument.kind is griffe.ParameterKind.keyword_only else ""
    default = "" if argument.required else f" = {_value(found, argument.default)}"
    return f"{argument.name}: {argument.annotation}{default}{kind}"


def _value(found: griffe.Object, value: Any) -> str:
    """A default; for a name of the module what it stands for."""
    if isinstance(value, griffe.ExprName):
        named = found.modules_collection[value.canonical_path]
        return str(named.final_target.value if isinstance(named, griffe.Alias) else named.value)
    return str(value)


def _of_model(model: type[BaseModel], seen: set[type]) -> Iterator[str]:
    seen.add(model)
    yield model.__name__
    for name, field in model.model_fields.items():
        default = _shown(field.get_default(call_default_factory=True))
        yield f"  {name}: {_type(field.annotation)}{'' if field.is_required() else default}"
    for field in model.model_fields.values():
        for inner in _models(field.annotation):
            if inner not in seen:
                yield from _of_model(inner, seen)


def _shown(default: Any) -> str:
    text = f"{type(default).__name__}()" if isinstance(default, BaseModel) else repr(default)
    return f" = {text}"


def _type(annotation: Any) -> str:
    """A type without what pydantic notes beside it."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(inner[0])
    if origin in (Union, UnionType):
        return " | ".join(_type(each) for each in inner)
    if inner:
        return f"{origin.__name__}[{', '.join(_type(each) for each in inner)}]"
    return "None" if annotation is NoneType else annotation.__name__


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
