"""MobileNetV1-0.25, which int8 hurts: four operators in float give nearly all of it back.

Calibration and judging pictures are cut from different photographs. The figures are printed; `pytest -s` shows them.
`make bench-doctor` measures the time.
"""

# ruff: noqa: T201 - the figures are for people

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from converters.doctor.pair import Pair
from converters.execute import Kernels, run_all
from converters.quantize import QuantizedModel, Recipe, quantize
from converters.quantize.affine import Affine
from converters.tflite import read_tflite, write_tflite
from converters.treatment import Mixing, treat
from tests.fakes.photographs import crops

if TYPE_CHECKING:
    from pathlib import Path

    from converters.doctor import Treatment
    from converters.graph import Graph

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("warm_children")]

MODEL = "tflite-support/mobilenet_v1_0.25_224_1_default_1.tflite"
SIDE_PX = 224
CAMERA = Affine(float(np.float32(1 / 127.5)), 0)
"""Byte p is stored as p - 128; half a step beside the middle of -1 to 1, because a zero point is whole."""

LEAST_AGREEMENT = 0.89
MOST_OPERATORS = 4


@pytest.fixture(scope="module")
def calibration(data: Path) -> list[Any]:
    pictures = _inputs(data, "calibration")
    for one in pictures:
        one.setflags(write=False)
    return pictures


@pytest.fixture(scope="module")
def made(calibration: list[Any], data: Path) -> QuantizedModel:
    """One range rule and the two remedies that pay here, without the search for them."""
    recipe = Recipe(input=CAMERA, ranges=("mse",), remedies=(), measured_bias=True, rounding="second-order")
    return quantize(read_tflite((data / MODEL).read_bytes()), calibration, recipe)


@pytest.fixture(scope="module")
def treatment(made: QuantizedModel, calibration: list[Any]) -> Treatment:
    return treat(made, calibration, Mixing(MOST_OPERATORS), classes=True, progress=lambda _stage, _done: None)


def test_four_float_operators_answer_as_float_on_unseen_pictures(
    made: QuantizedModel, treatment: Treatment, data: Path
) -> None:
    inputs = _inputs(data, "judging")
    wanted = _classes(data, read_tflite((data / MODEL).read_bytes()), inputs)
    for kernels in Kernels:
        shares = [np.mean(_classes(data, graph, inputs, kernels) == wanted) for graph in (made.graph, treatment.graph)]
        print(f"\n{kernels.value}: {shares[0]:.1%} int8, {shares[1]:.1%} mixed, of {len(inputs)} pictures as in float")
        assert shares[1] >= LEAST_AGREEMENT
    islands = treatment.findings.islands
    assert islands is not None
    print(f"{islands.reason}; {islands.tried} models in {islands.seconds:.1f} s")
    assert 0 < len(islands.kept_float) <= MOST_OPERATORS


def test_the_choice_is_within_its_estimated_time(treatment: Treatment) -> None:
    islands = treatment.findings.islands
    assert islands is not None
    chosen = next(point for point in islands.points if point.chosen)
    assert chosen.estimated_ratio <= 1.2
    assert chosen.output_db > islands.points[0].output_db


def test_the_layers_before_the_fault_are_named(treatment: Treatment) -> None:
    """The first depthwise pair multiplies the noise of what it reads by twenty: the known trouble of this network."""
    lines = treatment.findings.sentences
    assert "Conv2d_1_pointwise" in lines[1]
    assert treatment.findings.cause != "none"


def _inputs(data: Path, which: Any) -> list[Any]:
    """Every picture to judge; every second one to calibrate, which is enough and takes half the time."""
    pictures = crops(data, SIDE_PX, which)[:: 2 if which == "calibration" else 1]
    return [(picture.astype(np.float32) / 127.5 - 1)[None] for picture in pictures]


def _classes(data: Path, graph: Graph, inputs: list[Any], kernels: Kernels = Kernels.XNNPACK) -> Any:
    pair = Pair(read_tflite((data / MODEL).read_bytes()), graph)
    answers = run_all(write_tflite(graph), [pair.feed({graph.inputs[0]: one}) for one in inputs], kernels)
    return np.array([answer[0].argmax() for answer in answers])
