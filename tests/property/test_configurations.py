"""Any configuration works as it must, or is refused in our own words."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import pytest
from datafi_cdk import DatafiEdgeConfig, InvalidInputError
from config_values import CANARY, values
from configurations import Data, contradicting, working, wrong
from datafi_cdk.config_fields import model_in
from examples import CONFIGURATIONS, apart, profile
from hypothesis import given
from proof import Proof, in_environment
from pydantic import BaseModel
from refusals import modules, unused
from targeted import TARGETED, WORKING

pytestmark = pytest.mark.long

Field = tuple[str, str]
"""A model and one of its keys."""

_LEAST_MADE = 0.4
_PARTS = 4
"""That many processes can prove at once."""
_TRIES = 3


def models(model: type[BaseModel] = DatafiEdgeConfig) -> Iterator[type[BaseModel]]:
    """A model and those of its sections."""
    yield model
    for field in model.model_fields.values():
        inside = model_in(field.annotation)
        if inside is not None:
            yield from models(inside)


FIELDS = sorted(
    {(model, name) for model in models() for name in model.model_fields},
    key=lambda field: (field[0].__name__, field[1]),
)

NAMES = [(model.__name__, name) for model, name in FIELDS]


@pytest.mark.parametrize(
    ("model", "name"), FIELDS, ids=lambda each: getattr(each, "__name__", each)
)
def test_every_field_has_values(model: type[BaseModel], name: str) -> None:
    """A new field is generated as well: it tells what may stand there, or an example does."""
    assert not values(model, name).is_empty


def given_fields(data: Any, model: type[BaseModel] = DatafiEdgeConfig) -> Iterator[Field]:
    """The fields that a configuration gives."""
    for key, value in data.items() if isinstance(data, dict) else ():
        if key not in model.model_fields or value is None:
            continue
        yield model.__name__, key
        inside = model_in(model.model_fields[key].annotation)
        if inside is not None:
            is_mapping = "dict" in str(model.model_fields[key].annotation)
            entries = (
                value.values() if is_mapping else value if isinstance(value, list) else [value]
            )
            for entry in entries:
                yield from given_fields(entry, inside)


@pytest.mark.parametrize("part", range(_PARTS))
def test_any_configuration(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is made valid, reachable, the same again and without secrets; or refused."""
    in_environment(monkeypatch.setenv)
    proof = Proof("configuration")

    @apart(part)
    @profile(CONFIGURATIONS // _PARTS)
    @given(working() | wrong())
    def prove(data: Data) -> None:
        proof.of(data)

    try:
        prove()
    finally:
        proof.close()
    count = len(proof.made) + len(proof.refused)
    assert count >= CONFIGURATIONS // _PARTS
    assert len(proof.made) >= _LEAST_MADE * count, f"{len(proof.made)} of {count}"


def test_every_field_in_one_that_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """No field can be given only where the configuration is refused."""
    in_environment(monkeypatch.setenv)
    proof = Proof("configuration")
    try:
        for data in WORKING:
            assert proof.of(data)
        seen = {field for data in proof.made for field in given_fields(data)}
        for field, giving in giving_others(seen).items():
            if field not in seen and any(proof.of(data) for data in giving):
                seen.update(given_fields(proof.made[-1]))
    finally:
        proof.close()
    assert [each for each in NAMES if each not in seen] == []


def giving_others(seen: Collection[Field]) -> dict[Field, list[Data]]:
    """A few configurations that the file's rules take, for each field that none has given yet."""
    found: dict[Field, list[Data]] = {field: [] for field in NAMES if field not in seen}

    @profile(5 * CONFIGURATIONS)
    @given(working())
    def look(data: Data) -> None:
        wanted = [field for field, giving in found.items() if len(giving) < _TRIES]
        if wanted and not read(data):
            given_here = set(given_fields(data))
            for field in given_here.intersection(wanted):
                found[field].append(data)

    look()
    return found


def test_every_refusal_of_a_configuration_is_used(used: set[tuple[str, int]]) -> None:
    """Each rule for the file is broken by one of many contradicting configurations."""

    @profile(2 * CONFIGURATIONS)
    @given(contradicting() | wrong())
    def refuse(data: Data) -> None:
        read(data)

    refuse()
    for data in TARGETED:
        assert read(data)
    rules = [name for name in modules() if name.startswith("config_") and name != "config_file"]
    missing = unused(used, rules)
    assert not missing, "\n".join(missing)


def read(data: Data) -> str:
    """What a configuration is refused with; nothing if it is taken."""
    try:
        DatafiEdgeConfig.model_validate(data)
    except InvalidInputError as error:
        assert CANARY not in str(error)
        return str(error)
    return ""
