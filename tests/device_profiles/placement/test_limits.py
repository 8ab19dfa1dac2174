"""Each kind of limit holds what is just inside of it, and breaks for what is just outside."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from device_profiles.delegate_limits import Limits
from device_profiles.placement.limits import broken_limit
from device_profiles.placement.node import OPEN, Node, Value

Case = tuple[dict[str, Any], Node, Node]


def value(*shape: int, dtype: str = "int8", name: str = "t", **more: Any) -> Value:
    return Value(name, shape or (1, 8, 8, 4), dtype, **more)


def constant(data: Any, dtype: str = "int32", **more: Any) -> Value:
    array = np.asarray(data, dtype)
    return Value("c", array.shape, dtype, constant=True, data=array, **more)


def node(*inputs: Value | None, kind: str = "OP", out: tuple[Value, ...] = (), **options: Any) -> Node:
    return Node(kind, inputs or (value(),), out or (value(),), options)


PICTURE = value()
PAIR = node(PICTURE, value())
CASES: dict[str, Case] = {
    "types": ({"types": ["int8"]}, node(PICTURE, constant(1)), node(value(dtype="float32"))),
    "stored_types": ({"stored_types": ["int8"]}, PAIR, node(PICTURE, constant(1, "int64"))),
    "input_types": ({"input_types": {"1": ["int8"]}}, PAIR, node(PICTURE, value(dtype="uint8"))),
    "output_types": ({"output_types": ["int8"]}, PAIR, node(out=(value(dtype="int16"),))),
    "same_types": ({"same_types": [1]}, PAIR, node(PICTURE, value(dtype="float32"))),
    "one_type": ({"one_type": True}, node(PICTURE, constant(1)), node(out=(value(dtype="int16"),))),
    "weight_types": (
        {"weight_types": {"int8": ["int8"], "float32": ["float32"]}},
        node(PICTURE, constant(1, "int8")),
        node(PICTURE, constant(1, "int8"), out=(value(dtype="float32"),)),
    ),
    "quantised_bytes": ({"quantised_bytes": True}, node(value(dtype="float32"), out=(value(quantised=True),)), node()),
    "per_tensor_inputs": ({"per_tensor_inputs": [0]}, node(), node(value(per_channel=True))),
    "per_tensor_outputs": ({"per_tensor_outputs": True}, node(), node(out=(value(per_channel=True),))),
    "fixed_shapes": ({"fixed_shapes": True}, node(), node(value(OPEN, 8))),
    "filled_axes": ({"filled_axes": True}, node(), node(value(1, 0))),
    "min_rank": ({"min_rank": 4}, node(), node(value(8, 8, 4))),
    "max_rank": ({"max_rank": 4}, node(), node(value(1, 1, 8, 8, 4))),
    "same_rank": ({"same_rank": [1]}, PAIR, node(PICTURE, value(8))),
    "max_inner_axes": ({"max_inner_axes": 3}, node(), node(value(2, 8, 8, 4))),
    "max_vector": ({"max_vector": 9}, node(value(1, 9)), node(value(1, 10))),
    "vector_output": ({"vector_output": True}, node(out=(value(1, 9),)), node(out=(value(2, 9),))),
    "vector_inputs": ({"vector_inputs": [1]}, node(PICTURE, value(1, 1, 4)), node(PICTURE, value(1, 2, 4))),
    "leading_ones": ({"leading_ones": True}, node(value(1, 5, 10)), node(value(5, 1, 10))),
    "max_height_width": ({"max_height_width": 8}, node(), node(value(1, 9, 8, 4))),
    "batch_of_one": ({"batch_of_one": True}, node(), node(value(2, 8, 8, 4))),
    "keeps_batch_from_rank": (
        {"keeps_batch_from_rank": 4},
        node(value(3, 8, 4), out=(value(1, 8, 4),)),
        node(value(3, 8, 8, 4), out=(value(1, 8, 8, 4),)),
    ),
    "constant_inputs": ({"constant_inputs": [1]}, node(PICTURE, constant(1)), PAIR),
    "zero_inputs": ({"zero_inputs": [1]}, node(PICTURE, constant([0, 0])), node(PICTURE, constant([0, 3]))),
    "one_inputs": ({"one_inputs": [1]}, node(PICTURE, constant([1, 1])), node(PICTURE, constant([1, 2]))),
    "zero_constant_of_two": (
        {"zero_constant_of_two": True},
        node(PICTURE, constant([5, 5], zero_point=5)),
        node(PICTURE, constant([5, 7], zero_point=5)),
    ),
    "max_outputs": ({"max_outputs": 1}, node(), node(out=(PICTURE, PICTURE))),
    "spares_batch": (
        {"spares_batch": True},
        node(PICTURE, constant([1, -1]), kind="MEAN"),
        node(PICTURE, constant([-4]), kind="MEAN"),
    ),
    "reduced_channels_multiple": (
        {"reduced_channels_multiple": 4},
        node(value(1, 8, 8, 8), constant([3]), kind="MEAN"),
        node(value(1, 8, 8, 6), constant([-1]), kind="MEAN"),
    ),
    "spatial_dimensions": ({"spatial_dimensions": [2, 3]}, node(), node(value(1, 3, 16))),
    "kernel_strides": (
        {"kernel_strides": {"3": [1], "7": [2]}},
        node(PICTURE, value(4, 7, 7, 4), kind="CONV_2D", stride_h=2, stride_w=2),
        node(PICTURE, value(4, 4, 7, 7), kind="Conv", strides=[1, 1]),
    ),
    "dilations": ({"dilations": [1]}, node(), node(dilations=[1, 2])),
    "equal_dilations": (
        {"equal_dilations": True},
        node(dilation_h_factor=2, dilation_w_factor=2),
        node(dilation_h_factor=1, dilation_w_factor=2),
    ),
    "grouped_batch_of_one": (
        {"grouped_batch_of_one": True},
        node(value(2, 8, 8, 4), value(4, 3, 3, 4)),
        node(value(2, 8, 8, 4), value(4, 3, 3, 2)),
    ),
    "max_whole_scale": (
        {"max_whole_scale": 8},
        node(value(1, 3, 4, 4), out=(value(1, 3, 32, 4),)),
        node(value(1, 3, 4, 4), out=(value(1, 3, 36, 4),)),
    ),
    "options": ({"options": {"mode": ["nearest"]}}, node(mode="nearest"), node(mode="cubic")),
    "max_options": ({"max_options": {"strides": 8}}, node(strides=[8, 1]), node(strides=[1, 9])),
    "exclusive_options": ({"exclusive_options": ["a", "b"]}, node(a=True, b=False), node(a=True, b=True)),
}


def test_each_limit_that_a_rule_can_have_is_tried_here() -> None:
    assert set(CASES) == set(Limits.model_fields) - {"source"}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_is_just_inside_is_kept(case: Case) -> None:
    limit, inside, _ = case
    assert broken_limit(Limits.model_validate(limit), inside) is None


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_is_just_outside_is_broken_and_told(case: Case) -> None:
    limit, _, outside = case
    broken = broken_limit(Limits.model_validate(limit), outside)
    assert broken is not None
    assert not broken.is_unread
    assert broken.reason.startswith("wanted ")
    assert ", found " in broken.reason


def test_a_node_without_limits_breaks_none() -> None:
    assert broken_limit(Limits(), node(kind="CONV_2D")) is None


NOTHING = Value("?", None, "")
UNREADABLE = sorted(
    set(CASES)
    - {"per_tensor_inputs", "per_tensor_outputs", "strides", "dilations", "equal_dilations", "max_outputs"}
    - {"options", "max_options", "exclusive_options", "constant_inputs", "zero_constant_of_two"}
)
"""Limits of what a file may leave out; the others are of what is always there, or has a default in its form of file."""


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_the_file_does_not_tell_is_no_yes(name: str) -> None:
    limit, inside, _ = CASES[name]
    inputs = tuple(NOTHING for _ in inside.inputs)
    blank = replace(inside, inputs=inputs, outputs=(NOTHING,), options={})
    broken = broken_limit(Limits.model_validate(limit), blank)
    assert broken is not None


def test_a_break_that_is_sure_is_told_before_one_that_is_not() -> None:
    limits = Limits.model_validate({"batch_of_one": True, "options": {"mode": ["nearest"]}})
    broken = broken_limit(limits, node(value(OPEN, 8), mode="cubic"))
    assert broken is not None
    assert not broken.is_unread
    assert "mode" in broken.reason


def test_an_open_batch_is_not_taken_for_one() -> None:
    broken = broken_limit(Limits(batch_of_one=True), node(value(OPEN, 8)))
    assert broken is not None
    assert broken.is_unread


def test_an_open_batch_matters_only_to_a_limit_that_asks_for_it() -> None:
    limits = Limits(max_height_width=8, grouped_batch_of_one=True)
    assert broken_limit(limits, node(value(OPEN, 8, 8, 4), value(4, 3, 3, 4), out=(value(OPEN, 8, 8, 4),))) is None


def test_a_factor_that_is_stated_outweighs_the_lengths() -> None:
    limits = Limits(max_whole_scale=8)
    odd = node(value(1, 1, 3, 3), None, constant([1, 1, 1.1, 1.1], "float32"), kind="Resize", out=(value(1, 1, 3, 3),))
    broken = broken_limit(limits, odd)
    assert broken is not None
    assert "found 1.1" in broken.reason


def test_a_constant_that_pads_is_one_of_two() -> None:
    three = node(PICTURE, PICTURE, constant([0]))
    broken = broken_limit(Limits(zero_constant_of_two=True), three)
    assert broken is not None
    assert "one of two" in broken.reason
