"""Sounds, and tags in photographs as cameras write them."""

from __future__ import annotations

import struct
import wave
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


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
