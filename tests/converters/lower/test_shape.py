"""Moving elements about: what ONNX says of axes holds, and nothing is transposed that need not be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper

from converters.lower.layout import channel_last, collapsed, moves_nothing, reshape_layouts
from tests.converters.lower.onnx_models import agrees, drawn, one

EXAMPLES = settings(max_examples=60, deadline=None, derandomize=True)


def integers(*values):
    return np.array(values, np.int64)


@given(data=st.data(), rank=st.integers(2, 5))
@EXAMPLES
def test_transposes_and_reshapes_in_a_row(data, rank):
    shape = tuple(data.draw(st.lists(st.integers(1, 4), min_size=rank, max_size=rank)))
    order = data.draw(st.permutations(range(rank)))
    turned = tuple(shape[axis] for axis in order)
    split = data.draw(st.integers(0, rank - 2))
    merged = (*turned[:split], turned[split] * turned[split + 1], *turned[split + 2 :])
    again = data.draw(st.permutations(range(rank - 1)))
    nodes = [
        helper.make_node("Transpose", ["x"], ["a"], perm=order),
        helper.make_node("Reshape", ["a", "s"], ["b"]),
        helper.make_node("Transpose", ["b"], ["y"], perm=again),
    ]
    agrees(drawn(nodes, shape, {"s": integers(*merged)}))


@given(data=st.data())
@EXAMPLES
def test_a_tensor_is_reshaped_by_layout_as_by_hand(data):
    before = tuple(data.draw(st.lists(st.sampled_from([1, 2, 3, 4]), min_size=1, max_size=4)))
    after = data.draw(st.sampled_from([(int(np.prod(before)),), (*before, 1), (1, *before), before[::1]]))
    layout = tuple(data.draw(st.permutations(range(len(before)))))
    values = np.arange(np.prod(before)).reshape(before)
    source, result = reshape_layouts(before, after, layout)
    held = values.transpose(source).reshape(tuple(after[axis] for axis in result))
    np.testing.assert_array_equal(held.transpose(np.argsort(result)), values.reshape(after))


@given(data=st.data(), rank=st.integers(1, 6))
@EXAMPLES
def test_a_collapsed_transposition_is_the_same(data, rank):
    shape = tuple(data.draw(st.lists(st.integers(1, 3), min_size=rank, max_size=rank)))
    order = tuple(data.draw(st.permutations(range(rank))))
    values = np.arange(np.prod(shape)).reshape(shape)
    sizes, fewer = collapsed(shape, order)
    np.testing.assert_array_equal(
        values.reshape(sizes).transpose(fewer).reshape(-1), values.transpose(order).reshape(-1)
    )
    if moves_nothing(shape, order):
        np.testing.assert_array_equal(values.reshape(-1), values.transpose(order).reshape(-1))


def test_a_channel_shuffle_is_one_small_transpose():
    nodes = [
        helper.make_node("Reshape", ["x", "split"], ["a"]),
        helper.make_node("Transpose", ["a"], ["b"], perm=[0, 2, 1, 3, 4]),
        helper.make_node("Reshape", ["b", "joined"], ["y"]),
    ]
    constants = {"split": integers(1, 2, 3, 4, 5), "joined": integers(1, 6, 4, 5)}
    made = agrees(drawn(nodes, (1, 6, 4, 5), constants))
    assert made.kinds() == ["RESHAPE", "TRANSPOSE", "RESHAPE"]
    assert max(len(tensor.shape) for tensor in made.graph.tensors.values()) == 4


def test_a_flatten_before_a_layer_reorders_its_weights_instead():
    weights = np.random.default_rng(0).standard_normal((3 * 4 * 5, 7)).astype(np.float32)
    nodes = [
        helper.make_node("Relu", ["x"], ["r"]),
        helper.make_node("Flatten", ["r"], ["f"]),
        helper.make_node("MatMul", ["f", "w"], ["y"]),
    ]
    assert agrees(drawn(nodes, (1, 3, 4, 5), {"w": weights})).kinds() == ["RELU", "RESHAPE", "FULLY_CONNECTED"]


def test_a_head_that_puts_channels_last_itself_needs_no_transpose():
    nodes = [
        helper.make_node("Relu", ["x"], ["r"]),
        helper.make_node("Transpose", ["r"], ["t"], perm=[0, 2, 3, 1]),
        helper.make_node("Reshape", ["t", "s"], ["y"]),
    ]
    assert agrees(drawn(nodes, (1, 6, 4, 5), {"s": integers(1, -1, 2)})).kinds() == ["RELU", "RESHAPE"]


def test_a_model_that_takes_channels_last_keeps_its_input():
    nodes = [
        helper.make_node("Transpose", ["x"], ["t"], perm=[0, 3, 1, 2]),
        helper.make_node("GlobalAveragePool", ["t"], ["y"]),
    ]
    made = agrees(drawn(nodes, (1, 4, 5, 3)))
    assert made.graph.tensors["x"].shape == (1, 4, 5, 3)
    assert made.kinds() == ["MEAN"]


@pytest.mark.parametrize("axis", [0, 1, 2, 3])
def test_flatten(axis):
    agrees(one("Flatten", (2, 3, 4, 5), axis=axis))


@pytest.mark.parametrize("opset", [11, 13])
@pytest.mark.parametrize(("kind", "shape", "axes"), [("Squeeze", (1, 3, 1, 4), (2,)), ("Unsqueeze", (2, 3), (0, 3))])
def test_axes_of_size_one(kind, shape, axes, opset):
    agrees(one(kind, shape, integers(*axes), opset=opset) if opset > 11 else one(kind, shape, opset=opset, axes=axes))


@given(rank=st.integers(1, 5), data=st.data())
@EXAMPLES
def test_slices(rank, data):
    shape = tuple(data.draw(st.lists(st.integers(3, 6), min_size=rank, max_size=rank)))
    axis = data.draw(st.integers(0, rank - 1))
    step = data.draw(st.sampled_from([1, 1, 2, -1, -2] if rank < 5 else [1, -1]))
    start, end = (0, shape[axis]) if step > 0 else (-1, -1000)
    start += data.draw(st.integers(0, 1)) * (1 if step > 0 else -1)
    agrees(one("Slice", shape, integers(start), integers(end), integers(axis), integers(step)))


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (1, 6)])
def test_old_slices(shape):
    agrees(one("Slice", shape, opset=9, starts=[1], ends=[3], axes=[1]))


@pytest.mark.parametrize("axis", [0, 1, 3])
@pytest.mark.parametrize("parts", [(3, 3), (2, 4), (1, 2, 3)])
def test_splits(axis, parts):
    shape = [2, 3, 4, 5]
    shape[axis] = 6
    names = [f"y{place}" for place in range(len(parts))]
    node = helper.make_node("Split", ["x", "s"], names, axis=axis)
    agrees(drawn([node], shape, {"s": integers(*parts)}, outputs=names))


@pytest.mark.parametrize("positions", [2, [0, 2, -1], [[0, 1], [2, 0]]])
@pytest.mark.parametrize("axis", [0, 1, 2, 3])
def test_gathers(positions, axis):
    agrees(one("Gather", (3, 4, 5, 3), np.array(positions, np.int64), axis=axis))


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_concat(axis):
    nodes = [helper.make_node("Relu", ["x"], ["r"]), helper.make_node("Concat", ["x", "r", "x"], ["y"], axis=axis)]
    agrees(drawn(nodes, (2, 3, 4, 5)))


def test_a_concatenation_is_rectified_by_an_operator_of_its_own():
    nodes = [helper.make_node("Concat", ["x", "x"], ["c"], axis=1), helper.make_node("Relu", ["c"], ["y"])]
    assert agrees(drawn(nodes, (1, 3, 4, 5))).kinds() == ["CONCATENATION", "RELU"]


@pytest.mark.parametrize("mode", ["constant", "reflect", "edge"])
@pytest.mark.parametrize("pads", [(0, 0, 1, 2, 0, 0, 2, 0), (0, 1, 0, 0, 0, 0, 1, 0)])
def test_pads(mode, pads):
    agrees(one("Pad", (1, 3, 4, 5), integers(*pads), mode=mode))
    agrees(one("Pad", (1, 3, 4, 5), opset=10, mode=mode, pads=pads))


def test_a_pad_has_a_value():
    agrees(one("Pad", (2, 3), integers(0, 1, 1, 0), np.float32(-2)))


@pytest.mark.parametrize("mode", ["DCR", "CRD"])
def test_depth_to_space(mode):
    agrees(one("DepthToSpace", (1, 12, 3, 4), blocksize=2, mode=mode))


def test_space_to_depth():
    agrees(one("SpaceToDepth", (1, 3, 4, 6), blocksize=2))


def test_repeats():
    agrees(one("Tile", (1, 3, 4, 5), integers(1, 2, 1, 3)))
    agrees(one("Expand", (1, 3, 1, 5), integers(2, 3, 4, 5)))


def test_what_depends_on_shapes_alone_is_constant():
    nodes = [
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Gather", ["s", "first"], ["n"], axis=0),
        helper.make_node("Concat", ["n", "rest"], ["t"], axis=0),
        helper.make_node("Reshape", ["x", "t"], ["y"]),
    ]
    made = agrees(drawn(nodes, (2, 3, 4, 5), {"first": integers(0), "rest": integers(-1)}))
    assert set(made.kinds()) <= {"TRANSPOSE", "RESHAPE"}


def test_channels_last_is_a_permutation():
    assert channel_last(4) == (0, 2, 3, 1)
    assert channel_last(1) == (0,)


def test_a_pad_before_a_convolution_is_its_own():
    weights = np.random.default_rng(0).standard_normal((4, 3, 3, 3)).astype(np.float32)
    nodes = [helper.make_node("Pad", ["x", "p"], ["a"]), helper.make_node("Conv", ["a", "w"], ["y"], strides=[2, 2])]
    made = agrees(drawn(nodes, (1, 3, 8, 8), {"w": weights, "p": integers(0, 0, 0, 0, 0, 0, 1, 1)}))
    assert made.kinds() == ["CONV_2D"]


def test_zeros_around_a_pooling_of_negative_numbers_count():
    nodes = [
        helper.make_node("Abs", ["x"], ["a"]),
        helper.make_node("Neg", ["a"], ["n"]),
        helper.make_node("Pad", ["n", "p"], ["b"]),
        helper.make_node("MaxPool", ["b"], ["y"], kernel_shape=[2, 2]),
    ]
    agrees(drawn(nodes, (1, 3, 4, 5), {"p": integers(0, 0, 1, 1, 0, 0, 1, 1)}))
