"""Neither true nor text is a number, in any field of any model that a person or a wire fills in."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import edge_contracts
import fleet_manager.api
from edge_contracts.plain_numbers import PlainNumbers

if TYPE_CHECKING:
    from collections.abc import Iterator

MODULES = (
    *(module.name for module in pkgutil.walk_packages(edge_contracts.__path__, "edge_contracts.")),
    *(module.name for module in pkgutil.walk_packages(fleet_manager.api.__path__, "fleet_manager.api.")),
    "fleet_manager.site_file",
    "device_profiles.board",
    "device_profiles.delegate",
    "edge_runtime.rehearsal.fault_script",
    "training.augmentation.recipe",
    "training.finetune.course_file",
)
NUMBERS = {"integer", "number"}
REFUSED = {"int_type", "float_type", "literal_error"}


def models(kind: type[PlainNumbers] = PlainNumbers) -> Iterator[type[PlainNumbers]]:
    for model in kind.__subclasses__():
        yield model
        yield from models(model)


def around(schema: dict[str, Any], wrong: object) -> Iterator[object]:
    """`wrong` in place of each number that the field may hold, unless the field may hold it."""
    alternatives = schema.get("anyOf", [schema])
    kinds = {one.get("type") for one in alternatives}
    may_be = {str: "string", bool: "boolean"}[type(wrong)]
    if kinds & NUMBERS and may_be not in kinds:
        yield wrong
    for one in alternatives:
        if isinstance(inner := one.get("additionalProperties"), dict):
            yield from ({"scratch": value} for value in around(inner, wrong))
        if isinstance(inner := one.get("items"), dict):
            yield from ([value] * one.get("minItems", 1) for value in around(inner, wrong))
        if inner := one.get("prefixItems"):
            yield from ([value] * len(inner) for value in around(inner[0], wrong))


@functools.cache
def fields() -> list[tuple[type[PlainNumbers], str, dict[str, Any]]]:
    for module in MODULES:
        importlib.import_module(module)
    found = {model for model in models() if not model.__pydantic_generic_metadata__["parameters"]}
    return [
        (model, name, field)
        for model in sorted(found, key=lambda model: f"{model.__module__}.{model.__qualname__}")
        for name, field in model.model_json_schema()["properties"].items()
        if any(around(field, True)) or any(around(field, "0.6"))
    ]


def complaints(model: type[PlainNumbers], name: str, value: object) -> set[str]:
    with pytest.raises(ValidationError) as caught:
        model.model_validate({name: value})
    return {detail["type"] for detail in caught.value.errors() if detail["loc"][:1] == (name,)}


def test_numbers_of_every_kind_of_model_are_looked_at() -> None:
    looked_at = {f"{model.__name__}.{name}" for model, name, _field in fields()}
    assert {"Point.threshold", "Point.thresholds", "Point.deadline_ms", "PointModel.threads"} <= looked_at
    assert {"AnomalyRule.threshold", "Figure.value", "SiteFile.evidence_gib", "Geometry.shear_deg"} <= looked_at
    assert {"Alert.score", "AlertEvent.seq", "PointStats.good", "FaultScript.recovery_s"} <= looked_at


@pytest.mark.parametrize("wrong", [True, False, "0", "1", "0.6", "nan"])
def test_neither_true_nor_text_is_taken_for_a_number(wrong: object) -> None:
    for model, name, field in fields():
        for value in around(field, wrong):
            found = complaints(model, name, value)
            assert found & REFUSED, f"{model.__name__}.{name} = {value!r}: {found}"


@given(st.data())
@settings(max_examples=50, deadline=None)
def test_a_number_written_as_text_is_refused_whatever_it_is(data: st.DataObject) -> None:
    model, name, field = data.draw(st.sampled_from(fields()))
    number = data.draw(st.integers() | st.floats())
    for value in around(field, str(number)):
        assert complaints(model, name, value) & REFUSED
