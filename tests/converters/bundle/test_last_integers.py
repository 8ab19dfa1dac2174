"""How far an ONNX network's outputs move when its last integers are one step off, whatever is float behind them."""

import os
import subprocess
import sys
import weakref

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, parser

from converters.bundle.last_integers import last_steps
from converters.quantize.onnx.prepare import Packages
from tests.fakes.onnx_models import brightness_classifier, largest_int8_products

INPUTS = [np.asarray([[1, 2, 3, 4]], np.float32), np.asarray([[40, 30, 20, 10]], np.float32)]
SMALL, LARGE = 0.25, 2.0


def network(*lines, outputs="float[1, 4] y", more="", first="first = Neg(own)"):
    """float32 `x` 1×4 → integers of steps 1 (`own`), `SMALL` and `LARGE`, made real again, and what is added behind.

    `skipped` is a name that is left out.
    """
    own, *computed = (
        f"{name}8 = QuantizeLinear({source}, {name}_step, zero) {name} = DequantizeLinear({name}8, {name}_step, zero)"
        for source, name in (("x", "own"), ("first", "small"), ("first", "large"))
    )
    steps = f"float own_step = {{1}}, float small_step = {{{SMALL}}}, float large_step = {{{LARGE}}}"
    model = parser.parse_model(f"""<ir_version: 8, opset_import: ["": 13]>
        g (float[1, 4] x) => ({outputs})
        <{steps}, int8 zero = {{0}}{more}>
        {{ {own} {first} {" ".join((*computed, *lines))} }}""")
    for node in model.graph.node:
        node.output[:] = ["" if name == "skipped" else name for name in node.output]
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


WEIGHTS = ", int8[4, 2] stored = {1, 4, 2, 3, -4, 4, 4, 4}, float third = {0.333333343}, int64[2] places = {2, 3}"
AS_MAPS = "flat = Neg(own) first = Unsqueeze(flat, places)"


@pytest.mark.parametrize(
    ("product", "times", "first", "shape"),
    [
        ("MatMul(large, weights)", 1, "first = Neg(own)", "1, 2"),
        ("Gemm<alpha = -3.0>(large, weights)", 3, "first = Neg(own)", "1, 2"),
        ("ConvTranspose(large, maps)", 1, AS_MAPS, "1, 2, 1, 1"),
        ("Conv(large, maps)", 1, AS_MAPS, "1, 2, 1, 1"),
    ],
)
def test_a_product_moves_by_one_step_times_its_largest_weight(product, times, first, shape):
    """Weights are one to four thirds; of the four integers that it sums one is a step off."""
    maps = "2, 4, 1, 1" if product.startswith("Conv(") else "4, 2, 1, 1"
    more = WEIGHTS + f", int8[{maps}] kernels = {{1, 4, 2, 3, -4, 4, 4, 4}}"
    lines = [
        f"{name} = DequantizeLinear({own}, third, zero)" for name, own in (("weights", "stored"), ("maps", "kernels"))
    ]
    content = network(*lines, f"y = {product}", outputs=f"float[{shape}] y", more=more, first=first)
    assert last_steps(content, INPUTS) == {"y": pytest.approx(times * LARGE * 4 / 3)}


@pytest.mark.parametrize(
    ("scales", "stored", "largest"),
    [
        ("{1.0, 3.0}", "{1, 4, 2, 3, -4, 4, 4, 4}", 4 * 3),
        ("{0.5, 0.5}", "{1, 4, 2, 3, -128, 4, 4, 127}", 128 / 2),
    ],
)
def test_the_largest_weight_is_that_of_the_widest_scale_and_of_either_sign(scales, stored, largest):
    more = f", int8[4, 2] stored = {stored}, float[2] scales = {scales}, int8[2] zeros = {{0, 0}}"
    lines = ["weights = DequantizeLinear<axis = 1>(stored, scales, zeros)", "y = MatMul(large, weights)"]
    assert last_steps(network(*lines, outputs="float[1, 2] y", more=more), INPUTS) == {"y": LARGE * largest}


def test_a_product_of_integers_with_several_steps_moves_by_the_largest():
    more = WEIGHTS + ", float[4] steps = {1, 3, 2, 1}, int8[4] zeros = {0, 0, 0, 0}"
    wide = (
        "wide8 = QuantizeLinear<axis = 1>(first, steps, zeros) wide = DequantizeLinear<axis = 1>(wide8, steps, zeros)"
    )
    lines = [wide, "weights = DequantizeLinear(stored, third, zero)", "y = MatMul(wide, weights)"]
    assert last_steps(network(*lines, outputs="float[1, 2] y", more=more), INPUTS) == {"y": pytest.approx(3 * 4 / 3)}


def test_behind_a_product_of_weights_with_a_zero_point_all_integers_are_moved():
    """The first column's weights are -4, -3, -9 and -1 thirds."""
    lines = ["weights = DequantizeLinear(stored, third, five)", "y = MatMul(large, weights)"]
    content = network(*lines, outputs="float[1, 2] y", more=WEIGHTS + ", int8 five = {5}")
    assert last_steps(content, INPUTS) == {"y": pytest.approx(LARGE * 17 / 3)}


def test_the_networks_own_input_does_not_move():
    more = ", int8[4, 2] stored = {1, 2, 3, 4, 5, 6, 7, 8}"
    lines = ["weights = DequantizeLinear(stored, own_step, zero)", "y = MatMul(own, weights)", "z = Add(small, own)"]
    outputs = "float[1, 2] y, float[1, 4] z"
    assert last_steps(network(*lines, outputs=outputs, more=more), INPUTS) == {"z": pytest.approx(SMALL)}


FAR = ", float[1, 4] far = {0, 100, 200, 300}, int64[1] two = {2}, float limit = {-1}, float nearly = {1.25}"


@pytest.mark.parametrize(
    "lines",
    [
        ["scores, best = TopK(small, two)", "row = Squeeze(best)", "taken = Gather<axis = 1>(boxes, row)"],
        ["best = ArgMax<axis = 1>(small)", "taken = GatherElements<axis = 1>(boxes, best)"],
        ["good = GreaterOrEqual(small, limit)", "taken = Where(good, boxes, limit)"],
        ["places = NonZero(small)", "rows = Transpose(places)", "taken = GatherND(boxes, rows)"],
        ["best = Hardmax<axis = 1>(small)", "rows = Transpose(boxes)", "taken = MatMul(best, rows)"],
        ["place = Cast<to = 7>(small)", "best = Abs(place)", "taken = GatherElements<axis = 1>(boxes, best)"],
        ["above = Add(small, nearly)", "good = Cast<to = 9>(above)", "taken = Where(good, boxes, limit)"],
    ],
    ids=lambda lines: lines[0],
)
def test_boxes_that_scores_choose_move_by_their_own_step_alone(lines):
    """The scores are alike: a step off, another would be the best, a hundred away, or above the limit."""
    content = network("boxes = Add(large, far)", *lines, "y = Identity(taken)", outputs="float y", more=FAR)
    assert last_steps(content, [np.asarray([[1, 1, 1, 1]], np.float32)]) == {"y": LARGE}


def test_the_scores_that_are_the_best_move_by_their_step():
    lines = ["y, best = TopK(small, two)", "row = Squeeze(best)", "z = Gather<axis = 1>(large, row)"]
    content = network(*lines, outputs="float[1, 2] y, float[1, 2] z", more=FAR)
    assert last_steps(content, INPUTS) == {"y": SMALL, "z": LARGE}


ROW = ["lowest = ReduceMin<keepdims = 0>(small)", "four = Mul(lowest, limit)", "row = Range(none, four, one)"]
"""Four numbers; one step off, three or five."""

LIMITS = ", float limit = {-4}, float none = {0}, float one = {1}"


def test_a_length_that_hangs_on_a_step_says_nothing():
    content = network(*ROW, "y = Mul(row, four)", outputs="float[n] y", more=LIMITS)
    assert last_steps(content, [np.ones((1, 4), np.float32)]) == {}


def test_what_does_not_run_one_step_off_has_no_step_and_the_log_says_so(caplog):
    """Three or five numbers are not to be added to four."""
    content = network(*ROW, "y = Add(large, row)", more=LIMITS)
    assert last_steps(content, [np.ones((1, 4), np.float32)]) == {}
    assert "goldens have no room for a step of the last integers" in caplog.text


@pytest.mark.parametrize("rounds", ["Floor", "Ceil", "Sign"])
def test_what_rounds_computes(rounds):
    content = network(f"rounded = {rounds}(small)", "y = Mul(rounded, limit)", more=FAR)
    assert last_steps(content, [np.zeros((1, 4), np.float32)]) == {"y": 1}


def test_names_that_are_left_out_are_no_values():
    """Of a recurrent layer before the integers, of one behind, and of a bound that a Clip does not have."""
    before = "rows = Unsqueeze(own, axis) skipped, state = RNN<hidden_size = 4>(rows, square, square)"
    behind = ["steps = Unsqueeze(small, axis)", "skipped, last = RNN<hidden_size = 4>(steps, square, square)"]
    behind += ["flat = Squeeze(last, axis)", "y = Clip(flat, , ten)"]
    more = f", float ten = {{10}}, int64[1] axis = {{0}}, float[1, 4, 4] square = {{{', '.join(['0.1'] * 16)}}}"
    content = network(*behind, more=more, first=f"{before} first = Squeeze(state, axis)")
    moved = last_steps(content, INPUTS)["y"]
    assert 0.01 < moved <= 4 * 0.1 * SMALL


def test_integers_stay_within_their_type():
    """They are -128, made real -32; one less would be another answer."""
    content = network("y = Min(small, lowest)", more=", float lowest = {-32}")
    assert last_steps(content, [np.full((1, 4), 100, np.float32)]) == {}


@pytest.mark.parametrize(("kind", "number"), [("float16", 10), ("double", 11)])
def test_an_output_of_any_floating_type_moves(kind, number):
    content = network(f"y = Cast<to = {number}>(large)", outputs=f"{kind}[1, 4] y")
    assert last_steps(content, INPUTS) == {"y": LARGE}


def test_integers_whose_scale_is_half_as_long_move():
    model = onnx.load_from_string(network("y = Cast<to = 1>(last)"))
    half = onnx.numpy_helper.from_array(np.asarray(SMALL, np.float16), "half")
    model.graph.initializer.append(half)
    nodes = [
        helper.make_node("Cast", ["first"], ["short"], to=TensorProto.FLOAT16),
        helper.make_node("QuantizeLinear", ["short", "half", "zero"], ["last8"]),
        helper.make_node("DequantizeLinear", ["last8", "half", "zero"], ["last"]),
    ]
    for node in reversed(nodes):
        model.graph.node.insert(len(model.graph.node) - 1, node)
    model.opset_import[0].version, model.ir_version = 19, 9
    assert last_steps(model.SerializeToString(), INPUTS) == {"y": SMALL}


def test_a_network_of_two_inputs_has_no_steps():
    model = onnx.load_from_string(network("y = Add(small, other)"))
    model.graph.input.append(helper.make_tensor_value_info("other", TensorProto.FLOAT, [1, 4]))
    assert last_steps(model.SerializeToString(), INPUTS) == {}


def branching(*lines):
    """The network with an If at its end, whose branches are these lines, which give `y`."""
    model = onnx.load_from_string(network("y = Identity(small)", more=", bool yes = {1}"))
    (last,) = (node for node in model.graph.node if "y" in node.output)
    text = f"branch () => (float[1, 4] y) {{ {' '.join(lines)} }}"
    branches = {name: parser.parse_graph(text) for name in ("then_branch", "else_branch")}
    last.CopyFrom(helper.make_node("If", ["yes"], ["y"], **branches))
    return model.SerializeToString()


def test_what_a_branch_reads_from_outside_is_moved_too():
    assert last_steps(branching("y = Neg(large)"), INPUTS) == {"y": LARGE}


def test_the_steps_are_the_same_in_every_process(tmp_path):
    """Also where a set of names says what is read: what is drawn at random is drawn in one order."""
    (tmp_path / "model.onnx").write_bytes(
        branching("shares = Softmax(large)", "some = Mul(shares, small)", "y = Softmax(some)")
    )
    program = """
import sys, pathlib, numpy
from converters.bundle.last_integers import last_steps
print(last_steps(pathlib.Path(sys.argv[1]).read_bytes(), [numpy.asarray([[1, 2, 3, 4]], numpy.float32)]))"""
    found = {
        subprocess.run(
            [sys.executable, "-c", program, tmp_path / "model.onnx"],
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            check=True,
            capture_output=True,
        ).stdout
        for seed in range(4)
    }
    assert len(found) == 1
    assert b"'y'" in found.pop()


def test_the_tail_is_opened_without_other_weights_once_the_whole_network_is_gone(monkeypatch):
    """Both as the file has them, which means the same on every machine."""
    opened, real = [], Packages.session

    def session(packages, content, **options):
        assert options == {"as_written": True}
        assert all(before() is None for before, _ in opened)
        made = real(packages, content, **options)
        opened.append((weakref.ref(made), len(content)))
        return made

    monkeypatch.setattr(Packages, "session", session)
    more = f", float[1, 4] ones = {{1, 1, 1, 1}}, float[4, 4000] wide = {{{', '.join(['1'] * 16000)}}}"
    first = "many = MatMul(own, wide) most = ReduceMax<axes = [1]>(many) first = Mul(ones, most)"
    assert last_steps(network("y = Mul(small, ones)", more=more, first=first), INPUTS) == {"y": SMALL}
    (_, whole), (_, tail) = opened
    assert whole > 64_000
    assert tail < 2_000


def test_a_float_model_and_an_output_of_places_have_no_steps():
    assert last_steps(brightness_classifier(), [np.zeros((1, 3, 8, 8), np.float32)]) == {}
    assert last_steps(network("y = ArgMax<axis = 1, keepdims = 0>(large)", outputs="int64[1] y"), INPUTS) == {}
