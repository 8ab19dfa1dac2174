"""The networks of the bench: where each comes from, what it is fed, and what it is judged by.

Inputs are drawn from the real data by a seed; those that judge share no photograph and no recording with those that
calibrate, where the data have more than one (the anomaly detector's one clip and the keywords are parted by window).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from converters.tflite import read_tflite
from tests.bench.convert.faces import decoded, faces
from tests.bench.convert.numerals import numerals
from tests.bench.convert.pictures import crops

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy.typing as npt

    Draw = Callable[[Path], tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]]
    """The data folder to calibration and judging inputs, N×… in the axes of the source file, without its batch."""

CALIBRATE, JUDGE = 100, 2000
"""With 400 inputs to judge by, the same file won or lost a whole point by the draw."""

JUDGE_LARGE = 800
"""Of inputs that take half a megabyte each."""


@dataclass(frozen=True, slots=True)
class Network:
    """One row of the table.

    source: below the data folder; of a trained one, the task of `lessons` that it learns.
    inputs: None for a trained one, whose lesson has them.
    judged_by: what agrees: `class`, the best of the last axis; `cells`, which cells of a grid hold something (one
        column's score beyond one half); `box`, the box of the best score in the second output, corners in its last
        axis, by half of their union; `signal`, nothing is chosen and the noise alone counts.
    column: the score's column, of `cells` and `box`.
    decode: of `box`, what makes corners of the second output; None where the network does.
    reference: an int8 file of the same network to be as fast as, below the data folder.
    """

    name: str
    source: str
    inputs: Draw | None
    judged_by: Literal["class", "cells", "box", "signal"]
    column: int = 0
    reference: str = ""
    decode: Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]] | None = None

    @property
    def is_trained(self) -> bool:
        """Whether the bench trains it."""
        return self.inputs is None


def _pictures(size_px: int, low: float, high: float, count: int = JUDGE) -> Draw:
    def draw(data: Path) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        known, judged = crops(data, "known", CALIBRATE, size_px, 2), crops(data, "judged", count, size_px, 3)
        return _real(known.pixels, low, high), _real(judged.pixels, low, high)

    return draw


def _real(pixels: npt.NDArray[np.uint8], low: float, high: float) -> npt.NDArray[np.float32]:
    return np.asarray(pixels.astype(np.float32) * ((high - low) / 255) + low, np.float32)


def _keywords(data: Path) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """The 200 inputs of the benchmark, every fourth calibrates; stored as the reference int8 file takes them."""
    folder = data / "mlperf-tiny"
    reference = read_tflite((folder / "kws_ref_model.tflite").read_bytes())
    stored = reference.tensors[reference.inputs[0]].quantization
    if stored is None:
        raise ValueError("wanted an int8 reference file for the keywords, found a float one")
    raw = np.stack([np.fromfile(path, np.int8) for path in sorted((folder / "kws01").glob("*.bin"))])
    real = (raw.astype(np.float32) - stored.zero_point[0]) * stored.scale[0]
    every = np.arange(len(real)) % 4 == 0
    shaped = real.reshape(-1, 49, 10, 1).astype(np.float32)
    return shaped[every], shaped[~every]


def _machine_sound(data: Path) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Windows of five log-mel frames of one clip; every fourth calibrates."""
    path = data / "mlperf-tiny" / "ad_sample_normal_id_01_00000000_hist_librosa.bin"
    frames = np.fromfile(path, "<f4").reshape(200, 128)
    windows = np.stack([frames[place : place + 5].reshape(-1) for place in range(196)]).astype(np.float32)
    every = np.arange(len(windows)) % 4 == 0
    return windows[every], windows[~every]


def _angles(_data: Path) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """A whole turn, evenly; the judged angles lie between the calibrating ones."""
    turn = np.linspace(0, 2 * np.pi, 500, dtype=np.float32)[:, None]
    every = np.arange(500) % 5 == 0
    return turn[every], turn[~every]


def _numeral_rows(data: Path) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """28×28, 0 to 1, a row per step."""
    known, judged = numerals(data)
    return known[:, 0] / np.float32(255), judged[:, 0] / np.float32(255)


TINY, SUPPORT = "mlperf-tiny/", "tflite-support/"

NETWORKS = (
    Network(
        "keyword spotting", f"{TINY}kws_ref_model_float32.tflite", _keywords, "class",
        reference=f"{TINY}kws_ref_model.tflite",
    ),
    Network(
        "visual wake words", f"{TINY}vww_96_float.tflite", _pictures(96, 0, 1), "class",
        reference=f"{TINY}vww_96_int8.tflite",
    ),
    Network(
        "ResNet-8", f"{TINY}pretrainedResnet.tflite", _pictures(32, 0, 255), "class",
        reference=f"{TINY}pretrainedResnet_quant.tflite",
    ),
    Network(
        "anomaly autoencoder", f"{TINY}ad01_fp32.tflite", _machine_sound, "signal",
        reference=f"{TINY}ad01_int8.tflite",
    ),
    Network(
        "MobileNetV1-0.25", f"{SUPPORT}mobilenet_v1_0.25_224_1_default_1.tflite",
        _pictures(224, -1, 1, JUDGE_LARGE), "class",
    ),
    Network("hello world (sine)", "tflite-micro/hello_world_float.tflite", _angles, "signal"),
    Network("LSTM on MNIST", "tflite-micro/trained_lstm.tflite", _numeral_rows, "class"),
    Network("MNIST", "onnx/mnist/model.onnx", numerals, "class"),
    Network("UltraFace slim", "onnx/ultraface-slim-320_simplified.onnx", faces, "box", column=1, decode=decoded),
    Network("UltraFace RFB", "onnx/ultraface-RFB-320.onnx", faces, "box", column=1),
    Network("mobilenet-v2", "turns-96", None, "class"),
    Network("mobilenet-v3", "turns-96", None, "class"),
    Network("efficientnet-lite", "turns-96", None, "class"),
    Network("resnet-18", "defects-64", None, "class"),
    Network("shufflenet-v2", "defects-64", None, "class"),
    Network("ds-cnn", "digits", None, "class"),
    Network("vision-transformer", "turns-64", None, "class"),
    Network("u-net", "marks-96", None, "signal"),
    Network("autoencoder", "photographs-64", None, "signal"),
    Network("detector", "marks-96", None, "cells"),
)  # fmt: skip
