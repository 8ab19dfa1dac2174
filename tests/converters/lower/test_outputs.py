"""Outputs that nobody computes: the input once more, and constants."""

import numpy as np
import pytest
from onnx import helper

from tests.converters.lower.onnx_models import agrees, drawn, lowered

RELU = helper.make_node("Relu", ["x"], ["y"])


@pytest.mark.parametrize("outputs", [("y", "x"), ("x", "y")])
@pytest.mark.parametrize("shape", [(1, 4), (1, 3, 4, 5)])
def test_the_input_may_be_an_output_as_it_is(shape, outputs):
    made = agrees(drawn([RELU], shape, outputs=outputs))
    assert tuple(made.graph.outputs) == outputs
    assert made.kinds() == ["RELU"]


def test_the_input_under_another_name_is_an_output_of_its_own():
    made = agrees(drawn([RELU, helper.make_node("Identity", ["x"], ["same"])], (1, 3, 4, 5), outputs=("y", "same")))
    assert made.graph.outputs == ["y", "same"]


def test_a_nan_in_any_output_is_a_deviation():
    made = lowered(drawn([RELU, helper.make_node("Abs", ["x"], ["size"])], (1, 4), outputs=("y", "size")))
    assert made.worst(made.wanted) == 0
    for place in range(2):
        broken = [np.full_like(value, np.nan) if at == place else value for at, value in enumerate(made.wanted)]
        assert np.isnan(made.worst(broken))


def test_a_constant_may_be_an_output():
    constants = {"anchors": np.arange(6, dtype=np.float32).reshape(2, 3)}
    nodes = [RELU, helper.make_node("Identity", ["anchors"], ["same"])]
    for output in ("anchors", "same"):
        agrees(drawn(nodes, (1, 3, 4, 5), constants, outputs=("y", output)))
