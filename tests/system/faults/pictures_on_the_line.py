"""What passes the camera: good parts and defects, by the clock that the suite, the camera and the daemon share.

Two thirds of each period a good part lies before the camera, one third a defect. So a good verdict on a picture that
was captured while a defect lay there is seen to be false, whoever is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2

from tests.fakes.pictures import picture
from tests.fakes.stations import DEFECT_LEVEL, GOOD_LEVEL

if TYPE_CHECKING:
    from pathlib import Path

PERIOD_NS = 1_200_000_000
GOOD_NS = 800_000_000
UNSURE_NS = 120_000_000
"""So near to a change the suite does not say what was captured: sending and receiving take their time."""

VARIANTS = 24
"""Different pictures of each kind: a sensor's noise repeats none."""

LEVELS = {"good": GOOD_LEVEL, "defect": DEFECT_LEVEL, "dark": 2, "bright": 253, "dim": 40}


def on_the_line(at_ns: int) -> str:
    """`good` or `defect` at a moment (CLOCK_MONOTONIC)."""
    return "good" if at_ns % PERIOD_NS < GOOD_NS else "defect"


def certainly_on_the_line(at_ns: int) -> str | None:
    """The same, None near to a change."""
    around = {on_the_line(at_ns - UNSURE_NS), on_the_line(at_ns + UNSURE_NS // 4)}
    return around.pop() if len(around) == 1 else None


def write_pictures(folder: Path) -> None:
    """Every kind in `VARIANTS` JPEGs, and good ones of a camera with another resolution."""
    folder.mkdir()
    for kind, level in LEVELS.items():
        for seed in range(VARIANTS):
            noise = 2 if kind in {"dark", "bright"} else 20
            _write(folder / f"{kind}-{seed}.jpg", picture(level, seed=seed, noise=noise))
    for kind in ("good", "defect"):
        for seed in range(VARIANTS):
            pixels = picture(LEVELS[kind], seed=seed)
            _write(folder / f"large-{kind}-{seed}.jpg", cv2.resize(pixels, (320, 200), interpolation=cv2.INTER_NEAREST))


def _write(path: Path, pixels) -> None:
    assert cv2.imwrite(str(path), pixels)
