"""Says in the words of a configuration file what pydantic finds wrong with its structure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from .config_fields import model_in
from .errors import Fault
from .validation import concealed, nearest, shown

_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KINDS = {
    "string_type": ("a string", "put it in quotes"),
    "int_type": ("a whole number", "write it without quotes and decimals"),
    "int_from_float": ("a whole number", "write it without decimals"),
    "bool_type": ("true or false", "write one of the two, without quotes"),
    "list_type": ("a list", "write one entry a line, each after a dash"),
    "dict_type": ("a mapping", "write one 'key: value' a line, indented"),
    "model_type": ("a mapping", "write one 'key: value' a line, indented"),
}


def structure_faults(error: ValidationError, model: type[BaseModel]) -> list[Fault]:
    """Each error of pydantic as a fault whose place is the path of keys in the file.

    Args:
        error: What pydantic raised.
        model: The model it validated, whose fields are the keys that are known.
    """
    return [
        _fault(details["type"], details["loc"], details["input"], details["msg"], model)
        for details in error.errors(include_url=False, include_context=False)
    ]


def _fault(
    kind: str, location: Sequence[int | str], given: object, message: str, model: type[BaseModel]
) -> Fault:
    place = _place(location) or "the file"
    if kind == "extra_forbidden":
        known = list(_fields_at(model, location[:-1]))
        if not _KEY.fullmatch(str(location[-1])):
            place = _place(location[:-1]) or "the file"
            given = "a key that is not shown"
            return Fault(place, f"of known keys ({', '.join(known)})", given, "remove the key")
        remedy = nearest(str(location[-1]), known, "remove it")
        return Fault(place, f"a known key ({', '.join(known)})", "an unknown key", remedy)
    if kind == "missing":
        return Fault(place, "given", "nothing", "add it")
    if kind == "invalid_key" or location[-1:] == ("[key]",):
        place = _place(location[:-1] if kind == "invalid_key" else location[:-2]) or "the file"
        return Fault(place, "a mapping whose keys are strings", "another key", "put it in quotes")
    if kind in _KINDS:
        allowed, remedy = _KINDS[kind]
        if location[-1:] == ("secret_variables",):
            allowed = "a list of names or a mapping of variable to field"
            remedy = "write it as [KEY]"
        elif given is None:
            remedy = "give a value or remove the key"
        return Fault(place, allowed, _given(location, given), remedy)
    return Fault(place, f"valid ({message})", concealed(given), "correct it")


def _given(location: Sequence[int | str], given: object) -> str:
    """A value as it may be shown; a file that is no configuration may be one of secrets."""
    may_be_secret = not location or any(
        "secret" in str(key) or key == "environment" for key in location
    )
    return concealed(given) if may_be_secret else shown(given)


def _place(location: Sequence[int | str]) -> str:
    place = ""
    for key in location:
        if isinstance(key, int):
            place += f"[{key}]"
        elif not _KEY.fullmatch(key):
            break
        else:
            place += f".{key}" if place else key
    return place


def _fields_at(model: type[BaseModel], location: Sequence[int | str]) -> Mapping[str, Any]:
    for key in location:
        if isinstance(key, str) and key in model.model_fields:
            model = model_in(model.model_fields[key].annotation) or model
    return model.model_fields
