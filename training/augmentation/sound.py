"""Recordings that were louder, began elsewhere, or had more noise behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from training.dataset.sounds import Waveform

if TYPE_CHECKING:
    from training.augmentation.recipe import Sound

NO_NOISE_DB = -120.0


def reheard(waveform: Waveform, sound: Sound, random: np.random.Generator) -> Waveform:
    """A copy of a sound; what is louder than full scale is clipped there, as a recorder would."""
    gain, shift = random.uniform(-1, 1, 2)
    values = waveform.values * np.float32(10 ** (gain * sound.gain_db / 20))
    values = np.roll(values, round(shift * sound.shift * len(values)), axis=0)
    if sound.noise_db > NO_NOISE_DB:
        level = random.uniform() * 10 ** (sound.noise_db / 20)
        values = values + random.standard_normal(values.shape, np.float32) * np.float32(level)
    return Waveform(np.asarray(np.clip(values, -1, 1), np.float32), waveform.rate_hz)
