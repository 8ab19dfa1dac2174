"""Dead channels go, and the network answers as before; whatever could change an answer stays."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converters.consistency import check_graph
from converters.execute import Kernels, Session
from converters.graph import Graph, Operator, Tensor
from converters.sparsity.dead_channels import REMOVE_DEAD_CHANNELS, remove_dead_channels
from converters.tflite import read_tflite, write_tflite

SIDE, GIVEN, MADE, ANSWERS = 6, 3, 8, 4
FLOAT = np.dtype("f4")
UNIT_STRIDE = {"stride_h": 1, "stride_w": 1, "dilation_h_factor": 1, "dilation_w_factor": 1}


class Drawing:
    """A graph that grows operator by operator; constants are drawn from one seed."""

    def __init__(self, seed=0):
        self.rng = np.random.default_rng(seed)
        self.graph = Graph({}, [], ["in"], [])
        self.tensor("in", (1, SIDE, SIDE, GIVEN))

    def tensor(self, name, shape, data=None):
        self.graph.tensors[name] = Tensor(name, tuple(shape), FLOAT if data is None else data.dtype, data)
        return name

    def constant(self, name, values):
        return self.tensor(name, values.shape, np.asarray(values, values.dtype))

    def drawn(self, name, shape):
        return self.constant(name, self.rng.normal(size=shape).astype(np.float32))

    def add(self, kind, name, inputs, shape, **options):
        self.tensor(name, shape)
        self.graph.operators.append(Operator(kind, inputs, [name], options))
        self.graph.outputs = [name]
        return name

    def conv(self, name, source, channels, *, taps=3, padding="SAME", activation="NONE"):
        before = self.graph.tensors[source].shape
        weights = self.drawn(f"{name}/w", (channels, taps, taps, before[-1]))
        bias = self.drawn(f"{name}/b", (channels,))
        side = before[1] if padding == "SAME" else before[1] - taps + 1
        options = UNIT_STRIDE | {"padding": padding, "fused_activation_function": activation}
        return self.add("CONV_2D", name, [source, weights, bias], (1, side, side, channels), **options)

    def depthwise(self, name, source, padding="SAME"):
        before = self.graph.tensors[source].shape
        weights, bias = self.drawn(f"{name}/w", (1, 3, 3, before[-1])), self.drawn(f"{name}/b", before[-1:])
        side = before[1] if padding == "SAME" else before[1] - 2
        options = UNIT_STRIDE | {"padding": padding, "fused_activation_function": "RELU6", "depth_multiplier": 1}
        return self.add("DEPTHWISE_CONV_2D", name, [source, weights, bias], (1, side, side, before[-1]), **options)

    def kill(self, name, channels, bias=None):
        """Set whole filters, and their biases if told, to a value."""
        self.graph.tensors[f"{name}/w"].data[list(channels)] = 0
        if bias is not None:
            self.graph.tensors[f"{name}/b"].data[list(channels)] = bias

    def channels(self, name):
        return self.graph.tensors[name].shape[-1]


def answers(graph):
    feeds = np.random.default_rng(9).normal(size=(3, 1, SIDE, SIDE, GIVEN)).astype(np.float32)
    session = Session(write_tflite(graph), Kernels.REFERENCE)
    found = []
    for values in feeds:
        session.run({"in": values})
        found.append(session.outputs()[0])
    return np.asarray(found)


def removed_exactly(drawing):
    """Remove, check that nothing changed but the size, and give how many channels went."""
    before = deepcopy(drawing.graph)
    removed = remove_dead_channels(drawing.graph)
    check_graph(drawing.graph)
    read_tflite(write_tflite(drawing.graph))
    wanted = answers(before)
    np.testing.assert_allclose(answers(drawing.graph), wanted, rtol=1e-4, atol=1e-5 * np.abs(wanted).max())
    return removed


def test_a_dead_filter_goes_with_its_channel_and_its_readers_weights():
    drawing = Drawing()
    drawing.conv("a", "in", MADE, activation="RELU")
    drawing.conv("b", "a", ANSWERS)
    drawing.kill("a", (1, 5), bias=-1.0)
    assert removed_exactly(drawing) == 2
    assert drawing.channels("a") == MADE - 2
    assert drawing.graph.tensors["b/w"].shape == (ANSWERS, 3, 3, MADE - 2)


def test_what_a_dead_channel_still_says_by_its_bias_goes_into_the_next_bias():
    drawing = Drawing()
    drawing.conv("a", "in", MADE, activation="RELU6")
    drawing.conv("b", "a", ANSWERS, padding="VALID")
    drawing.kill("a", (2, 3, 4), bias=1.75)
    assert removed_exactly(drawing) == 3


def test_a_value_that_a_padded_border_would_interrupt_stays():
    drawing = Drawing()
    drawing.conv("a", "in", MADE, activation="RELU")
    drawing.conv("b", "a", ANSWERS)
    drawing.kill("a", (0,), bias=0.5)
    assert removed_exactly(drawing) == 0


def test_a_separable_block_shrinks_in_all_three_operators():
    drawing = Drawing()
    drawing.conv("expand", "in", MADE, activation="RELU6")
    drawing.depthwise("depthwise", "expand")
    drawing.conv("project", "depthwise", ANSWERS, taps=1)
    drawing.kill("expand", (0, 7), bias=0.0)
    assert removed_exactly(drawing) == 2
    assert [drawing.channels(name) for name in ("expand", "depthwise")] == [MADE - 2] * 2


def test_a_dead_depthwise_filter_frees_the_channel_before_it():
    drawing = Drawing()
    drawing.conv("expand", "in", MADE)
    drawing.depthwise("depthwise", "expand")
    drawing.conv("project", "depthwise", ANSWERS, taps=1)
    drawing.graph.tensors["depthwise/w"].data[..., 3] = 0
    assert removed_exactly(drawing) == 1
    assert drawing.channels("expand") == MADE - 1


def test_a_channel_that_nobody_weighs_goes_though_it_is_alive():
    drawing = Drawing()
    drawing.conv("a", "in", MADE)
    drawing.conv("b", "a", ANSWERS)
    drawing.graph.tensors["b/w"].data[..., 6] = 0
    assert removed_exactly(drawing) == 1


def test_what_falls_free_by_a_removal_goes_too():
    drawing = Drawing()
    drawing.conv("a", "in", MADE)
    drawing.conv("b", "a", MADE)
    drawing.conv("c", "b", ANSWERS)
    alive = [channel for channel in range(MADE) if channel != 2]
    drawing.graph.tensors["b/w"].data[alive, :, :, 4] = 0
    drawing.graph.tensors["c/w"].data[..., 2] = 0
    assert removed_exactly(drawing) == 2
    assert drawing.channels("a") == MADE - 1


def test_channels_are_followed_through_pooling_to_a_fully_connected_head():
    drawing = Drawing()
    drawing.conv("a", "in", MADE, activation="RELU")
    pool = {"stride_h": SIDE, "stride_w": SIDE, "filter_height": SIDE, "filter_width": SIDE, "padding": "VALID"}
    drawing.add("AVERAGE_POOL_2D", "pooled", ["a"], (1, 1, 1, MADE), fused_activation_function="NONE", **pool)
    drawing.constant("shape", np.asarray([1, MADE], np.int32))
    drawing.add("RESHAPE", "flat", ["pooled", "shape"], (1, MADE), new_shape=[1, MADE])
    weights = drawing.drawn("head/w", (ANSWERS, MADE))
    drawing.add("FULLY_CONNECTED", "head", ["flat", weights], (1, ANSWERS), fused_activation_function="NONE")
    drawing.kill("a", (1, 2), bias=3.0)
    assert removed_exactly(drawing) == 2
    assert drawing.graph.operators[-1].inputs[2] == "head/folded_bias"
    assert drawing.graph.tensors["head/w"].shape == (ANSWERS, MADE - 2)


def test_branches_that_meet_keep_their_channels():
    drawing = Drawing()
    drawing.conv("a", "in", MADE, activation="RELU")
    drawing.conv("b", "a", MADE)
    drawing.add("ADD", "sum", ["a", "b"], (1, SIDE, SIDE, MADE), fused_activation_function="NONE")
    drawing.conv("c", "sum", ANSWERS)
    drawing.kill("a", (0,), bias=0.0)
    drawing.kill("b", (0,), bias=0.0)
    assert removed_exactly(drawing) == 0


def test_an_output_keeps_its_channels():
    drawing = Drawing()
    drawing.conv("a", "in", MADE)
    drawing.kill("a", range(MADE), bias=0.0)
    assert removed_exactly(drawing) == 0


def test_an_inner_tensor_that_is_also_an_output_keeps_its_channels():
    drawing = Drawing()
    drawing.conv("a", "in", MADE)
    drawing.conv("b", "a", ANSWERS)
    drawing.kill("a", (0,), bias=0.0)
    drawing.graph.outputs = ["b", "a"]
    assert removed_exactly(drawing) == 0


def test_weights_that_two_operators_share_are_left_alone():
    drawing = Drawing()
    drawing.conv("a", "in", GIVEN)
    drawing.conv("b", "a", GIVEN)
    drawing.graph.operators[1].inputs[1] = "a/w"
    drawing.kill("a", (0,), bias=0.0)
    assert removed_exactly(drawing) == 0


def test_a_layer_of_dead_filters_keeps_one():
    drawing = Drawing()
    drawing.conv("a", "in", MADE, activation="RELU")
    drawing.conv("b", "a", ANSWERS, taps=1)
    drawing.kill("a", range(MADE), bias=2.0)
    assert removed_exactly(drawing) == MADE - 1
    assert drawing.channels("a") == 1


def test_a_network_without_dead_channels_is_not_touched():
    drawing = Drawing()
    drawing.conv("a", "in", MADE)
    drawing.conv("b", "a", ANSWERS)
    content = write_tflite(drawing.graph)
    assert not REMOVE_DEAD_CHANNELS.apply(drawing.graph)
    assert write_tflite(drawing.graph) == content


@pytest.mark.parametrize("between", ["RELU", "LEAKY_RELU", "HARD_SWISH", "MAX_POOL_2D", "PAD", "MEAN"])
def test_every_operator_on_the_way_is_computed_as_the_runtime_does(between):
    drawing = Drawing()
    drawing.conv("a", "in", MADE)
    wide = (1, SIDE, SIDE, MADE)
    if between == "MAX_POOL_2D":
        pool = {"stride_h": 1, "stride_w": 1, "filter_height": 3, "filter_width": 3, "padding": "SAME"}
        drawing.add(between, "m", ["a"], wide, fused_activation_function="NONE", **pool)
    elif between == "PAD":
        drawing.constant("p", np.asarray([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32))
        drawing.add(between, "m", ["a", "p"], (1, SIDE + 2, SIDE + 2, MADE))
    elif between == "MEAN":
        drawing.constant("p", np.asarray([1, 2], np.int32))
        drawing.add(between, "m", ["a", "p"], (1, 1, 1, MADE), keep_dims=True)
    else:
        drawing.add(between, "m", ["a"], wide, **({"alpha": 0.25} if between == "LEAKY_RELU" else {}))
    drawing.conv("b", "m", ANSWERS, taps=1)
    drawing.kill("a", (0,), bias=-1.5)
    drawing.kill("a", (1,), bias=0.7)
    drawing.kill("a", (2,), bias=0.0)
    assert removed_exactly(drawing) == (1 if between == "PAD" else 3)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    paddings=st.tuples(*[st.sampled_from(["SAME", "VALID"])] * 3),
    activation=st.sampled_from(["NONE", "RELU", "RELU6", "RELU_N1_TO_1"]),
    dead=st.sets(st.integers(0, MADE - 1)),
    bias=st.sampled_from([None, 0.0, -0.5, 0.5, 8.0]),
)
def test_whatever_is_pruned_the_answers_stay(seed, paddings, activation, dead, bias):
    drawing = Drawing(seed)
    drawing.conv("a", "in", MADE, padding=paddings[0], activation=activation)
    drawing.depthwise("d", "a", padding=paddings[1])
    drawing.conv("b", "d", MADE, taps=1, activation="RELU")
    drawing.conv("c", "b", ANSWERS, taps=1 if drawing.graph.tensors["b"].shape[1] < 3 else 3, padding=paddings[2])
    drawing.kill("a", dead, bias)
    drawing.kill("b", {channel for channel in dead if channel % 2})
    removed_exactly(drawing)
