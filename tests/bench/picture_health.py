"""What the health checks of a picture cost, beside the bare resize that every loop pays. `make bench`.

One thread, a photograph-like picture of 640×480 that changes each time, median of turns; the floor is OpenCV's resize
to 224×224 in the same run.
"""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge_contracts.station import PictureHealth
from edge_runtime.camera_shift import SAMPLE_EVERY, SAMPLES, CameraShift, background
from edge_runtime.picture_health import PictureCheck, reduced_grey

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Pixels = npt.NDArray[np.uint8]

TURNS = 9
PICTURES = 200
SIZES = ((640, 480), (1280, 720), (1920, 1080))


def pictures(width_px: int, height_px: int) -> list[Pixels]:
    """Four views of one structured scene, each with noise of its own."""
    rng = np.random.default_rng(0)
    scene = cv2.GaussianBlur(rng.integers(0, 256, (height_px, width_px, 3), dtype=np.uint8), (0, 0), 5).astype(np.int16)
    return [np.clip(scene + rng.integers(-3, 4, scene.shape), 0, 255).astype(np.uint8) for _ in range(4)]


def checks(first: Pixels) -> dict[str, Callable[[Pixels], object]]:
    """What is measured, by name."""
    place = background(reduced_grey(first))
    as_shipped = PictureCheck(PictureHealth(), frozen_frames=2, shift=CameraShift(0.05, 5, place))
    with_blur = PictureCheck(PictureHealth(sharpness_min=1e-9), frozen_frames=2, shift=CameraShift(0.05, 5, place))
    without_place = PictureCheck(PictureHealth(), frozen_frames=2)
    return {
        "floor: resize to 224×224": lambda pixels: cv2.resize(pixels, (224, 224), interpolation=cv2.INTER_AREA),
        "frozen, dark, over-exposed": without_place.examine,
        "as shipped: and moved": as_shipped.examine,
        "and blurred": with_blur.examine,
    }


def cost_ms(call: Callable[[Pixels], object], shown: list[Pixels]) -> float:
    """Median over the turns of the mean time per picture, milliseconds."""
    times = []
    for _ in range(TURNS):
        begin_ns = time.perf_counter_ns()
        for number in range(PICTURES):
            call(shown[number % len(shown)])
        times.append((time.perf_counter_ns() - begin_ns) / PICTURES / 1e6)
    return median(times)


def main() -> None:
    """Measure and print."""
    cv2.setNumThreads(1)
    print(f"a place is learned from {SAMPLES} of the first {SAMPLES * SAMPLE_EVERY} pictures")
    for width_px, height_px in SIZES:
        shown = pictures(width_px, height_px)
        for name, call in checks(shown[0]).items():
            print(f"{width_px}×{height_px:<5} {name:28} {cost_ms(call, shown):6.3f} ms per picture")


if __name__ == "__main__":
    main()
