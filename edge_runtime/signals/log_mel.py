"""Log-mel spectra of a sound, in double precision so that every numpy gives the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edge_contracts.errors import BadInputError
from edge_runtime.signals.mel import mel_filters

if TYPE_CHECKING:
    import numpy.typing as npt

    from edge_contracts.manifest import Level, SoundInput, Spectrum

_BLOCK = 256
"""Spectra that are computed at once: a long sound costs time, not memory."""


class LogMel:
    """The log-mel spectra that a manifest asks for.

    Args:
        spec: the manifest's sound input.
    """

    def __init__(self, spec: SoundInput) -> None:
        self._spec = spec
        self._taper = taper(spec.spectrum)
        self._filters = mel_filters(spec.mel, spec.rate_hz, spec.spectrum.fft)

    def spectra(self, samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Spectra × bands of one channel of samples, in the unit of `spec.level`.

        Raises:
            BadInputError: fewer samples than one spectrum needs.
        """
        frames = self._frames(samples)
        blocks = [self._levels(frames[first : first + _BLOCK]) for first in range(0, len(frames), _BLOCK)]
        return np.concatenate(blocks)

    def _frames(self, samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        spectrum = self._spec.spectrum
        half = spectrum.fft // 2
        if spectrum.padding == "reflect" and len(samples) <= half:
            raise BadInputError(f"wanted more than {half} samples to reflect, found {len(samples)}")
        whole = np.asarray(samples, np.float64)
        if spectrum.padding != "none":
            whole = np.pad(whole, half, mode="reflect" if spectrum.padding == "reflect" else "constant")
        if len(whole) < len(self._taper):
            raise BadInputError(f"wanted at least {len(self._taper)} samples for a spectrum, found {len(whole)}")
        return np.lib.stride_tricks.sliding_window_view(whole, len(self._taper))[:: spectrum.hop]

    def _levels(self, frames: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
        spectrum, level = self._spec.spectrum, self._spec.level
        found = np.abs(np.fft.rfft(frames * self._taper, spectrum.fft))
        strength = (found if spectrum.power == 1 else found * found) @ self._filters
        return np.asarray(in_unit(strength, level, spectrum.power), np.float32)


def taper(spectrum: Spectrum) -> npt.NDArray[np.float64]:
    """The window that each frame is multiplied with, `spectrum.reach` long.

    Hann is (1 − cos) / 2, Hamming 0.54 − 0.46·cos of 2πn/N, periodic; `hann-symmetric` divides by N − 1.
    """
    count = spectrum.frame
    if spectrum.taper == "none":
        shape = np.ones(count)
    else:
        length = count - 1 if spectrum.taper == "hann-symmetric" else count
        cosine = np.cos(2 * np.pi * np.arange(count) / length)
        shape = 0.54 - 0.46 * cosine if spectrum.taper == "hamming" else 0.5 - 0.5 * cosine
    if spectrum.place == "start":
        return np.asarray(shape)
    before = (spectrum.fft - count) // 2
    return np.pad(shape, (before, spectrum.fft - count - before))


def in_unit(strength: npt.NDArray[np.float64], level: Level, power: int) -> npt.NDArray[np.float64]:
    """Power or magnitude in the manifest's unit."""
    raised = np.maximum(strength + level.offset, level.floor)
    if level.unit == "none":
        return raised
    if level.unit == "ln":
        return np.asarray(np.log(raised))
    return np.asarray(np.log10(raised) * (20.0 / power if level.unit == "db" else 1.0))
