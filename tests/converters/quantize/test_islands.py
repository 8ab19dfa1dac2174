"""What stays float in an int8 network because it is quicker and truer so."""

from dataclasses import replace

import numpy as np
import pytest

from converters.quantize import quantize
from converters.quantize.islands import QUICKER_IN_FLOAT, float_islands
from converters.quantize.operator_rules import RULES
from converters.quantize.prepare import prepare
from converters.quantize.recipe import Recipe
from tests.converters.quantize.test_random_networks import SHAPE, Weaver

pytestmark = pytest.mark.usefixtures("warm_children")

PLAIN = Recipe(ranges=("min-max",), remedies=())


class Network(Weaver):
    """A network that a test writes operator by operator; `last` is the value that the next one reads."""

    def __init__(self):
        super().__init__(4)
        self.last = self.values[0]

    def then(self, kind, *others, shape=SHAPE, **options):
        inputs = [other if isinstance(other, str) else self.constant(*other) for other in others]
        self.last = self.apply(kind, [self.last, *inputs], shape, **options)
        return self

    def conv(self):
        self.step("conv")
        self.last = self.values[-1]
        return self

    def ends(self):
        self.graph.outputs = [self.last]
        return self.graph

    def step(self, name):
        self.values.append(getattr(self, f"_{name}")(self.last, self.values[0]))


def kinds(graph, outputs):
    return sorted(operator.kind for operator in graph.operators if operator.outputs[0] in outputs)


def samples():
    rng = np.random.default_rng(8)
    return [rng.uniform(-1, 1, SHAPE).astype(np.float32) for _ in range(24)]


def norm(network):
    """A layer norm as exporters spell it."""
    value, narrow = network.last, (*SHAPE[:3], 1)
    mean = network.apply("MEAN", [value, network.constant([3], "i4")], narrow, keep_dims=True)
    centred = network.apply("SUB", [value, mean])
    square = network.apply("MUL", [centred, centred])
    power = network.apply("MEAN", [square, network.constant([3], "i4")], narrow, keep_dims=True)
    network.last = network.apply("ADD", [power, network.constant([1e-3])], narrow)
    network.then("RSQRT", shape=narrow)
    network.last = network.apply("MUL", [centred, network.last])
    return network


@pytest.mark.parametrize("kind", ["ABS", "HARD_SWISH"])
def test_an_operator_with_a_slow_int8_kernel_is_float_between_convolutions(kind):
    graph = Network().conv().then(kind).conv().ends()
    assert kinds(graph, float_islands(graph)) == [kind]
    made = quantize(graph, samples(), PLAIN)
    assert made.float_operators == {kind: 1}
    assert made.int8_operators == {"CONV_2D": 2}


def test_what_goes_in_and_comes_out_keeps_its_type():
    graph = Network().then("HARD_SWISH").conv().then("HARD_SWISH").ends()
    assert float_islands(graph) == frozenset()
    made = quantize(graph, samples(), PLAIN)
    assert {str(made.graph.tensors[name].dtype) for name in (*graph.inputs, *graph.outputs)} == {"int8"}


def test_a_network_without_such_operators_has_no_island():
    graph = Network().conv().then("LOGISTIC").then("TANH").conv().ends()
    assert float_islands(graph) == frozenset()


def test_a_layer_norm_is_float_as_a_whole_and_truer_so():
    graph = prepare(norm(Network().conv()).conv().ends())
    assert kinds(graph, float_islands(graph)) == ["ADD", "MEAN", "MEAN", "MUL", "MUL", "RSQRT", "SUB"]
    island, integer = (
        quantize(graph, samples(), replace(PLAIN, float_islands=islands)).best for islands in (True, False)
    )
    assert island.xnnpack_db > integer.xnnpack_db + 3


def test_what_only_moves_bytes_stays_int8_beside_an_island():
    network = Network().conv()
    first = network.last
    network.then("ABS").then("RESHAPE", ([1, 36, 4], "i4"), shape=(1, 36, 4), new_shape=(1, 36, 4))
    network.then("RESHAPE", (SHAPE, "i4"), new_shape=SHAPE)
    network.last = network.apply("CONCATENATION", [network.last, first], (*SHAPE[:3], 8), axis=3)
    network.then("STRIDED_SLICE", *(([0] * 4, "i4"), (SHAPE, "i4"), ([1] * 4, "i4"))).conv()
    graph = network.ends()
    assert kinds(graph, float_islands(graph)) == ["ABS"]


def test_what_stands_between_two_islands_is_float():
    graph = Network().conv().then("ABS").then("MUL", ([0.5],)).then("HARD_SWISH").conv().ends()
    assert kinds(graph, float_islands(graph)) == ["ABS", "HARD_SWISH", "MUL"]


def test_a_board_without_float_kernels_gets_no_island():
    graph = Network().conv().then("HARD_SWISH").conv().ends()
    made = quantize(graph, samples(), replace(PLAIN, float_islands=False))
    assert made.float_operators == {}


def test_what_the_user_keeps_float_widens_no_island():
    graph = Network().conv().then("ABS").conv().then("TANH").conv().ends()
    made = quantize(graph, samples(), replace(PLAIN, keep_float=("TANH",)))
    assert made.float_operators == {"ABS": 1, "TANH": 1}


def test_every_kind_of_an_island_has_an_int8_form():
    assert set(RULES) >= QUICKER_IN_FLOAT
