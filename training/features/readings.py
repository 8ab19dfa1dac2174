"""What a stretch of a sensor's readings looks like in numbers: shape, spread, peaks and spectrum of each channel.

Vibration, current, force, temperature: the same figures that a maintenance engineer reads off a chart, so that a
verdict can be explained by them. All are computed in the graph, from the readings as they come.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from typing import TYPE_CHECKING

import numpy as np

from converters.graph import Graph, Tensor
from edge_contracts.errors import BadInputError
from edge_contracts.manifest import SeriesInput
from training.features.feature_part import FeaturePart
from training.features.of_bundle import FEATURES
from training.features.wiring import Wiring

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from edge_runtime.frames import Window

FEWEST_SAMPLES = 64
MOST_SAMPLES = 16_384
"""Of one input: longer recordings are judged by several, half overlapping."""

STRETCHES = 8
"""Equal stretches of an input whose means are its shape: a press curve bends elsewhere, a weight drifts."""

_SPREAD, PEAK, TAILS = range(3)
"""Figures behind the levels; the bands follow."""

BANDS = 8
MOST_FRAME = 256
FRAMES_AT_LEAST = 4
FLOOR = 1e-10
"""Of a channel's variance over all recordings: what is below counts as silence."""

DEAD_SHARE = 1e-6
"""Of a channel's mean: it does not change where its deviation is no more, which rounding makes."""

NOISE_TAILS = 3.0
"""The fourth moment of noise, in squares of its variance: so silence has the tails of noise."""


@dataclass(frozen=True, slots=True)
class _Scale:
    """Mean and standard deviation of each channel over all recordings, C float64 each."""

    mean: npt.NDArray[np.float64]
    std: npt.NDArray[np.float64]


def readings_part(recordings: Sequence[Window]) -> FeaturePart:
    """A feature part that takes readings as they are and gives 1×1×1×K figures, K = `len(reading_names(...))`.

    Args:
        recordings: of good parts, one or more, of one rate and with the same channels; the shortest decides how long an
            input is.

    Raises:
        BadInputError: rates or channels that differ, fewer than 64 samples, or a channel that never changes.
    """
    spec = _listening(recordings)
    graph = Graph({}, [], [spec.tensor], [])
    graph.tensors[spec.tensor] = Tensor(spec.tensor, spec.shape, np.dtype(np.float32))
    pen = Wiring(graph, "readings")
    figures = [*_shape_and_spread(pen, spec), *_spectrum(pen, spec)]
    joined = pen.apply("CONCATENATION", list(figures), _shape(pen, figures), axis=3, fused_activation_function="NONE")
    count = spec.channels * len(figure_names(spec))
    # One channel after the other, as `reading_names` tells them.
    features = pen.rename(pen.reshape(joined, (1, 1, 1, count)), FEATURES)
    graph.outputs[:] = [features]
    return FeaturePart(graph, "readings", heard=spec)


def figure_names(spec: SeriesInput) -> list[str]:
    """The figures of each channel, in the order of the features."""
    named = [f"level in stretch {number} of {STRETCHES}" for number in range(1, STRETCHES + 1)]
    named += ["spread", "peak to spread", "weight of tails"]
    unit, per_bin = ("Hz", spec.rate_hz / _frame(spec)) if spec.rate_hz else ("cycles per sample", 1 / _frame(spec))
    return named + [f"{low * per_bin:.3g} to {high * per_bin:.3g} {unit}" for low, high in _band_edges(_frame(spec))]


def reading_names(spec: SeriesInput) -> list[str]:
    """What each feature is: "channel 2: spread"."""
    return [f"channel {channel}: {name}" for channel in range(1, spec.channels + 1) for name in figure_names(spec)]


def in_units(spec: SeriesInput, place: int, value: float) -> float:
    """What a feature's value is in the sensor's unit, as `reading_names` calls it: a level, an RMS, or a ratio."""
    channel, figure = divmod(place, len(figure_names(spec)))
    mean, std = (values[channel % len(values)] for values in (spec.mean, spec.std))
    if figure < STRETCHES:
        return mean + std * value
    if figure == STRETCHES + TAILS:
        return exp(value)
    root = exp(value / 2)
    return root if figure == STRETCHES + PEAK else root * std


def _listening(recordings: Sequence[Window]) -> SeriesInput:
    if len(found := sorted({(one.rate_hz, one.values.shape[1]) for one in recordings})) != 1:
        told = ", ".join(f"{channels} at {rate:g} Hz" for rate, channels in found) or "no recording"
        raise BadInputError(f"wanted recordings with the same channels and rate, found {told}; record them alike")
    (rate_hz, channels), shortest = found[0], min(recordings, key=lambda one: len(one.values))
    if len(shortest.values) < FEWEST_SAMPLES:
        raise BadInputError(
            f"wanted {FEWEST_SAMPLES} or more readings in each recording, found {len(shortest.values)} in "
            f"{shortest.name}; record longer, or faster"
        )
    samples, scale = min(len(shortest.values), MOST_SAMPLES), _scale(recordings)
    return SeriesInput(
        tensor="readings",
        shape=(1, channels, samples, 1),
        dtype="float32",
        rate_hz=rate_hz or None,
        samples=samples,
        channels=channels,
        step=max(1, samples // 2),
        layout="channel-time",
        mean=tuple(scale.mean.tolist()),
        std=tuple(scale.std.tolist()),
        join="mean",
    )


def _scale(recordings: Sequence[Window]) -> _Scale:
    """Read one after the other: only sums are kept."""
    count, total, squares = 0, np.float64(0), np.float64(0)
    for one in recordings:
        values = one.values.astype(np.float64)
        if not np.isfinite(values).all():
            raise BadInputError(f"wanted numbers, found NaN or infinity in {one.name}; take it out")
        count, total, squares = count + len(values), total + values.sum(0), squares + np.square(values).sum(0)
    mean = np.asarray(total / count)
    std = np.sqrt(np.maximum(squares / count - np.square(mean), 0))
    if dead := np.flatnonzero(std <= DEAD_SHARE * np.abs(mean)).tolist():
        raise BadInputError(
            f"wanted channels that change, found channel {dead[0] + 1} always at {mean[dead[0]]:g}; leave it out"
        )
    return _Scale(mean, std)


def _shape(pen: Wiring, parts: Sequence[str]) -> tuple[int, ...]:
    shapes = [pen.shape(one) for one in parts]
    return (*shapes[0][:3], sum(shape[3] for shape in shapes))


def _shape_and_spread(pen: Wiring, spec: SeriesInput) -> list[str]:
    """Figures of time, each 1×C×1×n: levels, ln spread, ln peak/spread, ln fourth moment/variance²."""
    values, channels, samples = spec.tensor, spec.channels, spec.samples
    stretch = samples // STRETCHES
    # There are eight at 64 samples and more, whatever is left over at the end.
    mean_of = np.full((1, 1, stretch, 1), 1 / stretch)
    levels = _across(pen, values, mean_of, stride=stretch)
    levels = pen.reshape(levels, (1, channels, 1, STRETCHES))
    one, axis = (1, channels, 1, 1), pen.constant("time", [2], np.int32)
    offset = pen.pointwise("SUB", values, pen.apply("MEAN", [values, axis], one, keep_dims=True))
    squares = pen.pointwise("MUL", offset, offset)
    variance = pen.pointwise(
        "ADD", pen.apply("MEAN", [squares, axis], one, keep_dims=True), pen.constant("floor", [FLOOR])
    )
    fourth = pen.apply("MEAN", [pen.pointwise("MUL", squares, squares), axis], one, keep_dims=True)
    peak = pen.reshape(pen.top(pen.reshape(squares, (1, channels, 1, samples)), 1), one)
    ratios = [
        variance,
        pen.pointwise("DIV", pen.pointwise("ADD", peak, pen.constant("floor", [FLOOR])), variance),
        pen.pointwise(
            "DIV",
            pen.pointwise("ADD", fourth, pen.constant("floor", [NOISE_TAILS * FLOOR**2])),
            pen.pointwise("MUL", variance, variance),
        ),
    ]
    return [levels, *(pen.apply("LOG", [ratio], one) for ratio in ratios)]


def _spectrum(pen: Wiring, spec: SeriesInput) -> list[str]:
    """Logarithm of the mean power in each band, 1×C×1×BANDS: a short-time Fourier transform as two convolutions."""
    frame = _frame(spec)
    edges = _band_edges(frame)
    waves = _across(pen, spec.tensor, _fourier(frame), stride=frame // 2)
    squares = pen.pointwise("MUL", waves, waves)
    axis, shape = pen.constant("time", [2], np.int32), (1, spec.channels, 1, pen.shape(squares)[3])
    power = pen.apply("MEAN", [squares, axis], shape, keep_dims=True)
    bins = shape[3] // 2
    sums = np.zeros((len(edges), 1, 1, 2 * bins))
    for band, (low, high) in enumerate(edges):
        sums[band, 0, 0, low - 1 : high - 1] = sums[band, 0, 0, bins + low - 1 : bins + high - 1] = 1
    bands = pen.convolve(power, sums, np.full(len(edges), FLOOR))
    return [pen.apply("LOG", [bands], pen.shape(bands))]


def _frame(spec: SeriesInput) -> int:
    """Samples of one Fourier transform: the greatest power of two of which four fit into an input, at most 256."""
    return min(MOST_FRAME, 1 << ((spec.samples // FRAMES_AT_LEAST).bit_length() - 1))


def _band_edges(frame: int) -> list[tuple[int, int]]:
    """First bin and first bin behind of each band, about equally wide in octaves; bin 0 is the level."""
    edges = np.unique(np.rint(np.geomspace(1, frame // 2 + 1, BANDS + 1)).astype(int))
    return list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))


def _fourier(frame: int) -> npt.NDArray[np.float64]:
    """2B×1×frame×1: cosines of bins 1 to frame/2, then sines, under a Hann window; noise of variance 1 gives 1."""
    time, bins = np.arange(frame), np.arange(1, frame // 2 + 1)
    window = np.hanning(frame + 1)[:-1]
    angle = 2 * np.pi * bins[:, None] * time / frame
    waves = np.concatenate([np.cos(angle), np.sin(angle)]) * window
    # A window lets some of the level through to the first bins.
    waves -= waves.mean(axis=1, keepdims=True)
    return np.asarray(waves[:, None, :, None] * np.sqrt(2 / (frame * np.square(window).sum())))


def _across(pen: Wiring, values: str, weights: npt.NDArray[np.float64], *, stride: int) -> str:
    """Convolve each row of 1×C×N×1 by out×1×n×1 `weights` along time: 1×C×T×out."""
    _, channels, samples, _ = pen.shape(values)
    steps = (samples - weights.shape[2]) // stride + 1
    inputs: list[str | None] = [
        values,
        pen.constant("weights", weights),
        pen.constant("bias", np.zeros(len(weights))),
    ]
    return pen.apply(
        "CONV_2D",
        inputs,
        (1, channels, steps, len(weights)),
        padding="VALID",
        stride_h=1,
        stride_w=stride,
        dilation_h_factor=1,
        dilation_w_factor=1,
        fused_activation_function="NONE",
    )
