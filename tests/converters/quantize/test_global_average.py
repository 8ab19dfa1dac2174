"""An average over a whole picture gets a scale of its own, and gives what the pool gave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from converters.execute import Kernels, run_all
from converters.graph import Graph, Operator, Tensor
from converters.quantize import Recipe, quantize
from converters.quantize.prepare import prepare
from converters.tflite import write_tflite

if TYPE_CHECKING:
    from collections.abc import Callable

SHAPE = (1, 8, 8, 4)
POOL = {"stride_h": 8, "stride_w": 8, "padding": "VALID", "filter_height": 8, "filter_width": 8}


def pictures(count: int = 16) -> list[np.ndarray[Any, Any]]:
    """Mostly quiet, with one loud place."""
    drawn = [np.random.default_rng(seed).normal(0, 0.1, SHAPE).astype(np.float32) for seed in range(count)]
    for picture in drawn:
        picture[0, 3, 3] = 20.0
    return drawn


@pytest.fixture
def pooled(one_operator: Callable[..., Graph]) -> Graph:
    return one_operator("AVERAGE_POOL_2D", [SHAPE], [(1, 1, 1, 4)], **POOL, fused_activation_function="NONE")


def flattened(graph: Graph) -> Graph:
    graph.tensors["to"] = Tensor("to", (2,), np.dtype("i4"), np.array([1, 4], np.int32))
    graph.tensors["flat"] = Tensor("flat", (1, 4), np.dtype("f4"))
    graph.operators.append(Operator("RESHAPE", ["out0", "to"], ["flat"], {"new_shape": (1, 4)}))
    graph.outputs = ["flat"]
    return graph


def test_it_gives_what_the_pool_gave(pooled: Graph) -> None:
    feeds = [{"in0": picture} for picture in pictures()]
    for graph in (pooled, flattened(pooled)):
        prepared = prepare(graph)
        assert [operator.kind for operator in prepared.operators] == ["MEAN"]
        for kernels in Kernels:
            before, after = (run_all(write_tflite(one), feeds, kernels) for one in (graph, prepared))
            np.testing.assert_allclose([a[0] for a in after], [b[0] for b in before], rtol=1e-5)


def test_a_quiet_average_keeps_its_steps(pooled: Graph) -> None:
    made = quantize(pooled, pictures(), Recipe(ranges=("min-max",), remedies=()))
    quantization = made.graph.tensors["out0"].quantization
    assert quantization is not None
    assert quantization.scale[0] < 1 / 255  # the loudest place needs 20 / 255


@pytest.mark.parametrize("changed", [{"filter_height": 4, "stride_h": 4}, {"fused_activation_function": "RELU"}])
def test_other_pools_stay(one_operator: Callable[..., Graph], changed: dict[str, Any]) -> None:
    rows = 2 if "stride_h" in changed else 1
    options = {**POOL, "fused_activation_function": "NONE", **changed}
    graph = prepare(one_operator("AVERAGE_POOL_2D", [SHAPE], [(1, rows, 1, 4)], **options))
    assert [operator.kind for operator in graph.operators] == ["AVERAGE_POOL_2D"]
