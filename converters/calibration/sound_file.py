"""Sounds as calibration data: 16-bit PCM, cut into windows, for a model whose input is the waveform itself.

A model of spectra (MFCC, mel bands) takes no waveform: what a window of samples would be there, it was never trained
on. The shape tells: a waveform has one axis, and lasts.
"""

from __future__ import annotations

import wave
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from edge_contracts.manifest import ModelInput

PCM_16_BYTES = 2
PCM_16_FULL_SCALE = 32768.0

SHORTEST_WINDOW_S = 0.1
"""A row of fewer samples is taken for features (five frames of 128 mel bands are 640 values, 40 ms at 16 kHz)."""


@dataclass(frozen=True, slots=True)
class Sound:
    """One sound. samples: mono float32, -1 to 1. rate_hz: samples per second."""

    samples: npt.NDArray[np.float32]
    rate_hz: int


def read_sound(path: Path) -> Sound:
    """Read a `.wav` file, channels averaged.

    Raises:
        BadInputError: no PCM, or not of 16 bits.
    """
    try:
        with wave.open(str(path), "rb") as file:
            channels, width, rate_hz = file.getnchannels(), file.getsampwidth(), file.getframerate()
            content = file.readframes(file.getnframes())
    except (wave.Error, EOFError, OSError) as error:
        raise BadInputError(f"wanted a PCM .wav file, found {path}: {error}; save it as 16-bit PCM") from error
    if width != PCM_16_BYTES:
        raise BadInputError(f"wanted 16-bit samples, found {8 * width}-bit in {path}; save it as 16-bit PCM")
    samples = np.frombuffer(content, "<i2").reshape(-1, channels).astype(np.float32).mean(axis=1)
    return Sound(np.asarray(samples / np.float32(PCM_16_FULL_SCALE), np.float32), rate_hz)


def windows(sound: Sound, size: int) -> npt.NDArray[np.float32]:
    """Whole windows of `size` samples, one after the other in one row; a shorter sound ends in silence."""
    samples = np.pad(sound.samples, (0, max(size - sound.samples.size, 0))) if sound.samples.size else sound.samples
    return samples[: samples.size // size * size]


def require_waveform(spec: ModelInput, rate_hz: int, path: Path) -> None:
    """Refuse sounds for a model whose input is no waveform.

    Raises:
        BadInputError: an input of several axes, or one too short for a sound at this rate.
    """
    size = int(np.prod(spec.shape))
    if spec.kind != "tensor" or max(spec.shape) != size:
        raise BadInputError(
            f"wanted arrays of shape {spec.shape} for this model, found the sound {path.name}, which is a waveform of "
            "one axis; save what the model was trained on (spectra, features) as .npy files"
        )
    if size < SHORTEST_WINDOW_S * rate_hz:
        raise BadInputError(
            f"wanted arrays of shape {spec.shape} for this model, found the sound {path.name} at {rate_hz} Hz, of "
            f"which {size} samples are {1000 * size / rate_hz:.0f} ms, too short for a waveform; save the model's own "
            "windows or features as .npy files"
        )


def require_one_rate(rates_hz: Sequence[int], names: Sequence[str]) -> None:
    """Refuse sounds of several sample rates: the same samples would last differently.

    Args:
        rates_hz: of every sound so far.
        names: theirs.

    Raises:
        BadInputError: the last one's rate is not the first one's.
    """
    if rates_hz[-1] != rates_hz[0]:
        raise BadInputError(
            f"wanted sounds of one sample rate, found {names[0]} at {rates_hz[0]} Hz and {names[-1]} at "
            f"{rates_hz[-1]} Hz; resample them to the rate that the model was trained on"
        )
