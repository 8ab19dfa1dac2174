"""Drawn parts: a plate with a ring and grain, a little different each time; a scratch on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy.typing as npt

    Draw = Callable[..., npt.NDArray[np.uint8]]


@pytest.fixture(scope="session")
def draw_part() -> Draw:
    """`draw_part(seed, scratch=False, height=120, width=160)` gives H×W×3 uint8 RGB."""

    def draw(seed: int, *, scratch: bool = False, height: int = 120, width: int = 160) -> npt.NDArray[np.uint8]:
        random = np.random.default_rng(seed)
        plate = np.full((height, width, 3), (150, 140, 120), np.float32) * random.uniform(0.95, 1.05)
        centre = (width // 2 + int(random.integers(-2, 3)), height // 2 + int(random.integers(-2, 3)))
        cv2.circle(plate, centre, height // 3, (90, 100, 130), 6)
        plate += random.normal(0, 3, plate.shape[:2])[..., None]
        if scratch:
            x, y = random.integers(width // 4, width // 2), random.integers(height // 4, height // 2)
            cv2.line(plate, (int(x), int(y)), (int(x) + width // 4, int(y) + height // 8), (225, 225, 225), 2)
        return np.clip(plate, 0, 255).astype(np.uint8)

    return draw


@pytest.fixture(scope="session")
def good_parts(draw_part: Draw) -> list[npt.NDArray[np.uint8]]:
    """Twenty good parts."""
    return [draw_part(seed) for seed in range(20)]


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    """`save("good/1.png", pixels)` writes RGB pixels below the test's folder and gives the path."""

    def write(name: str, pixels: npt.NDArray[np.generic]) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        stored = pixels[..., ::-1] if pixels.ndim == 3 and pixels.shape[2] == 3 else pixels
        assert cv2.imwrite(str(path), np.ascontiguousarray(stored))
        return path

    return write
