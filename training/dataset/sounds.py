"""The waveform of a sound file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_runtime.capture.wave_file import read_header, read_samples

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Waveform:
    """One sound.

    values: samples×channels float32, −1 to 1.
    rate_hz: samples per second.
    """

    values: npt.NDArray[np.float32]
    rate_hz: int


def read_waveform(path: Path) -> Waveform:
    """A whole sound.

    Raises:
        SoundRejected: no WAV file, a damaged one, or one of more than 16 million values.
    """
    header = read_header(path)
    return Waveform(read_samples(path, header), header.rate_hz)
