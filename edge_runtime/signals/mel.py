"""Bands of the mel scale over the bins of a Fourier transform.

Scales: HTK's 2595·log10(1 + f/700) (Young et al., The HTK Book, 5.4), and that of Slaney's Auditory Toolbox (1998),
which is linear with 200/3 Hz per mel to 1 kHz and then logarithmic with 27 mels per factor 6.4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from edge_contracts.manifest import MelBands

_HTK_FACTOR, _HTK_BREAK_HZ = 2595.0, 700.0
_SLANEY_HZ_PER_MEL = 200.0 / 3
_SLANEY_BREAK_HZ = 1000.0
_SLANEY_BREAK_MEL = _SLANEY_BREAK_HZ / _SLANEY_HZ_PER_MEL
_SLANEY_STEP = np.log(6.4) / 27


def mel_filters(bands: MelBands, rate_hz: int, fft: int) -> npt.NDArray[np.float64]:
    """Weights of each band over the bins 0 to fft/2: (fft // 2 + 1) × bands."""
    bins_hz = np.asarray(np.arange(fft // 2 + 1) * (rate_hz / fft), np.float64)
    ends = to_mel(np.asarray([bands.lowest_hz, bands.highest_hz]), bands.scale)
    edges_mel = np.linspace(ends[0], ends[1], bands.bands + 2)
    edges_hz = to_hz(edges_mel, bands.scale)
    if bands.triangles == "hz":
        weights = _triangles(bins_hz, edges_hz)
    else:
        weights = _triangles(to_mel(bins_hz, bands.scale), edges_mel)
        weights[0] = 0.0  # TensorFlow leaves the constant part out
    if bands.norm == "slaney":
        weights *= 2.0 / (edges_hz[2:] - edges_hz[:-2])
    return weights


def to_mel(hz: npt.NDArray[np.float64], scale: str) -> npt.NDArray[np.float64]:
    """Frequencies in mel."""
    if scale == "htk":
        return np.asarray(_HTK_FACTOR * np.log10(1.0 + hz / _HTK_BREAK_HZ))
    above = _SLANEY_BREAK_MEL + np.log(np.maximum(hz, _SLANEY_BREAK_HZ) / _SLANEY_BREAK_HZ) / _SLANEY_STEP
    return np.where(hz < _SLANEY_BREAK_HZ, hz / _SLANEY_HZ_PER_MEL, above)


def to_hz(mel: npt.NDArray[np.float64], scale: str) -> npt.NDArray[np.float64]:
    """Frequencies in Hz."""
    if scale == "htk":
        return np.asarray(_HTK_BREAK_HZ * (10.0 ** (mel / _HTK_FACTOR) - 1.0))
    above = _SLANEY_BREAK_HZ * np.exp(_SLANEY_STEP * (mel - _SLANEY_BREAK_MEL))
    return np.where(mel < _SLANEY_BREAK_MEL, mel * _SLANEY_HZ_PER_MEL, above)


def _triangles(at: npt.NDArray[np.float64], edges: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Each band rises from one edge to the next and falls to the one after; places × bands."""
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    rising = (at[:, None] - low) / (middle - low)
    falling = (high - at[:, None]) / (high - middle)
    return np.maximum(0.0, np.minimum(rising, falling))
