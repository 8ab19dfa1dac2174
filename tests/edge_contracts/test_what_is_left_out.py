"""A station leaves out what it does not know: whatever it can build, the contract reads back."""

import importlib
import pkgutil
from types import NoneType, UnionType
from typing import Annotated, Union, get_args, get_origin

import pytest

import edge_contracts
from edge_contracts.device import PointState
from edge_contracts.message import Event, Payload


def descendants(kind: type) -> set[type]:
    return {one for child in kind.__subclasses__() for one in (child, *descendants(child))}


def wire_kinds() -> list[type]:
    for module in pkgutil.walk_packages(edge_contracts.__path__, "edge_contracts."):
        importlib.import_module(module.name)
    ours = descendants(Payload) | descendants(Event)
    return sorted((one for one in ours if one.__module__.startswith("edge_contracts")), key=lambda one: one.__name__)


def may_be_none(annotation: object) -> bool:
    if get_origin(annotation) is Annotated:
        return may_be_none(get_args(annotation)[0])
    return get_origin(annotation) in (Union, UnionType) and NoneType in get_args(annotation)


@pytest.mark.parametrize("kind", wire_kinds(), ids=lambda kind: kind.__name__)
def test_what_may_be_nothing_may_be_left_out(kind):
    fields = kind.model_fields.items()
    assert [name for name, one in fields if may_be_none(one.annotation) and one.is_required()] == []


def test_a_point_that_has_seen_no_part_is_read_back():
    before = PointState(point="gate", last=None, good=0, defect=0, unknown=0)
    assert PointState.model_validate_json(before.model_dump_json(exclude_none=True)) == before
