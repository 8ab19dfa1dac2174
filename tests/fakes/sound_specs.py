"""Front ends for tests: the ones of real models, as their training code computes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edge_contracts.manifest import Level, MelBands, SeriesInput, SoundInput, Spectrum

if TYPE_CHECKING:
    import numpy.typing as npt


def toyadmos(**changes: Any) -> SoundInput:
    """MLPerf Tiny anomaly detection: librosa's power spectra, 128 Slaney bands, decibels, five frames."""
    values: dict[str, Any] = {
        "tensor": "input_1",
        "shape": (1, 640),
        "dtype": "float32",
        "rate_hz": 16_000,
        "spectrum": Spectrum(frame=1024, hop=512, fft=1024, padding="zeros", power=2),
        "mel": MelBands(bands=128, highest_hz=8000),
        "level": Level(unit="db", offset=2.220446049250313e-16),
        "frames": 5,
    }
    return SoundInput(**(values | changes))


def librosa_magnitudes() -> SoundInput:
    """librosa with every option turned the other way."""
    return SoundInput(
        tensor="x",
        shape=(1, 4, 40),
        dtype="float32",
        rate_hz=16_000,
        spectrum=Spectrum(frame=400, hop=160, fft=512, place="middle", padding="reflect", power=1),
        mel=MelBands(bands=40, lowest_hz=60, highest_hz=7600, scale="htk", norm="none"),
        level=Level(unit="ln", floor=1e-6),
        frames=4,
    )


def tensorflow_magnitudes() -> SoundInput:
    """tf.signal as YAMNet and micro models use it."""
    return SoundInput(
        tensor="x",
        shape=(1, 48, 64),
        dtype="float32",
        rate_hz=16_000,
        spectrum=Spectrum(frame=400, hop=160, fft=512, power=1),
        mel=MelBands(bands=64, lowest_hz=125, highest_hz=7500, scale="htk", triangles="mel", norm="none"),
        level=Level(unit="ln", offset=0.001),
        frames=48,
    )


def vibration(**changes: Any) -> SeriesInput:
    """Three axes, 100 readings a second, windows of 8."""
    values: dict[str, Any] = {
        "tensor": "x",
        "shape": (1, 8, 3),
        "dtype": "float32",
        "rate_hz": 100.0,
        "samples": 8,
        "channels": 3,
        "step": 4,
    }
    return SeriesInput(**(values | changes))


def chirp(rate_hz: int = 16_000, seconds: float = 0.6) -> npt.NDArray[np.float32]:
    """The sound that librosa and TensorFlow were asked about: two tones and a rising one, samples×1."""
    at_s = np.arange(int(rate_hz * seconds)) / rate_hz
    low, high = np.sin(2 * np.pi * 440 * at_s), np.sin(2 * np.pi * 6100 * at_s)
    rising = np.sin(2 * np.pi * (1000 + 3000 * at_s) * at_s)
    return (0.3 * low + 0.2 * rising + 0.05 * high).astype(np.float32)[:, None]
