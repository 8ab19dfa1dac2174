"""A sound as a small picture, to be compared and to be looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from training.dataset.sounds import Waveform

THUMBNAIL_PX = 32
"""Side of the small pictures that samples are compared by."""

SPECTRUM_SAMPLES = 1024
QUIETEST_DB = -100.0


def spectrogram(sound: Waveform) -> npt.NDArray[np.uint8]:
    """32×32×1 uint8: time to the right, frequency upward, −100 dB black and 0 dB white."""
    mono = sound.values.mean(axis=1)
    mono = np.pad(mono, (0, max(SPECTRUM_SAMPLES - mono.size, 0)))
    step = max(1, min(SPECTRUM_SAMPLES // 2, (mono.size - SPECTRUM_SAMPLES) // (THUMBNAIL_PX - 1)))
    windows = np.lib.stride_tricks.sliding_window_view(mono, SPECTRUM_SAMPLES)[::step]
    spectra = np.abs(np.fft.rfft(windows * np.hanning(SPECTRUM_SAMPLES), axis=1)).T[::-1] * (4 / SPECTRUM_SAMPLES)
    small = cv2.resize(np.square(spectra, dtype=np.float32), (THUMBNAIL_PX, THUMBNAIL_PX), interpolation=cv2.INTER_AREA)
    level_db = 10 * np.log10(np.maximum(small, 10 ** (QUIETEST_DB / 10)))
    return np.asarray(np.clip((1 - level_db / QUIETEST_DB) * 255, 0, 255), np.uint8)[..., None]
