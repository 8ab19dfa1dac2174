"""Sounds for tests: lively noise, and WAV files in every coding that is read."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

RATE_HZ = 8000
_SUBFORMAT_TAIL = bytes.fromhex("000000001000800000aa00389b71")


def noise(
    seconds: float = 0.1, *, level: float = 0.1, channels: int = 1, seed: int = 0, rate_hz: int = RATE_HZ
) -> npt.NDArray[np.float32]:
    """samples×channels of white noise with this standard deviation."""
    drawn = np.random.default_rng(seed).normal(0, level, (round(seconds * rate_hz), channels))
    return np.clip(drawn, -0.99, 0.99).astype(np.float32)


def tone(seconds: float, hz: float, *, level: float = 0.5, rate_hz: int = RATE_HZ) -> npt.NDArray[np.float32]:
    """samples×1 of a sine."""
    at_s = np.arange(round(seconds * rate_hz)) / rate_hz
    return (level * np.sin(2 * np.pi * hz * at_s)).astype(np.float32)[:, None]


def write_sound(
    path: Path,
    values: npt.NDArray[np.float32],
    *,
    bits: int = 16,
    is_float: bool = False,
    extensible: bool = False,
    rate_hz: int = RATE_HZ,
) -> Path:
    """A WAV file of samples×channels, −1 to 1."""
    path.write_bytes(wave_bytes(values, bits=bits, is_float=is_float, extensible=extensible, rate_hz=rate_hz))
    return path


def wave_bytes(
    values: npt.NDArray[np.float32],
    *,
    bits: int = 16,
    is_float: bool = False,
    extensible: bool = False,
    rate_hz: int = RATE_HZ,
) -> bytes:
    channels = values.shape[1]
    block = channels * bits // 8
    tag = 3 if is_float else 1
    form = struct.pack("<HHIIHH", 0xFFFE if extensible else tag, channels, rate_hz, rate_hz * block, block, bits)
    if extensible:
        form += struct.pack("<HHIH", 22, bits, 0, tag) + _SUBFORMAT_TAIL
    content = _coded(values, bits, is_float=is_float)
    note = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + note + b"data" + struct.pack("<I", len(content)) + content
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def _coded(values: npt.NDArray[np.float32], bits: int, *, is_float: bool) -> bytes:
    if is_float:
        return values.astype("<f4").tobytes()
    full = 1 << (bits - 1)
    whole = np.clip(np.rint(values.astype(np.float64) * full), -full, full - 1).astype(np.int64)
    if bits == 8:
        return (whole + 128).astype(np.uint8).tobytes()
    return whole.astype("<i8").view(np.uint8).reshape(-1, 8)[:, : bits // 8].tobytes()
