"""The waveform of a sound file."""

from __future__ import annotations

from dataclasses import dataclass
from math import log2
from typing import TYPE_CHECKING

from edge_runtime.capture.wave_file import read_header, read_samples

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

SPECTRUM_S = 0.046
"""Of sound in one spectrum that a detector hears, nearly."""

FEWEST_SPECTRA = 16
"""Of a sound that can be learned."""


@dataclass(frozen=True, slots=True)
class Waveform:
    """One sound.

    values: samples×channels float32, −1 to 1.
    rate_hz: samples per second.
    """

    values: npt.NDArray[np.float32]
    rate_hz: int


def spectrum_samples(rate_hz: int) -> int:
    """Of one spectrum that a detector hears: a power of two."""
    return int(2 ** round(log2(SPECTRUM_S * rate_hz)))


def shortest_s(rate_hz: int, spectra: int = FEWEST_SPECTRA) -> float:
    """How long a sound must be to have so many spectra, half overlapping."""
    return spectrum_samples(rate_hz) * (spectra + 1) / 2 / rate_hz


def read_waveform(path: Path) -> Waveform:
    """A whole sound.

    Raises:
        SoundRejected: no WAV file, a damaged one, or one of more than 16 million values.
    """
    header = read_header(path)
    return Waveform(read_samples(path, header), header.rate_hz)
