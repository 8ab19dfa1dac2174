"""What the checks need to know of one sample, measured in one look at its file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edge_contracts.errors import BadInputError
from edge_runtime.picture_health import reduced_grey, sharpness
from edge_runtime.signal_health import SOUND_FULL_SCALE
from training.dataset import Photographs
from training.dataset.listing import medium_of
from training.dataset.sounds import read_waveform
from training.dataset.spectrogram import THUMBNAIL_PX, spectrogram
from training.dataset.version import file_digest

if TYPE_CHECKING:
    import numpy.typing as npt

    from training.dataset import Sample
    from training.dataset.sounds import Waveform


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """Of a picture.

    width_px, height_px: as it is seen, upright.
    mean: grey, 0–255.
    sharpness: variance of the Laplacian, as the station measures it.
    """

    width_px: int
    height_px: int
    mean: float
    sharpness: float


@dataclass(frozen=True, slots=True)
class SoundFacts:
    """Of a sound.

    rms: of all of it, 1 being full scale.
    offset: its mean, the same.
    clipped: share of its values at full scale, as the station counts them.
    """

    rate_hz: int
    channels: int
    seconds: float
    rms: float
    offset: float
    clipped: float


@dataclass(frozen=True, slots=True)
class Facts:
    """Of one sample.

    digest: SHA-256 of its file.
    problem: why it cannot be read; empty where it can.
    thumbnail: 32×32×C uint8, a small picture or spectrogram; None where it cannot be read.
    """

    sample: Sample
    digest: str
    problem: str = ""
    thumbnail: npt.NDArray[np.uint8] | None = field(default=None, repr=False, compare=False)
    picture: PictureFacts | None = None
    sound: SoundFacts | None = None


def look(sample: Sample) -> Facts:
    """Measure one sample; one that cannot be decoded has a problem and nothing else.

    Raises:
        BadInputError: the file itself cannot be read.
    """
    digest = file_digest(sample.path)
    try:
        if medium_of(sample.path) == "sound":
            return _heard(sample, digest, read_waveform(sample.path))
        return _seen(sample, digest, Photographs([sample])[0])
    except BadInputError as error:
        return Facts(sample, digest, str(error))


def _seen(sample: Sample, digest: str, pixels: npt.NDArray[np.uint8]) -> Facts:
    grey = reduced_grey(pixels)
    height_px, width_px = pixels.shape[:2]
    thumbnail = cv2.resize(pixels, (THUMBNAIL_PX, THUMBNAIL_PX), interpolation=cv2.INTER_AREA)
    facts = PictureFacts(width_px, height_px, float(grey.mean()), sharpness(grey))
    return Facts(sample, digest, thumbnail=np.asarray(thumbnail, np.uint8), picture=facts)


def _heard(sample: Sample, digest: str, sound: Waveform) -> Facts:
    values = sound.values
    if not np.isfinite(values).all():
        return Facts(sample, digest, f"wanted numbers, found NaN or infinity in {sample.path.name}; record it again")
    facts = SoundFacts(
        rate_hz=sound.rate_hz,
        channels=values.shape[1],
        seconds=len(values) / sound.rate_hz,
        rms=float(np.sqrt(np.mean(np.square(values, dtype=np.float64)))),
        offset=float(values.mean(dtype=np.float64)),
        clipped=float(np.mean(np.abs(values) >= SOUND_FULL_SCALE)),
    )
    return Facts(sample, digest, thumbnail=spectrogram(sound), sound=facts)
