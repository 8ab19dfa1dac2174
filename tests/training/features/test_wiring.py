from __future__ import annotations

import numpy as np
import pytest

from converters.graph import Graph
from training.features.wiring import Wiring


@pytest.fixture
def pen() -> Wiring:
    return Wiring(Graph({}, [], [], []), "part")


def test_constants_keep_the_precision_that_was_asked_for(pen: Wiring) -> None:
    name = pen.constant("gain", np.float64(2.5) * np.ones((2, 3)))
    assert pen.graph.tensors[name].dtype == np.float32
    assert pen.graph.tensors[name].data is not None
    assert pen.shape(name) == (2, 3)
    assert pen.shape(pen.constant("count", 4, np.int32)) == ()


def test_names_never_collide(pen: Wiring) -> None:
    assert [pen.constant("gain", 1.0) for _ in range(3)] == ["part/gain", "part/gain_2", "part/gain_3"]


def test_a_renamed_tensor_is_renamed_everywhere(pen: Wiring) -> None:
    left, right = pen.constant("left", [1.0]), pen.constant("right", [1.0])
    total = pen.pointwise("ADD", left, right)
    pen.graph.outputs.append(total)
    assert pen.rename(total, "sum") == "sum"
    assert pen.graph.outputs == pen.graph.operators[0].outputs == ["sum"]
    assert pen.graph.tensors["sum"].name == "sum"


def test_who_had_a_wanted_name_gets_another(pen: Wiring) -> None:
    pen.rename(pen.constant("left", [1.0]), "sum")
    total = pen.pointwise("ADD", "sum", "sum")
    pen.rename(total, "sum")
    (operator,) = pen.graph.operators
    assert operator.outputs == ["sum"]
    assert operator.inputs[0] == operator.inputs[1] != "sum"
    assert operator.inputs[0] in pen.graph.tensors


def test_a_valid_convolution_shrinks_by_its_kernel(pen: Wiring) -> None:
    picture = pen.constant("picture", np.zeros((1, 10, 12, 1)))
    assert pen.shape(pen.convolve(picture, np.zeros((4, 3, 3, 1)), np.zeros(4), padding="VALID")) == (1, 8, 10, 4)
    assert pen.shape(pen.convolve(picture, np.zeros((4, 3, 3, 1)), np.zeros(4), stride=2)) == (1, 5, 6, 4)
