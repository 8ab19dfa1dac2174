"""How a sound or a sensor's readings become a model's input: a log-mel spectrum, or the plain samples.

docs/reference/sound-front-end.md gives every formula with its source.
"""

from __future__ import annotations

from math import prod
from typing import Annotated, Literal

from pydantic import Field, model_validator

from edge_contracts.manifest.input import TensorQuantisation
from edge_contracts.manifest.part import Dtype, Finite, Part, Shape

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Join = Literal["mean", "max"]


class Spectrum(Part):
    """Short-time spectra of a sound.

    Attributes:
        frame: samples of one spectrum; hop: from one to the next; fft: length of the transform, at least `frame`.
        taper: periodic Hann or Hamming window, Hann as symmetric, or none.
        place: where a frame shorter than the transform lies in it: at its start, as TensorFlow does, or in its middle,
            as librosa does, whose frames then are `fft` long.
        padding: what stands before and behind the sound, half a transform each, so that the first frame's middle is
            the first sample; none takes whole frames only.
        power: 1 for magnitudes, 2 for power.
    """

    frame: Annotated[int, Field(ge=2, le=1 << 16)]
    hop: Annotated[int, Field(ge=1, le=1 << 16)]
    fft: Annotated[int, Field(ge=2, le=1 << 16)]
    taper: Literal["hann", "hann-symmetric", "hamming", "none"] = "hann"
    place: Literal["start", "middle"] = "start"
    padding: Literal["none", "zeros", "reflect"] = "none"
    power: Literal[1, 2] = 2

    @property
    def reach(self) -> int:
        """Samples that one spectrum looks at."""
        return self.fft if self.place == "middle" else self.frame

    @model_validator(mode="after")
    def _fits(self) -> Spectrum:
        if self.fft < self.frame:
            raise ValueError(f"wanted an fft of at least the frame's {self.frame} samples, found {self.fft}")
        return self


class MelBands(Part):
    """Triangular bands, evenly spaced in mel.

    Attributes:
        scale: htk is 2595·log10(1 + f/700); slaney is linear to 1 kHz and logarithmic above.
        triangles: straight in Hz, as librosa draws them, or in mel, as TensorFlow does.
        norm: slaney divides each band by half its width in Hz.
    """

    bands: Annotated[int, Field(ge=1, le=1024)]
    lowest_hz: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    highest_hz: Positive
    scale: Literal["htk", "slaney"] = "slaney"
    triangles: Literal["hz", "mel"] = "hz"
    norm: Literal["none", "slaney"] = "slaney"

    @model_validator(mode="after")
    def _range(self) -> MelBands:
        if self.lowest_hz >= self.highest_hz:
            raise ValueError(f"wanted lowest_hz below highest_hz, found {self.lowest_hz:g} and {self.highest_hz:g}")
        return self


class Level(Part):
    """The logarithm of a band's power or magnitude: log(max(x + offset, floor)).

    Attributes:
        unit: db is 10·log10 of a power and 20·log10 of a magnitude; none leaves x as it is.
    """

    unit: Literal["db", "ln", "log10", "none"] = "db"
    offset: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    floor: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0

    @model_validator(mode="after")
    def _silence_has_a_level(self) -> Level:
        if self.unit != "none" and not self.offset and not self.floor:
            raise ValueError("wanted an offset or a floor above 0, because the logarithm of silence is none")
        return self


class SoundInput(Part):
    """A sound as log-mel spectra: the window's samples become the model's inputs by these rules and no others.

    Channels are mixed by `channel`; the spectra of the whole window are taken; each value x of band b becomes
    (x − mean[b]) / std[b] and is quantised if `quantisation` is given. Each run of `frames` spectra, `step` spectra
    after the one before, is one input; the answers to all inputs of a window are joined by `join`.

    Attributes:
        shape: the input tensor's, batch first; holds frames × bands values.
        layout: which of time and band counts slower in the tensor.
    """

    kind: Literal["sound"] = "sound"
    tensor: str
    shape: Shape
    dtype: Dtype
    rate_hz: Annotated[int, Field(ge=1, le=768_000)]
    channel: Literal["mean", "first"] = "mean"
    spectrum: Spectrum
    mel: MelBands
    level: Level
    frames: Annotated[int, Field(ge=1, le=1 << 16)]
    step: Annotated[int, Field(ge=1, le=1 << 16)] = 1
    layout: Literal["time-band", "band-time"] = "time-band"
    mean: tuple[Finite, ...] = (0.0,)
    std: tuple[Positive, ...] = (1.0,)
    join: Join = "mean"
    quantisation: TensorQuantisation | None = None

    @property
    def samples(self) -> int:
        """Samples that a window needs at least for one input."""
        padded = 0 if self.spectrum.padding == "none" else 2 * (self.spectrum.fft // 2)
        least = (self.frames - 1) * self.spectrum.hop + self.spectrum.reach - padded
        return max(least, self.spectrum.fft // 2 + 1 if self.spectrum.padding == "reflect" else 1)

    @model_validator(mode="after")
    def _hangs_together(self) -> SoundInput:
        _require_size(self.shape, self.frames * self.mel.bands, "frames × bands")
        _require_per(self.mel.bands, self.mean, self.std)
        _require_quantisation(self.dtype, self.quantisation)
        if self.mel.highest_hz > self.rate_hz / 2:
            raise ValueError(
                f"wanted mel.highest_hz of {self.rate_hz / 2:g} at most, half of rate_hz, found {self.mel.highest_hz:g}"
            )
        return self


class SeriesInput(Part):
    """Samples as they are: each value x of channel c becomes (x − mean[c]) / std[c], quantised if that is given.

    Each run of `samples` samples, `step` after the one before, is one input; the answers are joined by `join`. Nothing
    is resampled.

    Attributes:
        rate_hz: samples per second that the model was trained on; None where it does not matter.
        shape: the input tensor's, batch first; holds samples × channels values.
        layout: which of time and channel counts slower in the tensor.
    """

    kind: Literal["series"] = "series"
    tensor: str
    shape: Shape
    dtype: Dtype
    rate_hz: Positive | None = None
    samples: Annotated[int, Field(ge=1, le=1 << 24)]
    channels: Annotated[int, Field(ge=1, le=1024)] = 1
    step: Annotated[int, Field(ge=1, le=1 << 24)]
    layout: Literal["time-channel", "channel-time"] = "time-channel"
    mean: tuple[Finite, ...] = (0.0,)
    std: tuple[Positive, ...] = (1.0,)
    join: Join = "mean"
    quantisation: TensorQuantisation | None = None

    @model_validator(mode="after")
    def _hangs_together(self) -> SeriesInput:
        _require_size(self.shape, self.samples * self.channels, "samples × channels")
        _require_per(self.channels, self.mean, self.std)
        _require_quantisation(self.dtype, self.quantisation)
        return self


def _require_size(shape: Shape, wanted: int, what: str) -> None:
    if prod(shape) != wanted:
        raise ValueError(f"wanted a shape of {wanted} values ({what}), found {shape}")


def _require_per(count: int, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
    for name, values in (("mean", mean), ("std", std)):
        if len(values) not in {1, count}:
            raise ValueError(f"wanted 1 or {count} values of {name}, found {len(values)}")


def _require_quantisation(dtype: Dtype, quantisation: TensorQuantisation | None) -> None:
    if (dtype == "float32") == (quantisation is not None):
        raise ValueError(f"an input of {dtype} {'has no' if quantisation else 'needs a'} quantisation")
