"""Where the time of one frame goes, stage by stage, in µs of CPU of one thread. `make bench`.

Each stage is called alone on frames of 640×480 of a film; the floor of each is named beside it. What the daemon costs
beyond the sum of its stages is handing over between threads and processes (`bench.py` has the whole).
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from edge_contracts.manifest import ImageInput
from edge_contracts.station import PictureHealth, VideoSource
from edge_runtime.blue_first import as_stored
from edge_runtime.camera_shift import CameraShift, background
from edge_runtime.capture.source import build_source
from edge_runtime.clock import MonotonicClock
from edge_runtime.freed_memory import keep_freed_memory
from edge_runtime.infer.predictor import Predictor
from edge_runtime.inspection.decide import decide
from edge_runtime.inspection.decision import Ruling
from edge_runtime.picture_health import PictureCheck, reduced_grey
from edge_runtime.preprocess import Preprocessor
from tests.bench.daemon.bench import mobilenet, write_film

if TYPE_CHECKING:
    from collections.abc import Callable

TURNS, CALLS = 9, 200
FRAMES = 8


def main() -> None:
    """Measure and print."""
    cv2.setNumThreads(1)
    keep_freed_memory()
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        folder = Path(name)
        film, bundle = write_film(folder / "belt.avi"), mobilenet(folder)
        print(f"\nOne frame of 640×480, MobileNetV2 1.0 224 px int8, µs of CPU, median of {TURNS} turns")
        for stage, call in stages(film, bundle).items():
            print(f"  {stage:58}{cost_us(call):9.1f}")


def stages(film: Path, bundle: Path) -> dict[str, Callable[[int], object]]:
    """Every stage, by name, in the order in which a frame meets them."""
    never: Any = _Never()
    settings = VideoSource(kind="video", path=str(film), pace="fast", repeat=True)
    source = build_source(settings, MonotonicClock(), never)
    source.open()
    predictor = Predictor.open(bundle)
    spec = predictor.manifest.input
    if not isinstance(spec, ImageInput):
        raise TypeError("wanted a model of pictures")
    frames = [_next(source) for _ in range(FRAMES)]
    stored = [as_stored(frame)[0] for frame in frames]
    place = background(reduced_grey(frames[0]))
    check = PictureCheck(PictureHealth(), frozen_frames=2, shift=CameraShift(0.05, 5, place))
    into, preprocessor = np.empty(spec.shape, spec.dtype), Preprocessor(spec)
    scores = predictor.predict(frames[0])
    ruling = Ruling(predictor.manifest.rule, predictor.manifest.labels, None)
    return {
        "source: grab, decode": lambda _: _next(source),
        "  floor: cv2.VideoCapture.read of the same film": _reading(film),
        "health: dark, bright, frozen, moved": lambda number: check.examine(frames[number % FRAMES]),
        "input: resize, table, into the model's own buffer": lambda number: preprocessor.write(
            frames[number % FRAMES], into
        ),
        "  floor: the resize alone": lambda number: cv2.resize(
            stored[number % FRAMES], (spec.width_px, spec.height_px), interpolation=cv2.INTER_LINEAR_EXACT
        ),
        "  without: resize, float copy, quantise, copy": lambda number: _by_float(stored[number % FRAMES], spec, into),
        "model: invoke in this process": lambda _: predictor.backend.run(_nothing),
        "scores to decision": lambda _: decide(scores, ruling),
    }


def cost_us(call: Callable[[int], object]) -> float:
    """Median over the turns of the mean CPU time of a call, µs."""
    times = []
    for _ in range(TURNS):
        begun_ns = time.thread_time_ns()
        for number in range(CALLS):
            call(number)
        times.append((time.thread_time_ns() - begun_ns) / CALLS / 1000)
    return median(times)


class _Never:
    """A stop event that is never set and never waited for."""

    @staticmethod
    def is_set() -> bool:
        return False

    @staticmethod
    def wait(timeout: float) -> bool:  # noqa: ARG004 - threading's signature
        return False


def _next(source: Any) -> Any:
    source.advance()
    return source.reading().pixels


def _reading(film: Path) -> Callable[[int], object]:
    captures = [cv2.VideoCapture(str(film), cv2.CAP_FFMPEG)]

    def read(_: int) -> object:
        found, pixels = captures[0].read()
        if not found:
            captures[0] = cv2.VideoCapture(str(film), cv2.CAP_FFMPEG)
            found, pixels = captures[0].read()
        return pixels

    return read


def _by_float(pixels: Any, spec: ImageInput, into: Any) -> None:
    if spec.quantisation is None:
        raise TypeError("wanted a quantised model")
    small = cv2.resize(pixels, (spec.width_px, spec.height_px), interpolation=cv2.INTER_LINEAR_EXACT)
    small = cv2.cvtColor(small, cv2.COLOR_BGR2RGB)
    real = (small.astype(np.float32) - np.float32(spec.mean[0])) / np.float32(spec.std[0])
    stored = np.rint(real / np.float32(spec.quantisation.scale)) + spec.quantisation.zero_point
    limits = np.iinfo(into.dtype)
    np.copyto(into[0], np.clip(stored, limits.min, limits.max).astype(into.dtype))


def _nothing(_: Any) -> None:
    """The input stays what it is."""


if __name__ == "__main__":
    main()
