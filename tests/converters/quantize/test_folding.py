"""Products and sums by constants that go into the weights beside them: fewer operators, the same answers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converters.execute import Kernels, run_all
from converters.graph import Graph, Operator, Tensor
from converters.passes import run_passes
from converters.quantize.prepare import PREPARATION
from converters.tflite import write_tflite

SHAPE = (1, 4, 4, 6)
TOKENS = (1, 16, 6)
PLAIN = {"fused_activation_function": "NONE"}
WINDOW = {**PLAIN, "stride_h": 1, "stride_w": 1}


class Builder:
    """A float graph, operator by operator."""

    def __init__(self, shape=SHAPE, seed=0):
        self.random = np.random.default_rng(seed)
        self.graph = Graph({"in": Tensor("in", shape, np.dtype("f4"))}, [], ["in"], [])

    def constant(self, values, dtype="f4"):
        name, data = f"constant{len(self.graph.tensors)}", np.asarray(values, dtype)
        self.graph.tensors[name] = Tensor(name, data.shape, data.dtype, data)
        return name

    def drawn(self, *shape):
        return self.constant(self.random.normal(0, 0.5, shape))

    def apply(self, kind, inputs, shape, parts=1, **options):
        names = [f"{kind.lower()}{len(self.graph.tensors)}{'abc'[part]}" for part in range(parts)]
        self.graph.tensors |= {name: Tensor(name, shape, np.dtype("f4")) for name in names}
        self.graph.operators.append(Operator(kind, inputs, names, options))
        return names if parts > 1 else names[0]

    def step(self, kind, value, constant):
        return self.apply(kind, [value, constant], self.graph.tensors[value].shape, **PLAIN)

    def reshape(self, value, shape):
        return self.apply("RESHAPE", [value, self.constant(shape, "i4")], shape, new_shape=shape)

    def transpose(self, value, order):
        shape = tuple(self.graph.tensors[value].shape[axis] for axis in order)
        return self.apply("TRANSPOSE", [value, self.constant(order, "i4")], shape)

    def dense(self, value, width=5, activation="NONE", *, bias=True):
        rows, taken = np.prod(self.graph.tensors[value].shape[:-1]), self.graph.tensors[value].shape[-1]
        inputs = [value, self.drawn(width, taken), *([self.drawn(width)] if bias else [])]
        return self.apply("FULLY_CONNECTED", inputs, (int(rows), width), fused_activation_function=activation)

    def conv(self, value, padding="SAME"):
        size = 4 if padding == "SAME" else 2
        weights = self.drawn(5, 3, 3, 6)
        return self.apply("CONV_2D", [value, weights, self.drawn(5)], (1, size, size, 5), padding=padding, **WINDOW)

    def ends(self, *outputs):
        self.graph.outputs = list(outputs)
        return self.graph


def answers(graph):
    value = np.random.default_rng(1).normal(0, 1, graph.tensors["in"].shape).astype(np.float32)
    return run_all(write_tflite(graph), [{"in": value}], Kernels.REFERENCE)[0]


def folded(graph):
    """The kinds of the operators that are left; the answers are as before."""
    before = answers(graph)
    run_passes(graph, [step for step in PREPARATION if step.name.startswith(("fold", "drop"))])
    for one, other in zip(before, answers(graph), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)
    return [operator.kind for operator in graph.operators]


@pytest.mark.parametrize("bias", [False, True])
def test_the_last_step_of_a_norm_goes_into_every_layer_that_reads_it(bias):
    b = Builder(TOKENS)
    normed = b.step("ADD", b.step("MUL", "in", b.drawn(6)), b.drawn(6))
    flat = b.reshape(normed, (16, 6))
    assert folded(b.ends(b.dense(flat, bias=bias), b.dense(flat))) == ["RESHAPE", "FULLY_CONNECTED", "FULLY_CONNECTED"]


def test_a_step_that_somebody_else_reads_stays():
    b = Builder(TOKENS)
    scaled = b.step("MUL", "in", b.drawn(6))
    assert folded(b.ends(b.dense(scaled), scaled)) == ["MUL", "FULLY_CONNECTED"]
    b = Builder(TOKENS)
    scaled = b.step("MUL", "in", b.drawn(6))
    assert folded(b.ends(b.dense(scaled), b.apply("TANH", [scaled], TOKENS))) == ["MUL", "FULLY_CONNECTED", "TANH"]


def test_a_sum_before_a_padding_convolution_stays_and_a_product_does_not():
    b = Builder()
    assert folded(b.ends(b.conv(b.step("ADD", b.step("MUL", "in", b.drawn(6)), b.drawn(6))))) == [
        "MUL",
        "ADD",
        "CONV_2D",
    ]
    b = Builder()
    assert folded(b.ends(b.conv(b.step("MUL", "in", b.drawn(6))))) == ["CONV_2D"]
    b = Builder()
    assert folded(b.ends(b.conv(b.step("SUB", "in", b.drawn(6)), "VALID"))) == ["CONV_2D"]


def test_a_reshape_that_mixes_channels_ends_the_way():
    b = Builder(TOKENS)
    flat = b.reshape(b.step("MUL", "in", b.drawn(6)), (1, 96))
    assert folded(b.ends(b.dense(flat))) == ["MUL", "RESHAPE", "FULLY_CONNECTED"]


def attention(b, factor, *, fused="NONE"):
    """The scores of one projection, cut in three, as vision transformers are exported."""
    projected = b.reshape(b.dense(b.reshape("in", (16, 6)), 24, fused), (1, 16, 3, 2, 4))
    part = (1, 16, 1, 2, 4)
    query, key, value = b.apply("SPLIT", [b.constant(2, "i4"), projected], part, parts=3, num_splits=3)
    query, key = (b.transpose(b.reshape(one, (16, 2, 4)), (1, 0, 2)) for one in (query, key))
    scores = b.apply("BATCH_MATMUL", [query, key], (2, 16, 16), adj_y=True)
    scaled = b.step("MUL", b.reshape(scores, (1, 2, 16, 16)), b.constant(factor))
    return b.ends(b.apply("TANH", [scaled], (1, 2, 16, 16)), value)


def test_the_factor_of_an_attention_goes_into_the_projection_of_its_queries():
    kinds = folded(attention(Builder(TOKENS), [0.5]))
    assert "MUL" not in kinds
    assert kinds.count("FULLY_CONNECTED") == 1


def test_a_factor_behind_an_activation_stays():
    assert "MUL" in folded(attention(Builder(TOKENS), [0.5], fused="RELU"))


def test_a_factor_for_each_pair_of_tokens_stays():
    assert "MUL" in folded(attention(Builder(TOKENS), np.linspace(0.1, 1, 256).reshape(1, 1, 16, 16)))


def test_a_factor_per_channel_goes_into_the_convolution_before():
    b = Builder()
    scaled = b.step("MUL", b.conv("in"), b.drawn(5))
    assert folded(b.ends(b.apply("TANH", [scaled], (1, 4, 4, 5)))) == ["CONV_2D", "TANH"]


def test_a_factor_behind_a_convolution_that_others_read_stays():
    b = Builder()
    value = b.conv("in")
    scaled, other = b.step("MUL", value, b.drawn(5)), b.apply("TANH", [value], (1, 4, 4, 5))
    assert "MUL" in folded(b.ends(b.apply("ABS", [scaled], (1, 4, 4, 5)), other))


@given(
    kinds=st.lists(st.sampled_from(["MUL", "ADD", "SUB", "TANH", "dense", "conv", "reshape"]), min_size=1, max_size=7),
    seed=st.integers(0, 99),
    wide=st.booleans(),
)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_any_order_of_steps_and_layers_gives_the_same_answers(kinds, seed, wide):
    b = Builder(seed=seed)
    value = "in"
    for kind in kinds:
        shape = b.graph.tensors[value].shape
        if kind in {"MUL", "ADD", "SUB"}:
            value = b.step(kind, value, b.drawn(shape[-1]) if wide else b.drawn(1))
        elif kind == "TANH":
            value = b.apply(kind, [value], shape)
        elif kind == "dense":
            value = b.dense(value, 6)
        elif kind == "conv" and shape == SHAPE:
            value = b.conv(value)
        else:
            value = b.reshape(value, (int(np.prod(shape[:-1])), shape[-1]))
    if value != "in":
        folded(b.ends(value))
