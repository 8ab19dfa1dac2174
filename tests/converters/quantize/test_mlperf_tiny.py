"""The four MLPerf Tiny float models become int8 that is smaller than the reference files and as good as float.

Pictures are crops of the data folder's photographs, those that calibrate and those that judge from different ones: the
benchmarks' own pictures are not in the folder, so classes are compared with the float model's, not with labels.

The figures are printed; `pytest -s` shows them.
"""

# ruff: noqa: T201 - the figures are for people

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from converters.execute import Kernels, run_all
from converters.quantize import QuantizedModel, quantize
from converters.quantize.recipe import Recipe
from converters.tflite import read_tflite
from tests.fakes.mlperf_tiny import Task, answers, keyword_rows, mlperf_tiny, stored

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("warm_children")

Array = np.ndarray[Any, Any]

LARGEST_BYTES = {"keyword": 39_088, "anomaly": 275_584, "person": 268_704, "cifar": 90_016}
"""What a prototype of this quantizer reached; the anomaly model with one scale per tensor."""

LEAST_AGREEMENT = {
    "keyword": {Kernels.XNNPACK: 0.98, Kernels.REFERENCE: 0.98},
    "person": {Kernels.XNNPACK: 0.98, Kernels.REFERENCE: 0.98},
    "cifar": {Kernels.XNNPACK: 0.96, Kernels.REFERENCE: 0.95},
}
"""Share of inputs with the float model's class."""

SCORE_SHIFT = 0.006
SCORE_SHIFT_PER_CHANNEL = 0.003
"""Of the anomaly score against float's, with one scale per tensor and with one per channel of FULLY_CONNECTED."""


@pytest.fixture(scope="module")
def models(data: Path) -> dict[str, tuple[Task, QuantizedModel]]:
    return {
        task.name: (task, quantize(read_tflite(task.original), task.calibration, task.recipe))
        for task in mlperf_tiny(data)
    }


@pytest.mark.parametrize("name", LARGEST_BYTES)
def test_the_file_is_no_larger_than_the_prototypes(models: dict[str, tuple[Task, QuantizedModel]], name: str) -> None:
    task, model = models[name]
    print(
        f"\n{name}: {len(task.original)} B float, {len(task.reference)} B reference, {len(model.content)} B ours; "
        f"{model.best.xnnpack_db:.1f} dB XNNPACK, {model.best.reference_db:.1f} dB reference kernels"
    )
    for one in model.tried:
        print(f"  {'kept' if one.kept else '    '} {one}")
    assert len(model.content) <= LARGEST_BYTES[name]


@pytest.mark.parametrize("name", LARGEST_BYTES)
def test_every_operator_is_int8_from_input_to_output(models: dict[str, tuple[Task, QuantizedModel]], name: str) -> None:
    _, model = models[name]
    ends = [model.graph.tensors[end].dtype for end in (*model.graph.inputs, *model.graph.outputs)]
    assert ends == [np.dtype("i1")] * len(ends)
    assert model.float_operators == {}


def test_the_same_samples_give_the_same_bytes(models: dict[str, tuple[Task, QuantizedModel]]) -> None:
    task, model = models["keyword"]
    assert quantize(read_tflite(task.original), task.calibration, task.recipe).content == model.content


@pytest.mark.parametrize("kernels", Kernels)
def test_keywords_are_spotted_as_well_as_in_float(
    data: Path, models: dict[str, tuple[Task, QuantizedModel]], kernels: Kernels
) -> None:
    task, model = models["keyword"]
    labels = np.array([int(row[2]) for row in keyword_rows(data)])
    before, after = (_accuracy(task, content, labels, kernels) for content in (task.original, model.content))
    unseen = len(task.calibration)
    print(f"\nkeyword, {kernels.value}: {before[0]:.1f} % float, {after[0]:.1f} % int8, of 200 recordings")
    print(
        f"keyword, {kernels.value}: {before[1]:.1f} % float, {after[1]:.1f} % int8, of the {unseen} not calibrated with"
    )
    assert after[0] >= before[0]


@pytest.mark.parametrize("kernels", Kernels)
def test_the_anomaly_sample_scores_as_in_float(
    models: dict[str, tuple[Task, QuantizedModel]], kernels: Kernels
) -> None:
    task, model = models["anomaly"]
    before, after, reference = (
        _reconstruction_error(task, content, kernels) for content in (task.original, model.content, task.reference)
    )
    print(
        f"\nanomaly, {kernels.value}: {before:.4f} float, {after:.4f} int8 ({after / before - 1:+.2%}), "
        f"{reference:.4f} reference int8 ({reference / before - 1:+.2%})"
    )
    assert before == pytest.approx(9.7071, abs=1e-3)
    assert after == pytest.approx(before, rel=SCORE_SHIFT)


def test_a_scale_per_channel_brings_the_anomaly_score_nearer(models: dict[str, tuple[Task, QuantizedModel]]) -> None:
    task, _ = models["anomaly"]
    content = quantize(read_tflite(task.original), task.calibration, Recipe()).content
    for kernels in Kernels:
        before, after = (_reconstruction_error(task, one, kernels) for one in (task.original, content))
        print(f"\nanomaly per channel, {kernels.value}: {len(content)} B, {after / before - 1:+.2%}")
        assert after == pytest.approx(before, rel=SCORE_SHIFT_PER_CHANNEL)


@pytest.mark.parametrize("name", LEAST_AGREEMENT)
@pytest.mark.parametrize("kernels", Kernels)
def test_inputs_are_classified_as_in_float(
    models: dict[str, tuple[Task, QuantizedModel]], name: str, kernels: Kernels
) -> None:
    task, model = models[name]
    before, after, reference = (
        answers(content, task.inputs, kernels).argmax(axis=1)
        for content in (task.original, model.content, task.reference)
    )
    share = np.mean(before == after)
    print(
        f"\n{name}, {kernels.value}: {share:.1%} of {len(task.inputs)} as in float, {np.mean(before == reference):.1%} "
        f"with the reference int8 file; {len(set(before.tolist()))} classes"
    )
    assert share >= LEAST_AGREEMENT[name][kernels]
    assert share >= np.mean(before == reference)


def test_the_files_run_in_tflite_runtime(
    models: dict[str, tuple[Task, QuantizedModel]], tflite_runtime: Callable[..., Any]
) -> None:
    few = [(model, [stored(model.graph, one) for one in task.inputs[:20]]) for task, model in models.values()]
    found_by_model = tflite_runtime([(model.content, feeds) for model, feeds in few])
    for (model, feeds), found in zip(few, found_by_model, strict=True):
        expected = run_all(model.content, feeds, Kernels.REFERENCE)
        steps = max(int(np.abs(a[0].astype(int) - b[0]).max()) for a, b in zip(expected, found, strict=True))
        print(f"\n{model.graph.outputs[0]}: at most {steps} int8 steps between tflite-runtime and LiteRT's reference")
        assert steps <= 32


def _accuracy(task: Task, content: bytes, labels: Array, kernels: Kernels) -> tuple[float, float]:
    """Percent right of all inputs, and of those that were not calibrated with."""
    right = answers(content, task.inputs, kernels).argmax(axis=1) == labels
    return float(right.mean() * 100), float(right[len(task.calibration) :].mean() * 100)


def _reconstruction_error(task: Task, content: bytes, kernels: Kernels) -> float:
    """The sample's score: mean over windows of the mean squared error of the reconstruction."""
    rebuilt = answers(content, task.inputs, kernels)
    return float(np.mean(np.square(rebuilt - np.concatenate(task.inputs))))
