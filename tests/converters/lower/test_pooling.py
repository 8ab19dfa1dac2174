"""Every pooling answers as in ONNX Runtime: pads, divisors, windows that hang over."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from onnx import helper

from tests.converters.lower.onnx_models import OLD_ONNXRUNTIME, agrees, drawn, one

WINDOWS = {
    "size": st.tuples(st.integers(4, 11), st.integers(4, 11)),
    "kernel": st.tuples(st.integers(1, 4), st.integers(1, 4)),
    "strides": st.tuples(st.integers(1, 3), st.integers(1, 3)),
    "pads": st.lists(st.integers(0, 2), min_size=4, max_size=4),
    "hangs_over": st.booleans(),
}
EXAMPLES = settings(max_examples=50, deadline=None, derandomize=True)


def pool(kind, size, kernel, strides, pads, *, hangs_over, **attributes):
    # ONNX wants pads below the kernel.
    assume(all(pad < kernel[axis % 2] for axis, pad in enumerate(pads)))
    return one(
        kind, (1, 3, *size), kernel_shape=kernel, strides=strides, pads=pads, ceil_mode=int(hangs_over), **attributes
    )


@given(**WINDOWS)
@EXAMPLES
def test_max_pool(size, kernel, strides, pads, hangs_over):
    agrees(pool("MaxPool", size, kernel, strides, pads, hangs_over=hangs_over))


@pytest.mark.skipif(OLD_ONNXRUNTIME, reason="ONNX Runtime before 1.24 pools windows that hang over differently")
@given(counts_pads=st.booleans(), **WINDOWS)
@EXAMPLES
def test_average_pool(size, kernel, strides, pads, hangs_over, counts_pads):
    agrees(pool("AveragePool", size, kernel, strides, pads, hangs_over=hangs_over, count_include_pad=int(counts_pads)))


@pytest.mark.parametrize("kind", ["MaxPool", "AveragePool"])
@pytest.mark.parametrize("automatic", ["SAME_UPPER", "SAME_LOWER", "VALID"])
def test_automatic_pads(kind, automatic):
    agrees(one(kind, (1, 3, 8, 9), kernel_shape=(3, 2), strides=(2, 2), auto_pad=automatic))


@pytest.mark.parametrize("kind", ["MaxPool", "AveragePool"])
def test_pooling_of_a_sequence(kind):
    agrees(one(kind, (2, 3, 12), kernel_shape=(3,), strides=(2,), pads=(1, 1)))


@pytest.mark.parametrize("kind", ["GlobalAveragePool", "GlobalMaxPool"])
@pytest.mark.parametrize("shape", [(2, 3, 5, 4), (1, 3, 7)])
def test_whole_planes(kind, shape):
    agrees(one(kind, shape))


def test_uneven_pads_after_a_rectifier_are_zero_and_stay_in_its_range():
    nodes = [
        helper.make_node("Relu", ["x"], ["r"]),
        helper.make_node("MaxPool", ["r"], ["y"], kernel_shape=(3, 3), strides=(2, 2), pads=(1, 1, 1, 1)),
    ]
    assert agrees(drawn(nodes, (1, 3, 8, 8))).kinds() == ["RELU", "PAD", "MAX_POOL_2D"]
