"""How far an ONNX network's outputs move when its last integers are one step off, whatever is float behind them."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, parser

from converters.bundle.last_integers import last_steps
from tests.fakes.onnx_models import brightness_classifier, largest_int8_products

INPUTS = [np.asarray([[1, 2, 3, 4]], np.float32), np.asarray([[40, 30, 20, 10]], np.float32)]
SMALL, LARGE = 0.25, 2.0


def network(*lines, outputs="float[1, 4] y", more=""):
    """float32 `x` 1×4 → integers of steps 1 (`own`), `SMALL` and `LARGE`, made real again, and what is added behind."""
    own, *computed = (
        f"{name}8 = QuantizeLinear({source}, {name}_step, zero) {name} = DequantizeLinear({name}8, {name}_step, zero)"
        for source, name in (("x", "own"), ("first", "small"), ("first", "large"))
    )
    steps = f"float own_step = {{1}}, float small_step = {{{SMALL}}}, float large_step = {{{LARGE}}}"
    model = parser.parse_model(f"""<ir_version: 8, opset_import: ["": 13]>
        g (float[1, 4] x) => ({outputs})
        <{steps}, int8 zero = {{0}}{more}>
        {{ {own} first = Neg(own) {" ".join((*computed, *lines))} }}""")
    return model.SerializeToString()


def test_an_output_of_integers_moves_by_their_scale():
    assert last_steps(largest_int8_products(), [np.ones((1, 8), np.float32)]) == {"y": pytest.approx(8 * 127)}


@pytest.mark.parametrize("kind", ["Flatten", "Identity"])
def test_what_only_lays_values_out_moves_them_no_further(kind):
    assert last_steps(network(f"y = {kind}(large)"), INPUTS) == {"y": LARGE}


@pytest.mark.parametrize("order", ["small, large", "large, small"])
def test_what_is_joined_in_float_moves_by_the_largest_step(order):
    lines = [f"joined = Concat<axis = 1>({order})", "y = Transpose(joined)"]
    assert last_steps(network(*lines, outputs="float[8, 1] y"), INPUTS) == {"y": LARGE}


def test_what_is_computed_in_float_carries_the_step_as_far_as_it_reaches():
    lines = ["y = Mul(small, ten)", "z = Softmax(small)"]
    content = network(*lines, outputs="float[1, 4] y, float[1, 4] z", more=", float ten = {10}")
    moved = last_steps(content, INPUTS)
    assert moved["y"] == pytest.approx(10 * SMALL)
    assert 0.05 < moved["z"] < 2 * SMALL


def test_a_product_moves_by_one_step_times_its_largest_weight():
    """Weights are one to four thirds; of the four integers that it sums one is a step off."""
    more = ", int8[4, 2] stored = {1, 4, 2, 3, -4, 4, 4, 4}, float third = {0.333333343}"
    lines = ["weights = DequantizeLinear(stored, third, zero)", "y = MatMul(large, weights)"]
    content = network(*lines, outputs="float[1, 2] y", more=more)
    assert last_steps(content, INPUTS) == {"y": pytest.approx(LARGE * 4 / 3)}


def test_the_networks_own_input_does_not_move():
    more = ", int8[4, 2] stored = {1, 2, 3, 4, 5, 6, 7, 8}"
    lines = ["weights = DequantizeLinear(stored, own_step, zero)", "y = MatMul(own, weights)", "z = Add(small, own)"]
    outputs = "float[1, 2] y, float[1, 4] z"
    assert last_steps(network(*lines, outputs=outputs, more=more), INPUTS) == {"z": pytest.approx(SMALL)}


def test_an_output_whose_length_hangs_on_a_step_moves_without_bounds():
    """Such as the boxes that are left over by a NonMaxSuppression."""
    lines = ["places = NonZero(large)", "rows = Transpose(places)", "y = GatherND(large, rows)"]
    assert last_steps(network(*lines, outputs="float[n] y"), [np.zeros((1, 4), np.float32)]) == {"y": np.inf}


def test_what_a_branch_reads_from_outside_is_moved_too():
    model = onnx.load_from_string(network("y = Identity(small)", more=", bool yes = {1}"))
    (last,) = (node for node in model.graph.node if "y" in node.output)
    branches = {
        name: helper.make_graph(
            [helper.make_node("Neg", ["large"], [name])],
            name,
            [],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 4])],
        )
        for name in ("then_branch", "else_branch")
    }
    last.CopyFrom(helper.make_node("If", ["yes"], ["y"], **branches))
    assert last_steps(model.SerializeToString(), INPUTS) == {"y": LARGE}


def test_a_float_model_and_an_output_of_places_have_no_steps():
    assert last_steps(brightness_classifier(), [np.zeros((1, 3, 8, 8), np.float32)]) == {}
    assert last_steps(network("y = ArgMax<axis = 1, keepdims = 0>(large)", outputs="int64[1] y"), INPUTS) == {}
