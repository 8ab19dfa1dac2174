"""Pictures for tests: noisy enough to be alive, in files and films that real decoders read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

HEIGHT_PX = 48
WIDTH_PX = 64


def picture(level: int = 100, *, seed: int = 0, noise: int = 20) -> npt.NDArray[np.uint8]:
    """H×W×3 uint8 RGB around a grey level."""
    drawn = np.random.default_rng(seed).integers(-noise, noise + 1, (HEIGHT_PX, WIDTH_PX, 3)) + level
    return np.asarray(np.clip(drawn, 0, 255), np.uint8)


def write_picture(path: Path, pixels: npt.NDArray[np.uint8]) -> Path:
    """One lossless or JPEG file, as its ending says."""
    assert cv2.imwrite(str(path), cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    return path


def write_film(path: Path, frames: Sequence[npt.NDArray[np.uint8]], *, fps: float = 25.0) -> Path:
    """A motion JPEG film: equal frames stay equal."""
    height_px, width_px = frames[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (width_px, height_px))
    assert writer.isOpened()
    for pixels in frames:
        writer.write(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    writer.release()
    return path
