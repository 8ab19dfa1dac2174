"""Every operator of the table is right in int8: with XNNPACK, with reference kernels, and in tflite-runtime."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from converters.execute import Kernels, run_all
from converters.quantize import QuantizedModel, quantize
from converters.quantize.affine import Affine
from converters.quantize.candidate import signal_to_noise_db
from converters.quantize.operator_rules import INT4_KINDS, INT16_RULES, RULES
from converters.quantize.recipe import Recipe
from converters.tflite import write_tflite
from tests.fakes.operator_cases import CASES, IMAGE

if TYPE_CHECKING:
    from collections.abc import Callable

    from converters.graph import Graph

pytestmark = pytest.mark.usefixtures("warm_children")

LEAST_DB = 20.0
"""Rounding alone leaves 24 dB or more here; values read in another tensor's scale leave 10 dB or less."""

LEAST_WIDE_DB = 30.0
"""int16 activations leave 44 dB with int8 weights, 80 dB without; less where a sample leaves the calibrated range."""

LEAST_NARROW_DB = 18.0
"""int4 weights leave 21 dB or more here; a kernel that takes them for int8 gives less than 0."""

SAMPLES = 80
POSITIVE = "RSQRT"
ALL = [*CASES, (POSITIVE, [IMAGE], [IMAGE], {})]


def samples_of(graph: Graph) -> list[dict[str, np.ndarray[Any, Any]]]:
    """Uniform values, the second input three times as wide, so that equal scales are no accident."""
    generator = np.random.default_rng(11)
    widths = {name: 1.0 + 2.0 * place for place, name in enumerate(graph.inputs)}
    drawn = [{name: _draw(generator, graph, name, widths[name]) for name in graph.inputs} for _ in range(SAMPLES)]
    if graph.operators[0].kind != POSITIVE:
        return drawn
    return [{name: np.abs(value) + 0.5 for name, value in feed.items()} for feed in drawn]


def _draw(generator: np.random.Generator, graph: Graph, name: str, width: float) -> np.ndarray[Any, Any]:
    return generator.uniform(-width, width, graph.tensors[name].shape).astype(np.float32)


@pytest.fixture(scope="module")
def models(one_operator: Callable[..., Graph]) -> list[tuple[Graph, QuantizedModel]]:
    """The float graph and the int8 model of every case."""
    graphs = [one_operator(kind, slots, outputs, **options) for kind, slots, outputs, options in ALL]
    recipe = Recipe(ranges=("min-max",), remedies=())
    return [(graph, quantize(graph, samples_of(graph), recipe)) for graph in graphs]


@pytest.fixture(scope="module")
def wide_models(one_operator: Callable[..., Graph]) -> list[tuple[Graph, QuantizedModel]]:
    """The same in int16, of operators with int16 kernels."""
    recipe = Recipe(ranges=("min-max",), remedies=(), activations="int16")
    return _quantized(one_operator, recipe, frozenset(INT16_RULES))


@pytest.fixture(scope="module")
def narrow_models(one_operator: Callable[..., Graph]) -> list[tuple[Graph, QuantizedModel]]:
    """The same with int4 weights, of operators with int4 kernels."""
    return _quantized(one_operator, Recipe(ranges=("min-max",), remedies=(), int4=("*",)), INT4_KINDS)


def _quantized(
    one_operator: Callable[..., Graph], recipe: Recipe, kinds: frozenset[str]
) -> list[tuple[Graph, QuantizedModel]]:
    graphs = [one_operator(kind, slots, outputs, **options) for kind, slots, outputs, options in ALL if kind in kinds]
    return [(graph, quantize(graph, samples_of(graph)[::4], recipe)) for graph in graphs]


def test_every_operator_of_the_table_has_a_case() -> None:
    assert {case[0] for case in ALL} == set(RULES)


@pytest.mark.parametrize("place", range(len(ALL)), ids=[case[0] for case in ALL])
def test_an_int8_operator_answers_like_the_float_one(models: list[tuple[Graph, QuantizedModel]], place: int) -> None:
    _, model = models[place]
    assert model.int8_operators == {ALL[place][0]: 1}
    assert {model.graph.tensors[name].dtype for name in model.graph.outputs} == {np.dtype("i1")}
    assert model.best.xnnpack_db > LEAST_DB
    assert model.best.reference_db > LEAST_DB


def test_every_int16_operator_answers_like_the_float_one(wide_models: list[tuple[Graph, QuantizedModel]]) -> None:
    assert {graph.operators[0].kind for graph, _ in wide_models} == set(INT16_RULES)
    for graph, model in wide_models:
        assert {model.graph.tensors[name].dtype for name in model.graph.outputs} == {np.dtype("i2")}
        worst = min(model.best.xnnpack_db, model.best.reference_db)
        assert worst > LEAST_WIDE_DB, graph.operators[0].kind


def test_every_int16_operator_is_right_in_tflite_runtime(
    wide_models: list[tuple[Graph, QuantizedModel]], tflite_runtime: Callable[..., Any]
) -> None:
    assert _below(wide_models, tflite_runtime, LEAST_WIDE_DB) == {}


def test_an_operator_without_int16_kernel_stays_float(one_operator: Callable[..., Graph]) -> None:
    graph = one_operator("HARD_SWISH", [IMAGE], [IMAGE])
    graph.operators.append(replace(graph.operators[0], kind="TANH", inputs=["out0"], outputs=["out1"]))
    graph.tensors["out1"] = replace(graph.tensors["out0"], name="out1")
    graph.outputs = ["out1"]
    recipe = Recipe(ranges=("min-max",), remedies=(), activations="int16")
    made = quantize(graph, samples_of(graph), recipe)
    assert made.float_operators == {"HARD_SWISH": 1}
    assert made.int8_operators == {"TANH": 1}


def test_every_operator_with_int4_weights_answers_like_the_float_one(
    narrow_models: list[tuple[Graph, QuantizedModel]],
) -> None:
    assert {graph.operators[0].kind for graph, _ in narrow_models} == INT4_KINDS
    for graph, model in narrow_models:
        assert "int4" in {str(tensor.dtype) for tensor in model.graph.tensors.values()}
        assert min(model.best.xnnpack_db, model.best.reference_db) > LEAST_NARROW_DB, graph.operators[0].kind


def test_convolutions_with_int4_weights_are_right_in_tflite_runtime(
    narrow_models: list[tuple[Graph, QuantizedModel]], tflite_runtime: Callable[..., Any]
) -> None:
    convolutions = [pair for pair in narrow_models if pair[0].operators[0].kind != "FULLY_CONNECTED"]
    assert _below(convolutions, tflite_runtime, LEAST_NARROW_DB) == {}


def test_every_int8_operator_is_right_in_tflite_runtime(
    models: list[tuple[Graph, QuantizedModel]], tflite_runtime: Callable[..., Any]
) -> None:
    assert _below(models, tflite_runtime, LEAST_DB) == {}


def _below(
    models: list[tuple[Graph, QuantizedModel]], tflite_runtime: Callable[..., Any], least_db: float
) -> dict[str, float]:
    """The kinds that answer worse in tflite-runtime, and how."""
    feeds = [samples_of(graph)[3] for graph, _ in models]
    runs = [(model.content, [_stored(model.graph, feed)]) for (_, model), feed in zip(models, feeds, strict=True)]
    worst: dict[str, float] = {}
    for (graph, model), feed, answers in zip(models, feeds, tflite_runtime(runs), strict=True):
        found = [_real(model.graph, name, value) for name, value in zip(graph.outputs, answers[0], strict=True)]
        kind, agreement = graph.operators[0].kind, signal_to_noise_db(_float_answers(graph, feed), found)
        worst[kind] = min(worst.get(kind, np.inf), agreement)
    return {kind: db for kind, db in worst.items() if db < least_db}


def _stored(graph: Graph, feed: dict[str, np.ndarray[Any, Any]]) -> dict[str, np.ndarray[Any, Any]]:
    return {name: _affine(graph, name).quantize(value) for name, value in feed.items()}


def _real(graph: Graph, name: str, stored: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return _affine(graph, name).dequantize(stored)


def _affine(graph: Graph, name: str) -> Affine:
    affine = Affine.of_tensor(graph.tensors[name])
    assert affine is not None
    return affine


def _float_answers(graph: Graph, feed: dict[str, np.ndarray[Any, Any]]) -> list[np.ndarray[Any, Any]]:
    return run_all(write_tflite(graph), [feed], Kernels.REFERENCE)[0]
