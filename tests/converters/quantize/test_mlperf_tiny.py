"""The four MLPerf Tiny float models become int8 that is as small as the reference files and as good as float.

The figures are printed; `pytest -s` shows them.
"""

# ruff: noqa: T201 - the figures are for people

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from converters.execute import Kernels, run_all
from converters.quantize import QuantizedModel, quantize
from converters.quantize.affine import Affine
from converters.quantize.recipe import CAMERA_RAW, CAMERA_UNIT, Recipe
from converters.tflite import read_tflite

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from converters.graph import Graph

Array = np.ndarray[Any, Any]

SIZE_ALLOWANCE = 1.05
ACCURACY_ALLOWANCE = 0.5
SCORE_ALLOWANCE = 0.03


@dataclass(frozen=True, slots=True)
class Task:
    """A float model, the reference's int8 file, and real inputs of which `calibration` are for calibration."""

    name: str
    original: bytes
    reference: bytes
    inputs: Sequence[Array]
    calibration: Sequence[Array]
    recipe: Recipe


@pytest.fixture(scope="module")
def models(data: Path) -> dict[str, tuple[Task, QuantizedModel]]:
    tasks = [_keyword_spotting(data), _anomaly(data), *_pictures(data)]
    return {task.name: (task, quantize(read_tflite(task.original), task.calibration, task.recipe)) for task in tasks}


@pytest.mark.parametrize("name", ["keyword", "anomaly", "person", "cifar"])
def test_the_file_is_no_larger_than_the_reference(models: dict[str, tuple[Task, QuantizedModel]], name: str) -> None:
    task, model = models[name]
    best = model.best
    print(
        f"\n{name}: {len(task.original)} B float, {len(task.reference)} B reference, {len(model.content)} B ours; "
        f"{model.rule}, {best.xnnpack_db:.1f} dB XNNPACK, {best.reference_db:.1f} dB reference kernels"
    )
    assert len(model.content) <= SIZE_ALLOWANCE * len(task.reference)


@pytest.mark.parametrize("name", ["keyword", "anomaly", "person", "cifar"])
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
    labels = np.array([int(row[2]) for row in _rows(data)])
    before, after = (_accuracy(task, content, labels, kernels) for content in (task.original, model.content))
    unseen = len(task.calibration)
    print(f"\nkeyword, {kernels.value}: {before[0]:.1f} % float, {after[0]:.1f} % int8, of 200 recordings")
    print(
        f"keyword, {kernels.value}: {before[1]:.1f} % float, {after[1]:.1f} % int8, of the {unseen} not calibrated with"
    )
    assert abs(after[0] - before[0]) <= ACCURACY_ALLOWANCE
    assert after[1] >= before[1] - ACCURACY_ALLOWANCE


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
    assert after == pytest.approx(before, rel=SCORE_ALLOWANCE)


@pytest.mark.parametrize("name", ["person", "cifar"])
@pytest.mark.parametrize("kernels", Kernels)
def test_pictures_are_classified_as_in_float(
    models: dict[str, tuple[Task, QuantizedModel]], name: str, kernels: Kernels
) -> None:
    task, model = models[name]
    before, after = (_answers(content, task.inputs, kernels) for content in (task.original, model.content))
    share = np.mean(before.argmax(axis=1) == after.argmax(axis=1))
    print(f"\n{name}, {kernels.value}: {share:.1%} of {len(task.inputs)} pictures as in float")
    assert share >= 0.95


def test_the_files_run_in_tflite_runtime(
    models: dict[str, tuple[Task, QuantizedModel]], tflite_runtime: Callable[..., Any]
) -> None:
    few = [(model, [_stored(model.graph, one) for one in task.inputs[:20]]) for task, model in models.values()]
    answers = tflite_runtime([(model.content, feeds) for model, feeds in few])
    for (model, feeds), found in zip(few, answers, strict=True):
        expected = run_all(model.content, feeds, Kernels.REFERENCE)
        steps = max(int(np.abs(a[0].astype(int) - b[0]).max()) for a, b in zip(expected, found, strict=True))
        print(f"\n{model.graph.outputs[0]}: at most {steps} int8 steps between tflite-runtime and LiteRT's reference")
        assert steps <= 32


def _keyword_spotting(data: Path) -> Task:
    home = data / "mlperf-tiny"
    reference = (home / "kws_ref_model.tflite").read_bytes()
    graph = read_tflite(reference)
    # The recordings are stored as the reference int8 file takes them.
    scale = _affine(graph, graph.inputs[0])
    stored = [np.fromfile(home / "kws01" / row[0], np.int8).reshape(1, 49, 10, 1) for row in _rows(data)]
    inputs = [scale.dequantize(one) for one in stored]
    original = (home / "kws_ref_model_float32.tflite").read_bytes()
    return Task("keyword", original, reference, inputs, inputs[:100], Recipe())


def _rows(data: Path) -> list[list[str]]:
    return list(csv.reader((data / "mlperf-tiny/kws01/y_labels.csv").read_text().splitlines()))


def _anomaly(data: Path) -> Task:
    home = data / "mlperf-tiny"
    frames = np.fromfile(home / "ad_sample_normal_id_01_00000000_hist_librosa.bin", "<f4").reshape(200, 128)
    windows = [frames[start : start + 5].reshape(1, 640) for start in range(196)]
    contents = [(home / name).read_bytes() for name in ("ad01_fp32.tflite", "ad01_int8.tflite")]
    return Task("anomaly", contents[0], contents[1], windows, windows[:98], Recipe())


def _pictures(data: Path) -> list[Task]:
    home = data / "mlperf-tiny"
    person = [picture / np.float32(255) for picture in _resized(data, 96)]
    cifar = _resized(data, 32)
    names = [
        ("vww_96_float.tflite", "vww_96_int8.tflite"),
        ("pretrainedResnet.tflite", "pretrainedResnet_quant.tflite"),
    ]
    files = [[(home / name).read_bytes() for name in pair] for pair in names]
    return [
        Task("person", files[0][0], files[0][1], person[1::2], person[::2], Recipe(input=CAMERA_UNIT)),
        Task("cifar", files[1][0], files[1][1], cifar[1::2], cifar[::2], Recipe(input=CAMERA_RAW)),
    ]


def _resized(data: Path, side: int) -> list[Array]:
    """Every photograph of a few folders, 1×side×side×3 float32 RGB, 0-255."""
    cv2 = pytest.importorskip("cv2")
    patterns = ("coral-test-data/*.bmp", "tflite-micro/*.bmp", "tflite-micro/*.png", "defect-aliens/*/*.png")
    paths = sorted(path for pattern in patterns for path in data.glob(pattern))
    pictures = [cv2.resize(cv2.imread(str(path)), (side, side), interpolation=cv2.INTER_AREA) for path in paths]
    return [np.ascontiguousarray(picture[None, :, :, ::-1], np.float32) for picture in pictures]


def _accuracy(task: Task, content: bytes, labels: Array, kernels: Kernels) -> tuple[float, float]:
    """Percent right of all inputs, and of those that were not calibrated with."""
    right = _answers(content, task.inputs, kernels).argmax(axis=1) == labels
    return float(right.mean() * 100), float(right[len(task.calibration) :].mean() * 100)


def _reconstruction_error(task: Task, content: bytes, kernels: Kernels) -> float:
    """The sample's score: mean over windows of the mean squared error of the reconstruction."""
    answers = _answers(content, task.inputs, kernels)
    return float(np.mean(np.square(answers - np.concatenate(task.inputs))))


def _answers(content: bytes, inputs: Sequence[Array], kernels: Kernels) -> Array:
    """Real outputs, one row per input."""
    graph = read_tflite(content)
    answers = run_all(content, [_stored(graph, one) for one in inputs], kernels)
    name = graph.outputs[0]
    is_float = graph.tensors[name].quantization is None
    return np.concatenate([one[0] if is_float else _affine(graph, name).dequantize(one[0]) for one in answers])


def _stored(graph: Graph, real: Array) -> dict[str, Array]:
    name = graph.inputs[0]
    is_float = graph.tensors[name].quantization is None
    return {name: real if is_float else _affine(graph, name).quantize(real)}


def _affine(graph: Graph, name: str) -> Affine:
    quantization = graph.tensors[name].quantization
    assert quantization is not None
    return Affine.of(quantization)
