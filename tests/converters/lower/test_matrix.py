"""Products, reductions and normalisations answer as in ONNX Runtime."""

import numpy as np
import pytest
from onnx import helper

from tests.converters.lower.onnx_models import OLD_ONNXRUNTIME, agrees, drawn, one

REDUCTIONS = ("ReduceL1", "ReduceL2", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum", "ReduceSumSquare")


def values(*shape):
    return np.random.default_rng(4).standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("transposed", [0, 1])
@pytest.mark.parametrize("bias", [(), (6,), (1, 6), (3, 6), (3, 1), (1,), None])
def test_gemm(transposed, bias):
    weights = values(6, 5) if transposed else values(5, 6)
    addend = None if bias is None else values(*bias)
    agrees(one("Gemm", (3, 5), weights, addend, transB=transposed, alpha=0.5, beta=2.0))


def test_gemm_with_its_input_turned():
    agrees(one("Gemm", (5, 3), values(5, 6), values(6), transA=1))


@pytest.mark.parametrize("turned", [0, 1])
def test_gemm_of_two_computed_values(turned):
    nodes = [
        helper.make_node("Tanh", ["x"], ["t"]),
        helper.make_node("Gemm", ["x", "t"], ["y"], transA=1 - turned, transB=turned),
    ]
    agrees(drawn(nodes, (3, 5)))


@pytest.mark.parametrize(
    ("shape", "other"),
    [((3, 5), (5, 6)), ((2, 3, 5), (5, 6)), ((2, 3, 4, 5), (5, 6)), ((2, 3, 5), (2, 5, 4)), ((2, 3, 4, 5), (3, 5, 2)),
     ((2, 3, 5), (5,)), ((5,), (5, 4)), ((1, 2, 3, 4, 5), (5, 2)), ((2, 2, 2, 4, 5), (2, 2, 2, 5, 3))],
)  # fmt: skip
def test_matmul_by_a_constant(shape, other):
    agrees(one("MatMul", shape, values(*other)))


def test_matmul_of_two_computed_values():
    nodes = [
        helper.make_node("Transpose", ["x"], ["t"], perm=[0, 1, 3, 2]),
        helper.make_node("MatMul", ["x", "t"], ["m"]),
        helper.make_node("Softmax", ["m"], ["s"], axis=-1),
        helper.make_node("MatMul", ["s", "x"], ["y"]),
    ]
    agrees(drawn(nodes, (1, 2, 6, 5)))


def test_the_covariance_of_one_transposed_value():
    nodes = [
        helper.make_node("Transpose", ["x"], ["t"], perm=[0, 2, 1]),
        helper.make_node("MatMul", ["t", "x"], ["y"]),
    ]
    agrees(drawn(nodes, (2, 6, 5)))


@pytest.mark.parametrize("keeps", [0, 1])
@pytest.mark.parametrize("axes", [(1,), (2, 3), (1, 3), (-1,), (0, 1, 2, 3)])
@pytest.mark.parametrize("kind", REDUCTIONS)
def test_reductions(kind, axes, keeps):
    agrees(one(kind, (2, 3, 4, 5), opset=11, axes=axes, keepdims=keeps))


@pytest.mark.skipif(OLD_ONNXRUNTIME, reason="ONNX Runtime before 1.24 fails on these models itself")
@pytest.mark.parametrize("kind", ["ReduceMean", "ReduceSum", "ReduceMax"])
def test_new_reductions_take_their_axes_as_an_input(kind):
    agrees(one(kind, (2, 3, 4, 5), np.array([1, 2], np.int64), opset=18, keepdims=0))
    agrees(one(kind, (2, 3), opset=18, noop_with_empty_axes=1))


@pytest.mark.parametrize("shape", [(1, 3, 4, 5), (2, 3)])
def test_a_batch_norm_that_stands_alone(shape):
    agrees(one("BatchNormalization", shape, *(np.abs(values(3)) + place for place in range(4))))


@pytest.mark.parametrize(("shape", "axis"), [((2, 6, 8), -1), ((1, 3, 4, 5), 1), ((1, 3, 4, 5), -1)])
def test_layer_norm(shape, axis):
    inner = shape[axis:]
    agrees(one("LayerNormalization", shape, values(*inner), values(*inner), axis=axis))


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (1, 3, 7)])
def test_instance_norm(shape):
    agrees(one("InstanceNormalization", shape, values(3), values(3)))


@pytest.mark.parametrize("size", [1, 3, 5])
def test_local_response(size):
    agrees(one("LRN", (1, 7, 4, 5), size=size, alpha=0.5, beta=0.6, bias=2.0))
