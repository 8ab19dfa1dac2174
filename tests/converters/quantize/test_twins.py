"""A transposed value times itself is what ONNX Runtime and the reference kernels say, under XNNPACK as well."""

import numpy as np
import pytest
from onnx import helper

from converters.execute import Kernels, run_all
from converters.graph import Graph, Operator, Tensor
from converters.quantize import quantize
from converters.quantize.prepare import prepare
from converters.quantize.recipe import Recipe
from converters.tflite import write_tflite
from tests.converters.lower.onnx_models import agrees, drawn

FLOAT = np.dtype("f4")


def product() -> Graph:
    order = Tensor("order", (4,), np.dtype("i4"), np.array([0, 3, 1, 2], np.int32))
    values = (Tensor("x", (1, 4, 4, 3), FLOAT), Tensor("t", (1, 3, 4, 4), FLOAT), Tensor("y", (1, 3, 4, 4), FLOAT))
    operators = [Operator("TRANSPOSE", ["x", "order"], ["t"]), Operator("BATCH_MATMUL", ["t", "t"], ["y"])]
    return Graph({tensor.name: tensor for tensor in (order, *values)}, operators, ["x"], ["y"])


def test_a_picture_times_itself_is_lowered_right():
    agrees(drawn([helper.make_node("MatMul", ["x", "x"], ["y"])], (1, 3, 4, 4)))


def test_a_prepared_graph_answers_alike_with_both_kernel_sets():
    feed = {"x": np.random.default_rng(0).standard_normal((1, 4, 4, 3)).astype(np.float32)}
    content = write_tflite(prepare(product()))
    found = [run_all(content, [feed], kernels)[0][0] for kernels in Kernels]
    turned = feed["x"].transpose(0, 3, 1, 2)
    for answer in found:
        np.testing.assert_allclose(answer, turned @ turned, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("seed", range(2))
def test_it_stays_right_in_int8(seed):
    rng = np.random.default_rng(seed)
    samples = [rng.uniform(-1, 1, (1, 4, 4, 3)).astype(np.float32) for _ in range(8)]
    made = quantize(product(), samples, Recipe(ranges=("min-max",)))
    assert min(made.best.xnnpack_db, made.best.reference_db) > 25
