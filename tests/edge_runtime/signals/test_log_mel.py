"""The front end against what others compute: librosa, TensorFlow, and the definition written out in loops."""

from __future__ import annotations

import cmath
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge_contracts.errors import BadInputError
from edge_contracts.manifest import Level, MelBands, SoundInput, Spectrum
from edge_runtime.signals.log_mel import LogMel
from tests.fakes.sound_specs import chirp, librosa_magnitudes, tensorflow_magnitudes, toyadmos
from tests.fakes.sounds import noise

if TYPE_CHECKING:
    import numpy.typing as npt

LIBROSA_POWER = {
    (0, 0): -5.395529,
    (3, 5): -65.903954,
    (8, 27): -58.328587,
    (10, 64): -101.239258,
    (15, 100): -4.850110,
    (18, 127): -42.391109,
}
"""librosa 0.11.0: 10·log10(melspectrogram(chirp, sr=16000, n_fft=1024, hop_length=512, n_mels=128) + epsilon)."""

LIBROSA_MAGNITUDES = {(0, 0): 1.889949, (3, 5): 2.808677, (8, 17): 3.805936, (30, 24): 0.815038, (60, 39): 0.852391}
"""librosa 0.11.0: log(max(melspectrogram(n_fft=512, win_length=400, hop_length=160, n_mels=40, power=1, htk=True,
norm=None, fmin=60, fmax=7600, pad_mode='reflect'), 1e-6))."""

TENSORFLOW = {(0, 0): -4.664679, (3, 5): -0.875503, (10, 17): -5.021612, (30, 40): 3.419598, (57, 63): -6.571080}
"""TensorFlow 2.21.0: log(m + 0.001) of m = |stft(chirp, 400, 160, 512)| · linear_to_mel_weight_matrix(64, 257, 16000,
125, 7500)."""


@pytest.mark.parametrize(
    ("spec", "shape", "wanted", "within"),
    [
        # They compute in single precision: a band 100 dB below the loudest is uncertain by tenths.
        (toyadmos(), (19, 128), {at: value for at, value in LIBROSA_POWER.items() if value > -70}, 2e-3),
        (librosa_magnitudes(), (61, 40), LIBROSA_MAGNITUDES, 1e-4),
        (tensorflow_magnitudes(), (58, 64), TENSORFLOW, 1e-3),
    ],
    ids=["librosa power", "librosa magnitudes", "tensorflow"],
)
def test_the_spectra_are_those_that_the_training_tools_make(spec: SoundInput, shape, wanted, within) -> None:
    found = LogMel(spec).spectra(chirp()[:, 0])
    assert found.shape == shape
    for at, value in wanted.items():
        assert found[at] == pytest.approx(value, abs=within), at


def mel_of(hz: float, scale: str) -> float:
    if scale == "htk":
        return 2595 * math.log10(1 + hz / 700)
    return 3 * hz / 200 if hz < 1000 else 15 + 27 * math.log(hz / 1000) / math.log(6.4)


def hz_of(mel: float, scale: str) -> float:
    if scale == "htk":
        return 700 * (10 ** (mel / 2595) - 1)
    return 200 * mel / 3 if mel < 15 else 1000 * 6.4 ** ((mel - 15) / 27)


def weight_of(hz: float, band: int, mel: MelBands) -> float:
    first, last = mel_of(mel.lowest_hz, mel.scale), mel_of(mel.highest_hz, mel.scale)
    edges_mel = [first + (last - first) * index / (mel.bands + 1) for index in range(band, band + 3)]
    edges_hz = [hz_of(edge, mel.scale) for edge in edges_mel]
    in_mel = mel.triangles == "mel"
    at, (low, mid, high) = (mel_of(hz, mel.scale), edges_mel) if in_mel else (hz, edges_hz)
    weight = max(0.0, min((at - low) / (mid - low), (high - at) / (high - mid)))
    return weight * 2 / (edges_hz[2] - edges_hz[0]) if mel.norm == "slaney" else weight


def bin_of(frame: npt.NDArray[np.float32], k: int, spectrum: Spectrum) -> float:
    total = 0j
    for n, sample in enumerate(frame):
        hann = 0.5 - 0.5 * math.cos(2 * math.pi * n / len(frame))
        total += float(sample) * hann * cmath.exp(-2j * math.pi * k * n / spectrum.fft)
    return abs(total) ** spectrum.power


def by_definition(samples: npt.NDArray[np.float32], spec: SoundInput) -> npt.NDArray[np.float64]:
    """One number after the other, by the formulas of docs/reference/sound-front-end.md."""
    spectrum, rows = spec.spectrum, []
    for start in range(0, len(samples) - spectrum.frame + 1, spectrum.hop):
        bins = [bin_of(samples[start : start + spectrum.frame], k, spectrum) for k in range(spectrum.fft // 2 + 1)]
        row = []
        for band in range(spec.mel.bands):
            weights = (weight_of(k * spec.rate_hz / spectrum.fft, band, spec.mel) for k in range(len(bins)))
            strength = sum(weight * value for weight, value in zip(weights, bins, strict=True))
            row.append(math.log10(max(strength + spec.level.offset, spec.level.floor)))
        rows.append(row)
    return np.asarray(rows) * (20 / spectrum.power)


@pytest.mark.parametrize("scale", ["htk", "slaney"])
@pytest.mark.parametrize("triangles", ["hz", "mel"])
@pytest.mark.parametrize(("norm", "power"), [("none", 1), ("slaney", 2)])
def test_the_spectra_are_those_of_the_definition(scale, triangles, norm, power) -> None:
    spec = SoundInput(
        tensor="x",
        shape=(1, 2, 6),
        dtype="float32",
        rate_hz=8000,
        spectrum=Spectrum(frame=24, hop=10, fft=32, power=power),
        mel=MelBands(bands=6, lowest_hz=300, highest_hz=3900, scale=scale, triangles=triangles, norm=norm),
        level=Level(floor=1e-9),
        frames=2,
    )
    samples = noise(0.01)[:, 0]
    np.testing.assert_allclose(LogMel(spec).spectra(samples), by_definition(samples, spec), rtol=1e-5, atol=1e-4)


def test_a_long_sound_has_the_spectra_of_its_pieces() -> None:
    spec = tensorflow_magnitudes()
    sound = noise(9.0, rate_hz=16_000)[:, 0]
    whole = LogMel(spec).spectra(sound)
    assert len(whole) == 1 + (len(sound) - 400) // 160
    np.testing.assert_array_equal(whole[700:710], LogMel(spec).spectra(sound[700 * 160 : 709 * 160 + 400]))


def test_silence_has_a_level_and_no_infinity() -> None:
    assert np.isfinite(LogMel(toyadmos()).spectra(np.zeros(4000, np.float32))).all()


def test_too_short_a_sound_is_refused() -> None:
    for spec in (tensorflow_magnitudes(), librosa_magnitudes()):
        with pytest.raises(BadInputError, match=r"wanted .* samples"):
            LogMel(spec).spectra(np.zeros(200, np.float32))
