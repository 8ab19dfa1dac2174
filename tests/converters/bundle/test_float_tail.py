"""One integer step off before a float end: how far the outputs go, and that goldens allow for it."""

from dataclasses import replace

import numpy as np
import pytest

from converters import convert
from converters.bundle.float_tail import moved_by_one_step
from converters.graph import Graph, Operator, Quantization, Tensor
from converters.tflite import write_tflite
from edge_contracts.bundle import read_bundle
from tests.converters.doctor.conftest import draw_network

FLOAT, INT8 = np.dtype("f4"), np.dtype("i1")
INPUTS = [np.asarray([[0, 40, -30, 7]], np.int8)]
STEP = 0.25


def network(*tail, outputs):
    """int8 `in` (scale 1) -> RESHAPE'd int8 `held` (scale `STEP`) -> float `real`, and what is added behind."""
    scales = {"in": 1.0, "held": STEP}
    tensors = {name: Tensor(name, (1, 4), INT8, None, scaled(scale)) for name, scale in scales.items()}
    tensors["ten"] = Tensor("ten", (1,), FLOAT, np.asarray([10], np.float32))
    operators = [Operator("QUANTIZE", ["in"], ["held"]), Operator("DEQUANTIZE", ["held"], ["real"]), *tail]
    for operator in operators[1:]:
        tensors[operator.outputs[0]] = Tensor(operator.outputs[0], (1, 4), FLOAT)
    return Graph(tensors, operators, ["in"], list(outputs))


def scaled(scale):
    return Quantization(np.asarray([scale], np.float32), np.zeros(1, np.int64))


def test_an_output_that_is_only_made_real_moves_by_its_integers_step():
    assert moved_by_one_step(network(outputs=["real"]), INPUTS) == {"real": STEP}


def test_a_float_end_carries_the_step_as_far_as_it_reaches():
    times_ten = Operator("MUL", ["real", "ten"], ["scaled"])
    moved = moved_by_one_step(network(times_ten, outputs=["scaled", "real"]), INPUTS)
    assert moved == {"real": STEP, "scaled": pytest.approx(10 * STEP)}


def test_steps_that_cancel_when_all_go_one_way_are_found():
    normalised = Operator("SOFTMAX", ["real"], ["shares"], {"beta": 1.0})
    moved = moved_by_one_step(network(normalised, outputs=["shares"]), [np.zeros((1, 4), np.int8)])
    assert 0.05 < moved["shares"] < 0.15  # of 1/4 each


def test_an_integer_output_has_its_own_step_and_none_here():
    assert moved_by_one_step(network(outputs=["held"]), INPUTS) == {}


def test_integers_behind_a_float_part_move_by_the_integers_before_it():
    graph = network(
        Operator("MUL", ["real", "ten"], ["scaled"]),
        Operator("QUANTIZE", ["scaled"], ["stored"]),
        Operator("RESHAPE", ["stored"], ["out"], {"new_shape": [1, 4]}),
        outputs=["out"],
    )
    for name in ("stored", "out"):
        graph.tensors[name] = replace(graph.tensors["held"], name=name, quantization=scaled(2.0))
    # 10 x STEP is 2.5, or one or two of these integers.
    assert moved_by_one_step(graph, INPUTS)["out"] in {2.0, 4.0}


def test_integers_behind_weights_have_their_own_step_alone():
    graph = network(
        Operator("MUL", ["real", "ten"], ["scaled"]),
        Operator("QUANTIZE", ["scaled"], ["stored"]),
        Operator("FULLY_CONNECTED", ["stored", "weights"], ["out"]),
        outputs=["out"],
    )
    for name in ("stored", "out"):
        graph.tensors[name] = replace(graph.tensors["held"], name=name, quantization=scaled(2.0))
    graph.tensors["weights"] = Tensor("weights", (4, 4), INT8, np.eye(4, dtype=np.int8), scaled(1.0))
    assert moved_by_one_step(graph, INPUTS) == {}


def test_what_the_input_alone_decides_does_not_move():
    graph = network(Operator("DEQUANTIZE", ["in"], ["given"]), outputs=["given"])
    assert moved_by_one_step(graph, INPUTS) == {}


def test_the_inputs_own_part_stays_where_it_is_added():
    tail = (Operator("DEQUANTIZE", ["in"], ["given"]), Operator("ADD", ["real", "given"], ["sum"]))
    assert moved_by_one_step(network(*tail, outputs=["sum"]), INPUTS) == {"sum": pytest.approx(STEP)}


ALIKE = [np.ones((1, 4), np.int8)]
"""`real` is 1, four times."""


def chosen(*operators, outputs=("y",)):
    """Boxes at `real` + 0, 100, 200 and 300, of which `real` chooses some as these operators say."""
    boxes = Operator("ADD", ["real", "far"], ["boxes"], {"fused_activation_function": "NONE"})
    graph = network(boxes, *operators, outputs=outputs)
    stored = {"far": np.float32([[0, 100, 200, 300]]), "one": np.ones(1, np.float32)}
    stored |= {"axis": np.asarray(1, np.int32), "two": np.asarray(2, np.int32)}
    types = {"places": np.dtype("i4"), "found": np.dtype("i8"), "good": np.dtype("?")}
    for name, data in stored.items():
        graph.tensors[name] = Tensor(name, data.shape, data.dtype, data)
    for name in (name for operator in operators for name in operator.outputs):
        graph.tensors[name] = Tensor(name, (1, 2), types.get(name, FLOAT))
    return graph


BEST = Operator("TOPK_V2", ["real", "two"], ["scores", "places"])
TAKEN = Operator("GATHER", ["boxes", "places"], ["y"], {"axis": 1, "batch_dims": 1})
GOOD = Operator("GREATER_EQUAL", ["real", "one"], ["good"])
FOUND = Operator("WHERE", ["good"], ["found"])
LISTED = Operator("GATHER_ND", ["boxes", "found"], ["y"])
AS_PLACE = Operator("CAST", ["real"], ["places"], {"in_data_type": "FLOAT32", "out_data_type": "INT32"})
HIGHEST = Operator("ARG_MAX", ["real", "axis"], ["places"], {"output_type": "INT32"})


@pytest.mark.parametrize(
    "operators",
    [
        [BEST, TAKEN],
        [HIGHEST, Operator("GATHER", ["boxes", "places"], ["y"], {"axis": 1, "batch_dims": 0})],
        [AS_PLACE, TAKEN],
        [GOOD, Operator("SELECT_V2", ["good", "boxes", "one"], ["y"])],
        [GOOD, FOUND, LISTED],
    ],
    ids=lambda operators: operators[0].kind + operators[-1].kind,
)
def test_boxes_that_scores_choose_move_by_their_own_step_alone(operators):
    """The scores are alike: a step off, another would be the best, a hundred away, or below the limit."""
    assert moved_by_one_step(chosen(*operators), ALIKE) == {"y": pytest.approx(STEP)}


def test_the_scores_that_are_the_best_move_by_their_step():
    moved = moved_by_one_step(chosen(BEST, TAKEN, outputs=["scores", "y", "places"]), ALIKE)
    assert moved == {"scores": STEP, "y": pytest.approx(STEP)}


def test_a_golden_in_which_nothing_is_found_has_no_step_of_what_is():
    nothing = [np.full((1, 4), -9, np.int8)]
    assert moved_by_one_step(chosen(GOOD, FOUND, LISTED), [*nothing, *ALIKE]) == {"y": pytest.approx(STEP)}


def test_integers_whose_number_is_known_at_a_run_alone_move_by_their_step():
    listed = Operator("GATHER_ND", ["held", "found"], ["listed"])
    graph = chosen(GOOD, FOUND, listed, Operator("DEQUANTIZE", ["listed"], ["some"]), Operator("ABS", ["some"], ["y"]))
    graph.tensors["listed"] = replace(graph.tensors["held"], name="listed", shape=(1,))
    assert moved_by_one_step(graph, [np.asarray([[2, 0, 2, 2]], np.int8), *ALIKE]) == {"y": STEP}


def test_what_does_not_run_on_its_own_has_no_step_and_the_log_says_so(caplog):
    """LiteRT does not hand out the places of a WHERE that finds none."""
    graph = chosen(Operator("WHERE", ["real"], ["found"]), LISTED)
    assert moved_by_one_step(graph, [np.zeros((1, 4), np.int8)]) == {}
    assert "goldens have no room for a step of the last integers" in caplog.text


def test_goldens_allow_a_board_two_steps_before_a_float_end(tmp_path):
    graph = draw_network()
    graph.tensors["cosine"] = Tensor("cosine", graph.tensors["out"].shape, FLOAT)
    graph.operators.append(Operator("COS", ["out"], ["cosine"]))
    graph.outputs = ["cosine"]
    (tmp_path / "net.tflite").write_bytes(write_tflite(graph))
    random = np.random.default_rng(0)
    inputs = [random.standard_normal(graph.tensors["image"].shape).astype(np.float32) for _ in range(8)]
    done = convert(
        tmp_path / "net.tflite",
        profile="rpi-4b",
        calibration=inputs,
        out=tmp_path / "net.bundle",
        mixed_precision="off",
        force=True,
    )
    layers = {layer["name"]: layer for layer in done.card.details["doctor"]["layers"]}
    slope = np.sin(max(abs(layers["out"]["lowest"]), abs(layers["out"]["highest"])))
    tolerance = read_bundle(done.path).manifest.golden.tolerance["cosine"]
    assert layers["cosine"]["precision"] == "float32"
    assert 0.5 * slope * layers["out"]["step"] < tolerance < 3 * layers["out"]["step"]
