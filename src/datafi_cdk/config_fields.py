"""What may stand at one key of a configuration: for its faults, and for editors.

A rule stands in the annotation of its field. It looks at the data as it was given, so that it finds
its faults even where the structure has faults of its own, and it adds to the JSON schema what a
schema can say of it.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, get_args, get_origin

from pydantic import BaseModel, GetJsonSchemaHandler

from . import validation
from .errors import Fault
from .secret_forms import secret_form
from .validation import located, number_faults, shown

REGION_FORM = "[a-z]{2,}(-[a-z]+)+-[0-9]+"
"""How the names of regions are formed."""

_ANY_ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9]+:")


class Home(NamedTuple):
    """Where the deployment goes, as far as it is known."""

    account: str | None
    region: str | None


UNKNOWN = Home(None, None)
"""A deployment that goes wherever whoever deploys it is."""


class KeyRule:
    """A rule for the value of one key, or for each entry of its list."""

    def faults(self, key: str, value: Any, home: Home) -> list[Fault]:
        """What is wrong with a value. One of another type is the structure's fault.

        Args:
            key: The key, which is the place of the fault.
            value: What stands there.
            home: Where the deployment goes.
        """
        return []

    def list_faults(self, key: str, values: list[Any]) -> list[Fault]:
        """What is wrong with a list as a whole.

        Args:
            key: The key, which is the place of the fault.
            values: The list.
        """
        return []

    def schema(self) -> dict[str, Any]:
        """What a JSON schema says of it."""
        return {}

    def list_schema(self) -> dict[str, Any]:
        """What a JSON schema says of the list as a whole."""
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
        target.update(self.list_schema())
        return schema


@dataclass(frozen=True)
class Number(KeyRule):
    """A whole number within bounds, both included."""

    lowest: int
    highest: int

    def faults(self, key: str, value: Any, home: Home) -> list[Fault]:
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

    def faults(self, key: str, value: Any, home: Home) -> list[Fault]:
        """Of another form."""
        if not isinstance(value, str):
            return []
        if re.fullmatch(self.form, value) and not secret_form(value):
            return []
        return [Fault(key, self.allowed, shown(value), self.remedy)]

    def schema(self) -> dict[str, Any]:
        """The form."""
        return {"pattern": f"^({self.form})$"}


@dataclass(frozen=True)
class OneOf(KeyRule):
    """One of a few values."""

    values: tuple[Any, ...]

    def faults(self, key: str, value: Any, home: Home) -> list[Fault]:
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
    """An ARN of one kind, in the region of the deployment if it has one.

    With `local` it is in the account of the deployment, too.
    """

    service: str
    resource: str
    allowed: str
    regional: bool = True
    local: bool = False

    @property
    def form(self) -> str:
        """Its form."""
        region = "(?P<region>[a-z0-9-]+)" if self.regional else ""
        account = "(?P<account>[0-9]{12})"
        return f"arn:aws[a-z-]*:{self.service}:{region}:{account}:{self.resource}"

    def faults(self, key: str, value: Any, home: Home) -> list[Fault]:
        """Of another form, or of another region."""
        if not isinstance(value, str):
            return []
        match = re.fullmatch(self.form, value)
        if match is None:
            given = shown(value) if _ANY_ARN.match(value) else validation.concealed(value)
            return [Fault(key, self.allowed, given, "copy it from the AWS console")]
        checked = (("region", self.regional), ("account", self.local))
        return [
            Fault(
                key,
                f"in aws.{part} ({here})",
                shown(value),
                f"name one in {here}, or change aws.{part}",
            )
            for part, is_checked in checked
            for here in [getattr(home, part)]
            if is_checked and here is not None and match[part] != here
        ]

    def schema(self) -> dict[str, Any]:
        """Its form, without the names that JSON schemas do not know."""
        return {"pattern": re.sub(r"\?P<[a-z]+>", "?:", f"^{self.form}$")}


@dataclass(frozen=True)
class Zone(KeyRule):
    """An availability zone, in the region of the deployment."""

    form = f"{REGION_FORM}([a-z]|(-[a-z0-9]+)+)"

    def faults(self, key: str, value: Any, home: Home) -> list[Fault]:
        """Of another form, or of another region."""
        if not isinstance(value, str):
            return []
        region = home.region or ""
        if re.fullmatch(self.form, value) and value.startswith(region):
            return []
        allowed = f"availability zones{f' of aws.region ({region})' if region else ''}"
        return [Fault(key, allowed, shown(value), f"write them as '{region or 'us-east-1'}a'")]

    def schema(self) -> dict[str, Any]:
        """The form."""
        return {"pattern": f"^({self.form})$"}


@dataclass(frozen=True)
class Checked(KeyRule):
    """A string that a function of `validation` looks at, as it does for the constructs.

    The form is for schemas: it may take what the function does not.
    """

    check: Callable[[str], list[Fault]]
    form: str

    def faults(self, key: str, value: Any, home: Home) -> list[Fault]:
        """What the function finds."""
        found = self.check(value) if isinstance(value, str) else []
        return [dataclasses.replace(fault, place=key) for fault in found]

    def schema(self) -> dict[str, Any]:
        """The form."""
        return {"pattern": f"^({self.form})$"}


@dataclass(frozen=True)
class Entries(KeyRule):
    """A list of different entries, of which there may be some."""

    least: int = 0
    most: int | None = None

    def list_faults(self, key: str, values: list[Any]) -> list[Fault]:
        """Too few, too many, or one twice."""
        if len(values) < self.least:
            allowed = "a list of at least one id"
            return [Fault(key, allowed, "an empty list", "name one")]
        if self.most is not None and len(values) > self.most:
            return [Fault(key, f"a list of at most {self.most}", str(len(values)), "shorten it")]
        return validation.duplicate_faults(key, [each for each in values if isinstance(each, str)])

    def list_schema(self) -> dict[str, Any]:
        """The numbers, and that all differ."""
        numbers = {"minItems": self.least or None, "maxItems": self.most}
        return {"uniqueItems": True} | {
            name: number for name, number in numbers.items() if number is not None
        }


@dataclass(frozen=True)
class ForEditors(KeyRule):
    """What a schema says of a key whose faults depend on others."""

    said: Mapping[str, Any] = field(hash=False)

    def schema(self) -> dict[str, Any]:
        """What it says."""
        return dict(self.said)


def key_faults(
    model: type[BaseModel], data: Mapping[str, Any], home: Home, place: str = ""
) -> Iterator[Fault]:
    """The faults of every key of a model that has a rule, and of the models inside.

    Args:
        model: The model.
        data: The data as it was given, of any shape.
        home: Where the deployment goes.
        place: What stands before the keys.
    """
    for key, field_of_key in model.model_fields.items():
        value = data.get(key)
        for rule in field_of_key.metadata:
            if isinstance(rule, KeyRule):
                if isinstance(value, list):
                    yield from located(place, rule.list_faults(key, value))
                for entry in value if isinstance(value, list) else [value]:
                    yield from located(place, rule.faults(key, entry, home))
        inside = model_in(field_of_key.annotation)
        if inside is not None:
            for path, entry in _sections(field_of_key.annotation, value, f"{place}{key}"):
                yield from key_faults(inside, entry, home, f"{path}.")


def _sections(annotation: Any, value: Any, place: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The sections that stand at a key: one, a list or a mapping of them."""
    entries = [(place, value)]
    if isinstance(value, list):
        entries = [(f"{place}[{index}]", entry) for index, entry in enumerate(value)]
    elif isinstance(value, Mapping) and get_origin(annotation) is dict:
        entries = [
            (f"{place}.{name}" if validation.is_variable(name) else place, entry)
            for name, entry in value.items()
        ]
    for path, entry in entries:
        if isinstance(entry, Mapping):
            yield path, entry


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that an annotation names, bare or in a list, mapping or union."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(model_in, get_args(annotation))), None)
