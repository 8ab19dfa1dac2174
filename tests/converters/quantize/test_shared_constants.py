"""One constant, several readers: each reads it in its own numbers, whoever comes first."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from converters.graph import Graph, Operator, Tensor
from converters.quantize import quantize
from converters.quantize.recipe import Recipe

pytestmark = pytest.mark.usefixtures("warm_children")

SHAPE = (4, 4)
FLOAT = np.dtype("f4")
PLAIN = {"fused_activation_function": "NONE"}
DENSE = {**PLAIN, "weights_format": "DEFAULT", "keep_num_dims": False}
LEAST_DB = 25

ADD = ("ADD", ["dense", "bias"], "sum")
BY_BIAS = ("DIV", ["dense", "bias"], "share")
BY_WEIGHTS = ("DIV", ["dense", "weights"], "ratio")
"""DIV stays float; what it divides by is the bias or the weights of the layer before, as they were."""


def graph(*steps: tuple[str, list[str], str], outputs: list[str] | None = None) -> Graph:
    """A layer of weights and bias, and what follows it; every result is an output."""
    random = np.random.default_rng(0)
    named = {"weights": random.uniform(1, 3, SHAPE), "bias": random.uniform(1, 2, SHAPE[1]), "far": np.ones(3)}
    tensors = {name: Tensor(name, data.shape, FLOAT, data.astype(np.float32)) for name, data in named.items()} | {
        name: Tensor(name, SHAPE, FLOAT) for name in ("in", "dense", *(result for *_, result in steps))
    }
    layer = Operator("FULLY_CONNECTED", ["in", "weights", "bias"], ["dense"], dict(DENSE))
    others = [Operator(kind, list(inputs), [result], dict(PLAIN)) for kind, inputs, result in steps]
    return Graph(tensors, [layer, *others], ["in"], outputs or [result for *_, result in steps])


def inputs() -> list[np.ndarray[Any, Any]]:
    return [np.random.default_rng(place).standard_normal(SHAPE).astype(np.float32) for place in range(12)]


@pytest.mark.parametrize("float_outputs", [True, False])
@pytest.mark.parametrize(
    "steps", [(ADD, BY_BIAS), (BY_BIAS, ADD), (BY_BIAS,), (BY_WEIGHTS,), (BY_WEIGHTS, ADD, BY_BIAS)]
)
def test_a_constant_that_a_float_operator_reads_stays_float_for_it(
    steps: tuple[tuple[str, list[str], str], ...], *, float_outputs: bool
) -> None:
    recipe = Recipe(ranges=("min-max",), remedies=(), float_islands=False, float_outputs=float_outputs)
    made = quantize(graph(*steps), inputs(), recipe)
    assert made.best.xnnpack_db > LEAST_DB
    assert made.best.reference_db > LEAST_DB
    assert made.float_operators == {"DIV": sum(kind == "DIV" for kind, *_ in steps)}


@pytest.mark.parametrize("float_outputs", [True, False])
@pytest.mark.parametrize("outputs", [["sum", "far"], ["far", "sum"], ["sum", "weights"], ["sum", "bias", "in"]])
def test_an_output_that_is_no_result_is_given_as_it_was(outputs: list[str], *, float_outputs: bool) -> None:
    float_graph = graph(ADD, outputs=outputs)
    recipe = Recipe(ranges=("min-max",), remedies=(), float_outputs=float_outputs)
    made = quantize(float_graph, inputs(), recipe)
    assert made.best.xnnpack_db > LEAST_DB
    for name in {"far", "weights", "bias"} & set(outputs):
        found = made.graph.tensors[made.graph.outputs[outputs.index(name)]].data
        np.testing.assert_array_equal(found, float_graph.tensors[name].data)
