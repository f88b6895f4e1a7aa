"""What may stand at one key of a configuration: for its faults, and for editors.

A rule stands in the annotation of its field. It looks at the data as it was given, so that it finds
its faults even where the structure has faults of its own, and it adds to the JSON schema what a
schema can say of it.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, GetJsonSchemaHandler

from . import validation
from .errors import Fault
from .validation import located, number_faults, shown

_ANY_ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9]+:")


class KeyRule:
    """A rule for the value of one key, or for each entry of its list."""

    def faults(self, key: str, value: Any, region: str | None) -> list[Fault]:
        """What is wrong with a value. One of another type is the structure's fault.

        Args:
            key: The key, which is the place of the fault.
            value: What stands there.
            region: The region of the deployment, if it is known.
        """
        raise NotImplementedError

    def schema(self) -> dict[str, Any]:
        """What a JSON schema says of it."""
        return {}

    def __get_pydantic_json_schema__(
        self, core_schema: Any, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Add it to the schema of its field: of the value, or of each entry of the list."""
        schema = handler(core_schema)
        target = next(
            (branch for branch in schema.get("anyOf", ()) if branch["type"] != "null"), schema
        )
        target.get("items", target).update(self.schema())
        return schema


@dataclass(frozen=True)
class Number(KeyRule):
    """A whole number within bounds, both included."""

    lowest: int
    highest: int

    def faults(self, key: str, value: Any, region: str | None) -> list[Fault]:
        """Out of bounds."""
        if isinstance(value, bool) or not isinstance(value, int):
            return []
        return number_faults(key, value, self.lowest, self.highest)

    def schema(self) -> dict[str, Any]:
        """The bounds."""
        return {"minimum": self.lowest, "maximum": self.highest}


@dataclass(frozen=True)
class Text(KeyRule):
    """A string of one form."""

    form: str
    allowed: str
    remedy: str

    def faults(self, key: str, value: Any, region: str | None) -> list[Fault]:
        """Of another form."""
        if not isinstance(value, str) or re.fullmatch(self.form, value):
            return []
        return [Fault(key, self.allowed, shown(value), self.remedy)]

    def schema(self) -> dict[str, Any]:
        """The form."""
        return {"pattern": f"^({self.form})$"}


@dataclass(frozen=True)
class OneOf(KeyRule):
    """One of a few values."""

    values: tuple[Any, ...]

    def faults(self, key: str, value: Any, region: str | None) -> list[Fault]:
        """Another value."""
        if not isinstance(value, type(self.values[0])) or value in self.values:
            return []
        known = ", ".join(map(str, self.values))
        remedy = validation.nearest(str(value), list(map(str, self.values)), "choose one of these")
        return [Fault(key, f"one of {known}", shown(value), remedy)]

    def schema(self) -> dict[str, Any]:
        """The values."""
        return {"enum": list(self.values)}


@dataclass(frozen=True)
class Arn(KeyRule):
    """An ARN of one kind, in the region of the deployment if it has one."""

    service: str
    resource: str
    allowed: str
    account: str = "[0-9]{12}"
    regional: bool = True

    @property
    def form(self) -> str:
        """Its form."""
        region = "(?P<region>[a-z0-9-]+)" if self.regional else ""
        return f"arn:aws[a-z-]*:{self.service}:{region}:{self.account}:{self.resource}"

    def faults(self, key: str, value: Any, region: str | None) -> list[Fault]:
        """Of another form, or of another region."""
        if not isinstance(value, str):
            return []
        match = re.fullmatch(self.form, value)
        if match is None:
            given = shown(value) if _ANY_ARN.match(value) else validation.concealed(value)
            return [Fault(key, self.allowed, given, "copy it from the AWS console")]
        if self.regional and region is not None and match["region"] != region:
            remedy = f"name one in {region}, or change aws.region"
            return [Fault(key, f"in aws.region ({region})", shown(value), remedy)]
        return []

    def schema(self) -> dict[str, Any]:
        """Its form, without the name that JSON schemas do not know."""
        return {"pattern": f"^{self.form}$".replace("?P<region>", "?:")}


@dataclass(frozen=True)
class Checked(KeyRule):
    """A string that a function of `validation` looks at, as it does for the constructs."""

    check: Callable[[str], list[Fault]]

    def faults(self, key: str, value: Any, region: str | None) -> list[Fault]:
        """What the function finds."""
        found = self.check(value) if isinstance(value, str) else []
        return [dataclasses.replace(fault, place=key) for fault in found]


def key_faults(
    model: type[BaseModel], data: Mapping[str, Any], region: str | None, place: str = ""
) -> Iterator[Fault]:
    """The faults of every key of a model that has a rule, and of the models inside.

    Args:
        model: The model.
        data: The data as it was given, of any shape.
        region: The region of the deployment, if it is known.
        place: What stands before the keys.
    """
    for key, field in model.model_fields.items():
        value = data.get(key)
        for rule in field.metadata:
            if isinstance(rule, KeyRule):
                entries = value if isinstance(value, list) else [value]
                for entry in entries:
                    yield from located(place, rule.faults(key, entry, region))
        inside = model_in(field.annotation)
        if inside is None:
            continue
        if isinstance(value, Mapping):
            yield from key_faults(inside, value, region, f"{place}{key}.")
        for index, entry in enumerate(value if isinstance(value, list) else ()):
            if isinstance(entry, Mapping):
                yield from key_faults(inside, entry, region, f"{place}{key}[{index}].")


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that an annotation names, bare or in a list or union."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(model_in, get_args(annotation))), None)
