"""Arithmetic and activations answer as in ONNX Runtime, whatever broadcasts against whatever."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

from tests.converters.lower.onnx_models import agrees, drawn, one

UNARY = {
    "Abs": {}, "Ceil": {}, "Cos": {}, "Elu": {}, "Erf": {}, "Exp": {}, "Floor": {}, "HardSigmoid": {},
    "HardSwish": {}, "Identity": {}, "LeakyRelu": {"alpha": 0.3}, "Neg": {}, "Relu": {}, "Selu": {}, "Sigmoid": {},
    "Sin": {}, "Softplus": {}, "Softsign": {}, "Tanh": {},
}  # fmt: skip
POSITIVE = ("Log", "Sqrt", "Reciprocal")
SHAPES = [(1, 3, 4, 5), (2, 7), (1, 6, 5), (1, 2, 3, 2, 2)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", UNARY)
def test_each_element(kind, shape):
    agrees(one(kind, shape, **UNARY[kind]))


@pytest.mark.parametrize("kind", POSITIVE)
def test_each_positive_element(kind):
    agrees(one(kind, (1, 3, 4, 5)), low=0.1)


@pytest.mark.parametrize(
    ("kind", "attributes", "opset"),
    [
        ("Elu", {"alpha": 0.5}, 17),
        ("HardSigmoid", {"alpha": 1 / 6, "beta": 0.5}, 17),
        ("Selu", {"alpha": 1.5, "gamma": 1.1}, 17),
        ("Mish", {}, 18),
        ("Gelu", {"approximate": "none"}, 20),
        ("Gelu", {"approximate": "tanh"}, 20),
        ("Clip", {"min": 0.0, "max": 6.0}, 9),
        ("Dropout", {"ratio": 0.3}, 9),
    ],
)
def test_attributes_count(kind, attributes, opset):
    agrees(one(kind, (1, 3, 4, 5), opset=opset, **attributes))


@pytest.mark.parametrize(
    ("low", "high", "kinds"),
    [
        (0, 6, ["RELU6"]),
        (0, None, ["RELU"]),
        (-1, 1, ["RELU_N1_TO_1"]),
        (-0.5, 0.7, ["MAXIMUM", "MINIMUM"]),
        (None, 0.2, ["MINIMUM"]),
    ],
)
def test_limits(low, high, kinds):
    bounds = [None if bound is None else np.float32(bound) for bound in (low, high)]
    assert agrees(one("Clip", (1, 2, 5, 5), *bounds)).kinds() == kinds


@pytest.mark.parametrize("exponent", [-1, -0.5, 0.5, 1, 2, 3, 2.5])
def test_powers(exponent):
    agrees(one("Pow", (1, 3, 4, 5), np.float32(exponent)), low=0.5)


@st.composite
def broadcasts(draw):
    full = draw(st.lists(st.integers(1, 5), min_size=1, max_size=5))
    other = [draw(st.sampled_from([1, size])) for size in full][draw(st.integers(0, len(full) - 1)) :]
    return tuple(full), tuple(other)


@given(kind=st.sampled_from(["Add", "Sub", "Mul", "Div", "Min", "Max"]), shapes=broadcasts(), swapped=st.booleans())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_a_constant_broadcasts(kind, shapes, swapped):
    full, other = shapes
    constant = np.random.default_rng(2).uniform(0.5, 2, other).astype(np.float32)
    names = ["c", "x"] if swapped else ["x", "c"]
    agrees(drawn([helper.make_node(kind, names, ["y"])], full, {"c": constant}), low=0.5)


@given(kind=st.sampled_from(["Add", "Sub", "Mul", "Div", "Min", "Max"]), shapes=broadcasts(), swapped=st.booleans())
@settings(max_examples=40, deadline=None, derandomize=True)
def test_two_computed_values_broadcast(kind, shapes, swapped):
    full, other = shapes
    axes = [axis for axis in range(len(other)) if other[axis] == 1 and full[len(full) - len(other) + axis] != 1]
    lead = list(range(len(full) - len(other)))
    gone = [len(lead) + axis for axis in axes]
    nodes = [helper.make_node("ReduceMax", ["x"], ["m"], axes=gone, keepdims=1)] if gone else []
    nodes += [helper.make_node("ReduceMean", ["m" if gone else "x"], ["o"], axes=lead, keepdims=0)] if lead else []
    name = "o" if lead else "m" if gone else "x"
    nodes.append(helper.make_node(kind, [name, "x"] if swapped else ["x", name], ["y"]))
    agrees(drawn(nodes, full), low=0.5)


@pytest.mark.parametrize("kind", ["Sum", "Mean", "Max", "Min"])
def test_several_inputs(kind):
    constants = {"a": np.ones((3, 1, 1), np.float32), "b": np.full((1, 1, 4, 5), 2, np.float32)}
    agrees(drawn([helper.make_node(kind, ["x", "a", "b"], ["y"])], (1, 3, 4, 5), constants))


@pytest.mark.parametrize("shape", [(3, 1, 1), (1,), (3, 4, 5)])
def test_slopes(shape):
    agrees(one("PRelu", (1, 3, 4, 5), np.random.default_rng(3).uniform(0, 1, shape).astype(np.float32)))


def test_a_gated_hard_sigmoid_is_a_hard_swish():
    nodes = [
        helper.make_node("HardSigmoid", ["x"], ["h"], alpha=1 / 6, beta=0.5),
        helper.make_node("Mul", ["x", "h"], ["y"]),
    ]
    assert agrees(drawn(nodes, (1, 3, 4, 5))).kinds() == ["HARD_SWISH"]


def test_the_gelu_that_exporters_spell_out_is_one_operator():
    constants = {name: np.float32(value) for name, value in (("r", 2**0.5), ("one", 1), ("half", 0.5))}
    nodes = [
        helper.make_node("Div", ["x", "r"], ["a"]),
        helper.make_node("Erf", ["a"], ["b"]),
        helper.make_node("Add", ["b", "one"], ["c"]),
        helper.make_node("Mul", ["x", "c"], ["d"]),
        helper.make_node("Mul", ["d", "half"], ["y"]),
    ]
    assert agrees(drawn(nodes, (1, 5, 8), constants)).kinds() == ["GELU"]


@pytest.mark.parametrize("opset", [9, 13])
@pytest.mark.parametrize("kind", ["Softmax", "LogSoftmax"])
@pytest.mark.parametrize(("shape", "axis"), [((2, 5), 1), ((1, 3, 4, 5), 1), ((1, 3, 4, 5), 3), ((1, 2, 6), -1)])
def test_softmax(kind, shape, axis, opset):
    axis = axis % len(shape)
    agrees(one(kind, shape, opset=opset, axis=axis))


@pytest.mark.parametrize("divided_first", [True, False])
def test_the_hard_swish_that_exporters_spell_out_is_one_operator(divided_first):
    constants = {name: np.float32(value) for name, value in (("three", 3), ("six", 6), ("zero", 0))}
    nodes = [helper.make_node("Add", ["x", "three"], ["a"]), helper.make_node("Clip", ["a", "zero", "six"], ["b"])]
    if divided_first:
        nodes += [helper.make_node("Div", ["b", "six"], ["c"]), helper.make_node("Mul", ["x", "c"], ["y"])]
    else:
        nodes += [helper.make_node("Mul", ["x", "b"], ["c"]), helper.make_node("Div", ["c", "six"], ["y"])]
    assert agrees(drawn(nodes, (1, 3, 4, 5), constants)).kinds() == ["HARD_SWISH"]


def gated(*last, **constants):
    """clip(x + 3, 0, 6) times x in `m`, the gate alone in `b`; then the nodes that are given."""
    known = {"three": 3, "six": 6, "zero": 0} | constants
    nodes = [
        helper.make_node("Add", ["x", "three"], ["a"]),
        helper.make_node("Clip", ["a", "zero", "six"], ["b"]),
        helper.make_node("Mul", ["x", "b"], ["m"]),
        *last,
    ]
    return drawn(nodes, (1, 3, 4, 5), {name: np.asarray(value, np.float32) for name, value in known.items()})


def curved(*last, opening="Div", number=2**0.5):
    """1 + erf(x / √2) in `c`; then the nodes that are given."""
    constants = {name: np.float32(value) for name, value in (("r", number), ("one", 1), ("half", 0.5))}
    nodes = [
        helper.make_node(opening, ["x", "r"], ["a"]),
        helper.make_node("Erf", ["a"], ["b"]),
        helper.make_node("Add", ["b", "one"], ["c"]),
        *last,
    ]
    return drawn(nodes, (1, 5, 8), constants)


PRODUCT = (helper.make_node("Mul", ["x", "c"], ["d"]), helper.make_node("Mul", ["d", "half"], ["y"]))


@pytest.mark.parametrize("sixth", [1 / 6, 0.16666667, np.nextafter(np.float32(1 / 6), np.float32(1))])
def test_a_sixth_in_float32_is_one(sixth):
    assert agrees(gated(helper.make_node("Mul", ["m", "k"], ["y"]), k=sixth)).kinds() == ["HARD_SWISH"]


@pytest.mark.parametrize("sixth", [0.1663, 0.16667, 0.1666])
def test_what_is_nearly_a_hard_swish_is_computed_as_it_is_spelled(sixth):
    assert "HARD_SWISH" not in agrees(gated(helper.make_node("Mul", ["m", "k"], ["y"]), k=sixth)).kinds()


def test_the_root_of_two_in_float32_is_one():
    assert agrees(curved(*PRODUCT, opening="Mul", number=0.5**0.5)).kinds() == ["GELU"]


@pytest.mark.parametrize("root", [1.4149, 1.4138, 1.41422])
def test_what_is_nearly_a_gelu_is_computed_as_it_is_spelled(root):
    assert "GELU" not in agrees(curved(*PRODUCT, number=root)).kinds()


def test_a_division_by_a_gate_is_no_gelu():
    nodes = (helper.make_node("Mul", ["c", "half"], ["d"]), helper.make_node("Div", ["x", "d"], ["y"]))
    assert "GELU" not in agrees(curved(*nodes), low=-0.5).kinds()


def test_a_division_by_a_hard_gate_is_no_hard_swish():
    nodes = (helper.make_node("Mul", ["b", "k"], ["d"]), helper.make_node("Div", ["x", "d"], ["y"]))
    assert "HARD_SWISH" not in agrees(gated(*nodes, k=1 / 6), low=-0.5).kinds()


def test_a_pattern_whose_constant_adds_an_axis_keeps_it():
    made = agrees(gated(helper.make_node("Mul", ["m", "k"], ["y"]), k=np.full((1, 1, 1, 1, 1), 1 / 6)))
    assert made.graph.tensors["y"].shape == (1, 1, 3, 4, 5)
