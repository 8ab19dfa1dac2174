"""The waveforms of samples, read when they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

from edge_runtime.capture.wave_file import read_header, read_samples

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from training.dataset.sample import Sample


@dataclass(frozen=True, slots=True)
class Waveform:
    """One sound.

    values: samples×channels float32, −1 to 1.
    rate_hz: samples per second.
    """

    values: npt.NDArray[np.float32]
    rate_hz: int


class Sounds(Sequence[Waveform]):
    """The waveforms of samples, read from disk at each access.

    Access raises SoundRejected for a file that is no WAV.

    Args:
        samples: which sounds, in which order.
    """

    def __init__(self, samples: Sequence[Sample]) -> None:
        self._samples = samples

    def __len__(self) -> int:
        return len(self._samples)

    @overload
    def __getitem__(self, place: int) -> Waveform: ...
    @overload
    def __getitem__(self, place: slice) -> Sounds: ...
    def __getitem__(self, place: int | slice) -> Waveform | Sounds:
        if isinstance(place, slice):
            return Sounds(self._samples[place])
        return read_waveform(self._samples[place].path)


def read_waveform(path: Path) -> Waveform:
    """A whole sound.

    Raises:
        SoundRejected: no WAV file, a damaged one, or one of more than 16 million values.
    """
    header = read_header(path)
    return Waveform(read_samples(path, header), header.rate_hz)
