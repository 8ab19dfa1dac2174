"""What a lowered graph does not need falls away, and what remains answers alike."""

import numpy as np
import pytest

from converters.lower.tidy import TIDYING
from tests.converters.lower.drawing import Pen
from tests.converters.lower.onnx_models import agrees


def vector(pen, *shape):
    return pen.constant(pen.rng.uniform(0.5, 2, shape).astype(np.float32))


def test_scales_and_shifts_in_a_row_become_one_of_each():
    pen = Pen((1, 3, 4, 5))
    x = pen.node("Relu", "x")
    for _ in range(3):
        x = pen.node("Add", pen.node("Mul", x, vector(pen, 3, 1, 1)), vector(pen, 1, 3, 1, 1))
    assert agrees(pen.done(pen.node("Tanh", x))).kinds() == ["RELU", "MUL", "ADD", "TANH"]


def test_a_value_that_somebody_else_reads_is_kept():
    pen = Pen((1, 3, 4, 5))
    first = pen.node("Mul", "x", vector(pen, 3, 1, 1))
    second = pen.node("Mul", first, vector(pen, 3, 1, 1))
    assert agrees(pen.done(pen.node("Add", first, second))).kinds() == ["MUL", "MUL", "ADD"]


def test_a_rectifier_between_two_scales_parts_them():
    pen = Pen((1, 3, 4, 5))
    x = pen.node("Relu", pen.node("Add", "x", vector(pen, 3, 1, 1)))
    assert agrees(pen.done(pen.node("Add", x, vector(pen, 3, 1, 1)))).kinds() == ["ADD", "ADD"]


def test_a_big_constant_is_not_copied():
    pen = Pen((1, 30, 2))
    x = pen.node("Mul", pen.node("Mul", "x", pen.number(0.1)), vector(pen, 1, 30, 2))
    assert agrees(pen.done(x)).kinds() == ["MUL", "MUL"]


@pytest.mark.parametrize("activation", ["Relu", "Sigmoid", "HardSwish"])
def test_convolutions_of_sequences_follow_each_other_without_reshapes(activation):
    pen = Pen((1, 2, 9))
    for _ in range(2):
        x = pen.node(activation, pen.conv("x", 2, 2, (3,)))
        x = pen.conv(x, 2, 2, (3,))
    kinds = agrees(pen.done(x)).kinds()
    assert kinds.count("RESHAPE") <= 2
    assert kinds.count("CONV_2D") == 2


def test_reshapes_in_a_row_are_one():
    pen = Pen((2, 12))
    x = pen.reshape(pen.node("Relu", pen.reshape("x", 4, 6)), 2, 3, 4)
    assert agrees(pen.done(x)).kinds() == ["RELU", "RESHAPE"]


def test_an_output_that_another_operator_reads_stays_an_output():
    pen = Pen((1, 3, 4, 5))
    first = pen.node("Relu", "x")
    made = agrees(pen.done(first, pen.node("Flatten", first)))
    assert len(made.graph.outputs) == 2


def test_each_pass_says_what_holds_after_it():
    assert all(step.name and step.ensures for step in TIDYING)
