"""The four MLPerf Tiny tasks: a float model, the benchmark's own int8 file, and real inputs.

Pictures are crops of the data folder's photographs, those that calibrate and those that judge from different ones: the
benchmark's own pictures are not in the folder.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.execute import Kernels, run_all
from converters.quantize.affine import Affine
from converters.quantize.recipe import CAMERA_RAW, CAMERA_UNIT, CONVOLUTIONS, Recipe
from converters.tflite import read_tflite
from tests.fakes.photographs import crops

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from converters.graph import Graph

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Task:
    """A float model, the reference's int8 file, and real inputs."""

    name: str
    original: bytes
    reference: bytes
    inputs: Sequence[Array]
    calibration: Sequence[Array]
    recipe: Recipe


def mlperf_tiny(data: Path) -> list[Task]:
    """Keyword spotting, anomaly and person detection, and picture classification, from the folder of real data."""
    return [_keyword_spotting(data), _anomaly(data), *_pictures(data)]


def _keyword_spotting(data: Path) -> Task:
    home = data / "mlperf-tiny"
    reference = (home / "kws_ref_model.tflite").read_bytes()
    graph = read_tflite(reference)
    # The recordings are stored as the reference int8 file takes them.
    scale = _affine(graph, graph.inputs[0])
    stored = [np.fromfile(home / "kws01" / row[0], np.int8).reshape(1, 49, 10, 1) for row in keyword_rows(data)]
    inputs = [scale.dequantize(one) for one in stored]
    original = (home / "kws_ref_model_float32.tflite").read_bytes()
    return Task("keyword", original, reference, inputs, inputs[:100], Recipe())


def keyword_rows(data: Path) -> list[list[str]]:
    return list(csv.reader((data / "mlperf-tiny/kws01/y_labels.csv").read_text().splitlines()))


def _anomaly(data: Path) -> Task:
    home = data / "mlperf-tiny"
    frames = np.fromfile(home / "ad_sample_normal_id_01_00000000_hist_librosa.bin", "<f4").reshape(200, 128)
    windows = [frames[start : start + 5].reshape(1, 640) for start in range(196)]
    contents = [(home / name).read_bytes() for name in ("ad01_fp32.tflite", "ad01_int8.tflite")]
    return Task("anomaly", contents[0], contents[1], windows, windows[:98], Recipe(per_channel=CONVOLUTIONS))


def _pictures(data: Path) -> list[Task]:
    home = data / "mlperf-tiny"
    names = [
        ("vww_96_float.tflite", "vww_96_int8.tflite"),
        ("pretrainedResnet.tflite", "pretrainedResnet_quant.tflite"),
    ]
    files = [[(home / name).read_bytes() for name in pair] for pair in names]
    person = [[picture / np.float32(255) for picture in half] for half in _crops(data, 96)]
    cifar = _crops(data, 32)
    return [
        Task("person", files[0][0], files[0][1], person[1], person[0], Recipe(input=CAMERA_UNIT)),
        Task("cifar", files[1][0], files[1][1], cifar[1], cifar[0], Recipe(input=CAMERA_RAW)),
    ]


def _crops(data: Path, side: int) -> list[list[Array]]:
    """Pictures to calibrate with and pictures to judge by, 1×side×side×3 float32 RGB, 0-255."""
    return [[crop[None].astype(np.float32) for crop in crops(data, side, half)] for half in ("calibration", "judging")]


def answers(content: bytes, inputs: Sequence[Array], kernels: Kernels) -> Array:
    """Real outputs, one row per input."""
    graph = read_tflite(content)
    answers = run_all(content, [stored(graph, one) for one in inputs], kernels)
    name = graph.outputs[0]
    is_float = graph.tensors[name].quantization is None
    return np.concatenate([one[0] if is_float else _affine(graph, name).dequantize(one[0]) for one in answers])


def stored(graph: Graph, real: Array) -> dict[str, Array]:
    name = graph.inputs[0]
    is_float = graph.tensors[name].quantization is None
    return {name: real if is_float else _affine(graph, name).quantize(real)}


def _affine(graph: Graph, name: str) -> Affine:
    quantization = graph.tensors[name].quantization
    assert quantization is not None
    return Affine.of(quantization)
