"""What a predictor is asked about each sample: the pixels of a photograph, or the window of a recording."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

from edge_contracts.errors import BadInputError
from edge_runtime.capture.wave_file import SUFFIXES
from edge_runtime.frames import Subject, Window
from training.dataset.photographs import Photographs
from training.dataset.sounds import read_waveform

if TYPE_CHECKING:
    from training.dataset.sample import Sample


class Recordings(Sequence[Window]):
    """The sounds of samples, each as one window, read from disk at each access.

    Access raises SoundRejected for a file that is no WAV.

    Args:
        samples: which sounds, in which order.
    """

    def __init__(self, samples: Sequence[Sample]) -> None:
        self._samples = samples

    def __len__(self) -> int:
        return len(self._samples)

    @overload
    def __getitem__(self, place: int) -> Window: ...
    @overload
    def __getitem__(self, place: slice) -> Recordings: ...
    def __getitem__(self, place: int | slice) -> Window | Recordings:
        if isinstance(place, slice):
            return Recordings(self._samples[place])
        path = self._samples[place].path
        waveform = read_waveform(path)
        return Window(waveform.values, waveform.rate_hz, 0, 1, str(path))


def are_sounds(samples: Sequence[Sample]) -> bool:
    """Whether the samples are recordings.

    Raises:
        BadInputError: some are and some are not.
    """
    sounds = sum(one.path.suffix.lower() in SUFFIXES for one in samples)
    if 0 < sounds < len(samples):
        raise BadInputError(
            f"wanted photographs or recordings, found {sounds} recordings among {len(samples)} samples; part them"
        )
    return sounds > 0


def subjects_of(samples: Sequence[Sample]) -> Sequence[Subject]:
    """Photographs or recordings, decoded when they are asked for.

    Raises:
        BadInputError: some are sounds and some are not.
    """
    return Recordings(samples) if are_sounds(samples) else Photographs(samples)
