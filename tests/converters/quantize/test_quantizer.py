"""What quantisation makes of graphs that mix precisions, share scales, or have nothing to quantise."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from converters.graph import Graph, Operator, Tensor
from converters.passes import PassFailedError
from converters.quantize import quantize
from converters.quantize.affine import Affine
from converters.quantize.recipe import CAMERA_UNIT, Recipe
from converters.quantize.soundness import UnsoundGraphError, check_int8
from converters.tflite import read_tflite, write_tflite
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("warm_children")

SHAPE = (1, 6, 6, 4)
FLOAT = np.dtype("f4")
ONE_RULE = Recipe(ranges=("min-max",), remedies=())


def chain(*steps: tuple[str, list[str], str, tuple[int, ...], dict[str, Any]]) -> Graph:
    """A graph from (kind, inputs, output, shape, options); `in` is its input, the last output its own."""
    graph = Graph({"in": Tensor("in", SHAPE, FLOAT)}, [], ["in"], [steps[-1][2]])
    for kind, inputs, output, shape, options in steps:
        graph.tensors[output] = Tensor(output, shape, FLOAT)
        graph.operators.append(Operator(kind, list(inputs), [output], options))
    return graph


def constant(graph: Graph, name: str, values: np.ndarray[Any, Any]) -> Graph:
    graph.tensors[name] = Tensor(name, values.shape, values.dtype, values)
    return graph


def drawn(count: int = 12) -> list[np.ndarray[Any, Any]]:
    return [np.random.default_rng(place).uniform(-1, 2, SHAPE).astype(np.float32) for place in range(count)]


def kinds(graph: Graph) -> list[str]:
    return [operator.kind for operator in graph.operators]


def test_an_operator_without_int8_form_becomes_a_float_island() -> None:
    graph = chain(
        ("LEAKY_RELU", ["in"], "a", SHAPE, {"alpha": 0.1}),
        ("EXP", ["a"], "b", SHAPE, {}),
        ("LEAKY_RELU", ["b"], "c", SHAPE, {"alpha": 0.1}),
    )
    made = quantize(graph, drawn(), ONE_RULE)
    assert kinds(made.graph) == ["LEAKY_RELU", "DEQUANTIZE", "EXP", "QUANTIZE", "LEAKY_RELU"]
    assert made.float_operators == {"EXP": 1}
    assert made.best.xnnpack_db > 25


def test_operators_are_kept_float_by_kind_or_by_name() -> None:
    graph = chain(("LEAKY_RELU", ["in"], "body", SHAPE, {"alpha": 0.1}), ("TANH", ["body"], "head/x", SHAPE, {}))
    for pattern in ("TANH", "head/*"):
        made = quantize(graph, drawn(), Recipe(ranges=("min-max",), remedies=(), keep_float=(pattern,)))
        assert kinds(made.graph) == ["LEAKY_RELU", "DEQUANTIZE", "TANH"]
        assert made.graph.tensors["head/x"].dtype == FLOAT


def test_a_fixed_scale_is_requantised_before_it_is_joined_with_others() -> None:
    graph = chain(
        ("LOGISTIC", ["in"], "share", SHAPE, {}),
        ("LEAKY_RELU", ["in"], "leaky", SHAPE, {"alpha": 0.1}),
        ("CONCATENATION", ["share", "leaky"], "out", (1, 6, 6, 8), {"axis": 3}),
    )
    made = quantize(graph, drawn(), ONE_RULE)
    assert "QUANTIZE" in kinds(made.graph)
    assert made.best.reference_db > 30


def test_what_only_copies_a_softmax_keeps_its_scale() -> None:
    shape = constant(
        chain(
            ("SOFTMAX", ["in"], "share", SHAPE, {"beta": 1.0}),
            ("RESHAPE", ["share", "shape"], "out", (1, 144), {"new_shape": (1, 144)}),
        ),
        "shape",
        np.array([1, 144], np.int32),
    )
    made = quantize(shape, drawn(), ONE_RULE)
    assert kinds(made.graph) == ["SOFTMAX", "RESHAPE"]
    quantization = made.graph.tensors["out"].quantization
    assert quantization is not None
    assert Affine.of(quantization) == Affine(1 / 256, -128)


def test_camera_bytes_go_in_as_they_are() -> None:
    graph = chain(("LEAKY_RELU", ["in"], "out", SHAPE, {"alpha": 0.1}))
    made = quantize(graph, drawn(), Recipe(ranges=("min-max",), remedies=(), input=CAMERA_UNIT))
    quantization = made.graph.tensors["in"].quantization
    assert quantization is not None
    assert Affine.of(quantization) == Affine(float(np.float32(1 / 255)), -128)


def test_outputs_are_float_where_that_is_asked() -> None:
    graph = chain(("TANH", ["in"], "out", SHAPE, {}))
    made = quantize(graph, drawn(), Recipe(ranges=("min-max",), remedies=(), float_outputs=True))
    assert kinds(made.graph) == ["TANH", "DEQUANTIZE"]
    assert made.graph.tensors[made.graph.outputs[0]].dtype == FLOAT


def test_the_float_part_of_a_model_that_takes_integers_is_kept() -> None:
    graph = chain(("DEQUANTIZE", ["in"], "real", SHAPE, {}), ("TANH", ["real"], "out", SHAPE, {}))
    graph.tensors["in"] = Tensor("in", SHAPE, np.dtype("i1"), None, CAMERA_UNIT.quantization())
    samples = [CAMERA_UNIT.quantize(one) for one in drawn()]
    made = quantize(graph, samples)
    assert made.int8_operators == {}
    assert made.float_operators == {"TANH": 1}
    assert made.best.xnnpack_db == np.inf
    assert made.best.reference_db > 120


def test_weights_stored_as_float16_or_int8_are_weights_all_the_same(one_operator: Callable[..., Graph]) -> None:
    weights = np.random.default_rng(0).normal(0, 1, (5, 16)).astype(np.float16)
    graph = one_operator("FULLY_CONNECTED", [(1, 16), weights.astype(np.float32), np.zeros(5, np.float32)], [(1, 5)])
    graph.tensors["c1"] = Tensor("c1", (5, 16), FLOAT)
    graph.tensors["half"] = Tensor("half", (5, 16), np.dtype("f2"), weights)
    graph.operators.insert(0, Operator("DEQUANTIZE", ["half"], ["c1"]))
    samples = [np.random.default_rng(place).uniform(-1, 1, (1, 16)).astype(np.float32) for place in range(80)]
    made = quantize(graph, samples, ONE_RULE)
    assert kinds(made.graph) == ["FULLY_CONNECTED"]
    assert made.best.xnnpack_db > 25


def test_a_lonely_activation_is_fused_into_the_operator_before() -> None:
    graph = chain(
        ("ADD", ["in", "in"], "sum", SHAPE, {"fused_activation_function": "NONE"}), ("RELU", ["sum"], "out", SHAPE, {})
    )
    made = quantize(graph, drawn(), ONE_RULE)
    assert kinds(made.graph) == ["ADD"]
    assert made.graph.operators[0].options["fused_activation_function"] == "RELU"


def test_the_given_graph_is_left_as_it_was() -> None:
    graph = chain(("TANH", ["in"], "out", SHAPE, {}))
    before = deepcopy(graph)
    quantize(graph, drawn(), ONE_RULE)
    assert graph == before


def test_every_rule_is_tried_and_the_best_is_kept() -> None:
    made = quantize(chain(("HARD_SWISH", ["in"], "out", SHAPE, {})), drawn())
    assert [one.name for one in made.tried][:4] == ["min-max", "l2.5", "mse", "p99.99"]
    assert [one.name for one in made.tried if one.kept][:1] == [made.rule]
    assert made.content == write_tflite(made.graph)


def test_a_tensor_that_is_always_zero_does_not_kill_the_runtime() -> None:
    graph = chain(("MUL", ["in", "zero"], "nothing", SHAPE, {}), ("ADD", ["nothing", "in"], "out", SHAPE, {}))
    made = quantize(constant(graph, "zero", np.zeros(4, np.float32)), drawn(), ONE_RULE)
    assert made.failures == ()
    assert made.best.xnnpack_db > 30


def test_an_integer_model_is_refused(data: Path) -> None:
    graph = read_tflite((data / "tflite-micro/person_detect.tflite").read_bytes())
    with pytest.raises(BadInputError, match="already integer"):
        quantize(graph, [np.zeros((1, 96, 96, 1), np.int8)])


def test_a_model_without_int8_forms_is_refused() -> None:
    with pytest.raises(BadInputError, match="found only EXP"):
        quantize(chain(("EXP", ["in"], "out", SHAPE, {})), drawn())


def test_an_open_size_is_refused_by_the_pass_that_met_it() -> None:
    graph = chain(("TANH", ["in"], "out", SHAPE, {}))
    graph.tensors["in"].shape = (1, -1, -1, 4)
    with pytest.raises(PassFailedError, match="fix shapes: input 'in' has the open shape"):
        quantize(graph, drawn())


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        ([], "at least one sample"),
        ([np.zeros((1, 5, 5, 4), np.float32)], r"sample 0, input 'in': wanted \(1, 6, 6, 4\)"),
        ([{"other": np.zeros(SHAPE, np.float32)}], "sample 0 lacks the inputs in"),
    ],
)
def test_samples_that_do_not_fit_are_refused(samples: list[Any], reason: str) -> None:
    with pytest.raises(BadInputError, match=reason):
        quantize(chain(("TANH", ["in"], "out", SHAPE, {})), samples)


def test_an_unknown_range_rule_is_refused() -> None:
    with pytest.raises(BadInputError, match=r"wanted some of min-max, l2\.5, mse, p99\.99, entropy, found best"):
        Recipe(ranges=("best",))


def test_a_graph_that_breaks_a_silent_rule_is_caught() -> None:
    made = quantize(
        constant(
            chain(("RESHAPE", ["in", "shape"], "out", (1, 144), {"new_shape": (1, 144)})),
            "shape",
            np.array([1, 144], np.int32),
        ),
        drawn(),
        ONE_RULE,
    )
    made.graph.tensors["out"].quantization = Affine(0.5, 3).quantization()
    with pytest.raises(UnsoundGraphError, match="RESHAPE 'out': wanted one scale"):
        check_int8(made.graph)


def test_a_layer_whose_answers_are_tiny_beside_its_products_loads_all_the_same(one_operator) -> None:
    """Two loud inputs that all but cancel: a kernel refuses a scale that is so much finer than its inputs'."""
    difference = np.array([[1, -1], [-1, 1]], np.float32)
    graph = one_operator("FULLY_CONNECTED", [(1, 2), difference, np.zeros(2, np.float32)], [(1, 2)])
    drawn = np.random.default_rng(0)
    loud = [(drawn.uniform(-1000, 1000) + drawn.normal(0, 1e-3, (1, 2))).astype(np.float32) for _ in range(20)]
    made = quantize(graph, loud)
    assert made.failures == ()
    assert made.int8_operators == {"FULLY_CONNECTED": 1}
