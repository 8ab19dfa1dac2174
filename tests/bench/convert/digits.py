"""Spoken digits (Free Spoken Digit Dataset) as log-mel spectrograms, parted by recording."""

from __future__ import annotations

import wave
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from tests.bench.convert.pictures import Side

RATE_HZ = 8000
WINDOW, HOP, BANDS, FRAMES = 256, 128, 40, 49
"""Samples per window and hop, mel bands, frames: 49 frames are 0.8 s."""


def spectrograms(
    data: Path, side: Side, count: int, seed: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """`count` recordings at a random place, loudness and noise: N×49×40 float32 log-mel, and the digits.

    Raises:
        FileNotFoundError: the data folder has none.
    """
    found = sorted((data / "audio-fsdd").glob("*.wav"))
    if not found:
        raise FileNotFoundError(f"wanted recordings audio-fsdd/*.wav below {data}, found none; set LEPTON_DATA")
    files = [path for path in found if (int(path.stem.split("_")[2]) % 3 == 0) == (side == "judged")]
    sounds = [(int(path.stem[0]), _sound(path)) for path in files]
    rng = np.random.default_rng(seed)
    mel = _mel_bank()
    values, digit = np.empty((count, FRAMES, BANDS), np.float32), np.empty(count, np.int64)
    length = WINDOW + HOP * (FRAMES - 1)
    for place in range(count):
        digit[place], sound = sounds[int(rng.integers(len(sounds)))]
        clip = np.zeros(length)
        begin = int(rng.integers(max(1, length - len(sound))))
        part = sound[: length - begin]
        clip[begin : begin + len(part)] = part * rng.uniform(0.4, 1.0)
        clip += rng.normal(0, rng.uniform(0.001, 0.02), length)
        values[place] = _log_mel(clip, mel)
    return values, digit


def _sound(path: Path) -> npt.NDArray[np.float64]:
    with wave.open(str(path), "rb") as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768.0


def _log_mel(clip: npt.NDArray[np.float64], mel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    frames = np.stack([clip[HOP * place : HOP * place + WINDOW] for place in range(FRAMES)])
    power = np.abs(np.fft.rfft(frames * np.hanning(WINDOW))) ** 2
    return np.log(power @ mel.T + 1e-4)


def _mel_bank() -> npt.NDArray[np.float64]:
    """Triangles, evenly spaced on the mel scale: BANDS×(WINDOW / 2 + 1)."""
    most = 2595 * np.log10(1 + RATE_HZ / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, most, BANDS + 2) / 2595) - 1)
    frequency = np.linspace(0, RATE_HZ / 2, WINDOW // 2 + 1)
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    return np.maximum(0, np.minimum((frequency - low) / (middle - low), (high - frequency) / (high - middle)))
