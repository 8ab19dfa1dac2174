"""Drawn parts, a little different each time, with a scratch on demand; sounds; tags as cameras write them."""

from __future__ import annotations

import struct
import wave
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from edge_contracts.bundle import write_bundle
from training.dataset import read_dataset
from training.detectors.learn import learn
from training.learning import learn_dataset, packed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy.typing as npt

    from training.detectors.detector import Detector

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


@pytest.fixture(scope="session")
def detector(good_parts: list[npt.NDArray[np.uint8]]) -> Detector:
    """What was learned of `good_parts`."""
    return learn(good_parts)


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


@pytest.fixture
def save_sound(tmp_path: Path) -> Callable[..., Path]:
    """`save_sound("good/1.wav", values, rate_hz)` writes −1 to 1 as 16-bit PCM below the test's folder."""

    def write(name: str, values, rate_hz: int = 16_000) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, rate_hz, 0, "NONE", ""))
            file.writeframes(np.clip(np.asarray(values) * 32768, -32768, 32767).astype("<i2").tobytes())
        return path

    return write


@pytest.fixture
def tag() -> Callable[..., None]:
    """`tag(path, orientation=6, taken_at="2024:05:01 12:00:00")` puts an APP1 segment into a JPEG."""

    def write(path: Path, *, orientation: int = 1, taken_at: str = "", order: str = "<") -> None:
        text = taken_at.encode() + b"\0"
        tiff = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, 8)
        tiff += struct.pack(f"{order}H", 2)
        tiff += struct.pack(f"{order}HHIHH", 0x0112, 3, 1, orientation, 0)
        tiff += struct.pack(f"{order}HHII", 0x8769, 4, 1, 38) + struct.pack(f"{order}I", 0)
        tiff += struct.pack(f"{order}H", 1) + struct.pack(f"{order}HHII", 0x9003, 2, len(text), 56)
        tiff += struct.pack(f"{order}I", 0) + text
        segment = b"Exif\0\0" + tiff
        content = path.read_bytes()
        path.write_bytes(content[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + content[2:])

    return write


@pytest.fixture(scope="session")
def plate_parts(tmp_path_factory: pytest.TempPathFactory, draw_part: Draw) -> Path:
    """A folder per class: 24 good parts, three scratched ones, and three whose defect nobody sees. Read only."""
    folder = tmp_path_factory.mktemp("plates")
    drawn = [(f"good/{seed:02}.png", draw_part(seed)) for seed in range(24)]
    drawn += [(f"<b>scratch/{seed:02}.png", draw_part(100 + seed, scratch=True)) for seed in range(3)]
    drawn += [(f"hidden/{seed:02}.png", draw_part(200 + seed)) for seed in range(3)]
    for name, pixels in drawn:
        (folder / name).parent.mkdir(exist_ok=True)
        assert cv2.imwrite(str(folder / name), pixels[..., ::-1])
    return folder


@pytest.fixture(scope="session")
def plate_bundle(tmp_path_factory: pytest.TempPathFactory, plate_parts: Path) -> Path:
    """A float bundle that learned the good ones of `plate_parts`. Read only."""
    samples = [one for one in read_dataset(plate_parts) if one.is_good]
    learned = learn_dataset(samples, plate_parts, backbone=None, kind="gauss", seed=0, good_only=True)
    path = tmp_path_factory.mktemp("bundles") / "plate.bundle"
    write_bundle(path, *packed(learned, path, 0, datetime(2026, 1, 1, tzinfo=timezone.utc)))
    return path
