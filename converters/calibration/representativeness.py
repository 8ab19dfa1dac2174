"""How well calibration data stand for what the board will see: copies among them, light, and values beyond the ranges.

Each quarter of the inputs plays the board once: do its activations stay within what the other three quarters have
shown? They are read in the finished integer model itself, on reference kernels. Where they do not, the board will go
beyond the ranges as well, which come from all of the inputs: a sign of missing data.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.calibration.samples import ADVISED_SAMPLES
from converters.execute import Kernels, Session
from converters.quantize.affine import Affine
from converters.quantize.feeds import FEWEST_TO_PART, spread
from converters.tflite import write_tflite
from edge_contracts.manifest import ImageInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from converters.graph import Graph, Tensor
    from edge_contracts.manifest import ModelInput

    Inputs = Sequence[npt.NDArray[np.float32]]

QUARTERS = 4

MOST_RUNS = 16
"""Inputs that are run; the reference kernels are slow."""

NEAR = 0.1
"""Two inputs nearer to each other than this share of the usual distance are one."""

SAME = 0.002
"""Or nearer than this share of the whole range: half a byte."""

MOST_BEYOND = 0.5
"""How far a quarter of the inputs may go beyond the others, as a share of their range, in the mean of the activations.
20 to 100 inputs of seven networks went 4 to 31 % beyond one another, twenty words of twelve kinds 57 % (measured)."""

LEAST_LIGHT_SPREAD = 0.02
MOST_CLIPPED = 0.05
"""Of the pixels: black or burnt out."""

FULL_BYTE = 255.0
_LOOK_SIDE = 16
_INTEGERS = (np.dtype("i1"), np.dtype("i2"))


@dataclass(frozen=True, slots=True)
class Representativeness:
    """Figures, and what they mean.

    inputs, distinct: how many, and how many that are no near copies of another.
    advised_more: how many more different inputs would do well.
    saturation: share of values at an end of their integer range, where that end is not the real 0: a ReLU's zeros lose
        nothing. Some of the rest is wanted: a bound that an activation has itself, a rule that cuts rare peaks.
    coverage: share of activations whose extremes on an input lie within what the other three quarters have shown.
    beyond: how far a quarter goes beyond the other three, as a share of their range, in the mean of the activations.
    worst, worst_beyond: the activation that goes furthest, and how far. With fewer than `FEWEST_TO_PART` inputs, or
        where no integer activations can be read, these five are None, and no name.
    brightness: mean brightness of the darkest and the brightest picture in twenty, 0 to 1; None for other inputs.
    clipped: share of pixels that are black or burnt out, None for other inputs.
    sentences: for the card and the report.
    """

    inputs: int
    distinct: int
    advised_more: int
    saturation: float | None
    coverage: float | None
    beyond: float | None
    worst: str
    worst_beyond: float | None
    brightness: tuple[float, float] | None
    clipped: float | None
    sentences: tuple[str, ...] = ()

    def as_document(self) -> dict[str, Any]:
        """The card's `details["calibration"]`."""
        found = asdict(self)
        return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}


def assess(graph: Graph | None, inputs: Inputs, spec: ModelInput) -> Representativeness:
    """Look at calibration inputs and at what the finished integer model makes of them.

    Args:
        graph: the integer model; None where its activations cannot be looked into.
        inputs: what it was calibrated and judged with, in real values, in the same order.
        spec: how those values were made, for their brightness.
    """
    distinct = len(_distinct(inputs))
    seen = None if graph is None else _compared(graph, inputs)
    brightness, clipped = _light(inputs, spec) if isinstance(spec, ImageInput) else (None, None)
    more = max(ADVISED_SAMPLES - distinct, 0)
    if seen is not None and seen.beyond > MOST_BEYOND:
        more = max(more, distinct)
    found = Representativeness(
        inputs=len(inputs),
        distinct=distinct,
        advised_more=more,
        saturation=None if seen is None else round(seen.saturation, 6),
        coverage=None if seen is None else round(seen.coverage, 6),
        beyond=None if seen is None else round(seen.beyond, 6),
        worst="" if seen is None else seen.worst,
        worst_beyond=None if seen is None else round(seen.worst_beyond, 6),
        brightness=brightness,
        clipped=clipped,
    )
    return Representativeness(**(_fields(found) | {"sentences": tuple(_sentences(found))}))


def _fields(found: Representativeness) -> dict[str, Any]:
    return {name: getattr(found, name) for name in Representativeness.__slots__}


def _sentences(found: Representativeness) -> list[str]:
    said = [_said_of_copies(found)]
    if found.coverage is not None and found.beyond is not None:
        said.append(
            f"of each quarter of the inputs {100 * found.coverage:.0f} % of the activations stay within what the "
            f"others show, and go {100 * found.beyond:.0f} % beyond it at most, in the mean"
        )
        if found.beyond > MOST_BEYOND:
            said.append(f"the inputs differ among themselves, most in {found.worst}: give as many again, of all kinds")
    elif found.inputs < FEWEST_TO_PART:
        said.append("too few inputs to hold a quarter against the others: none tells whether the ranges hold")
    if found.brightness is not None and found.clipped is not None:
        dark, bright = found.brightness
        said.append(f"brightness runs from {100 * dark:.0f} to {100 * bright:.0f} %")
        if bright - dark < LEAST_LIGHT_SPREAD:
            said.append("all are lit alike: add some of the darkest and of the brightest hour")
        if found.clipped > MOST_CLIPPED:
            said.append(f"{100 * found.clipped:.0f} % of the pixels are black or burnt out: check the exposure")
    return said


def _said_of_copies(found: Representativeness) -> str:
    copies = found.inputs - found.distinct
    told = f"{found.inputs} inputs" + (f", {copies} of them near copies of others" if copies else ", all different")
    return told + (f": give {found.advised_more} more" if found.advised_more else "")


def _distinct(inputs: Inputs) -> list[int]:
    """The places of inputs that lie near no earlier one."""
    looks = np.stack([_look(values) for values in inputs])
    # A row at a time stays in the processor's cache.
    apart = np.stack([np.sqrt(np.mean(np.square(looks - look), axis=1)) for look in looks])
    pairs = apart[np.triu_indices(len(inputs), 1)]
    usual = float(np.median(pairs)) if pairs.size else 0.0
    span = float(max(values.max() for values in inputs) - min(values.min() for values in inputs))
    near = max(NEAR * usual, SAME * span)
    kept: list[int] = []
    for place in range(len(inputs)):
        if all(apart[place, other] > near for other in kept):
            kept.append(place)
    return kept


def _look(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """An input reduced to at most 256 means of neighbours, so that noise is no difference."""
    flat = values[0].astype(np.float64)
    if flat.ndim == 3:  # noqa: PLR2004 - a picture, whatever its channels
        flat = flat.mean(axis=int(np.argmin(flat.shape)))
        for axis in (0, 1):
            flat = _means(flat, axis, _LOOK_SIDE)
        return np.asarray(flat.reshape(-1), np.float64)
    return _means(flat.reshape(-1), 0, _LOOK_SIDE**2)


def _means(values: npt.NDArray[np.float64], axis: int, most: int) -> npt.NDArray[np.float64]:
    size = values.shape[axis]
    starts = np.unique(np.arange(min(most, size)) * size // min(most, size))
    counts = np.diff([*starts, size]).reshape([-1 if place == axis else 1 for place in range(values.ndim)])
    return np.asarray(np.add.reduceat(values, starts, axis=axis) / counts, np.float64)


def _light(inputs: Inputs, spec: ImageInput) -> tuple[tuple[float, float], float]:
    shape = (-1,) if spec.layout == "NHWC" else (-1, 1, 1)
    mean, std = (np.asarray(values, np.float64).reshape(shape) for values in (spec.mean, spec.std))
    pixels = [values[0] * std + mean for values in inputs]
    dark, bright = np.percentile([picture.mean() / FULL_BYTE for picture in pixels], (5, 95))
    ends = [np.mean((picture < 0.5) | (picture > FULL_BYTE - 0.5)) for picture in pixels]  # noqa: PLR2004 - half a byte
    return (round(float(dark), 4), round(float(bright), 4)), round(float(np.mean(ends)), 4)


@dataclass(frozen=True, slots=True)
class _Compared:
    """See `Representativeness`, whose fields have the same names."""

    saturation: float
    coverage: float
    beyond: float
    worst: str
    worst_beyond: float


@dataclass(frozen=True, slots=True)
class _Seen:
    """Per input and activation: the share of values cut off, the lowest and the highest stored value."""

    at_end: npt.NDArray[np.float64]
    lowest: npt.NDArray[np.float64]
    highest: npt.NDArray[np.float64]


def _compared(graph: Graph, inputs: Inputs) -> _Compared | None:
    names = [name for operator in graph.operators for name in operator.outputs if _is_integer(graph, name)]
    if len(inputs) < FEWEST_TO_PART or not names:
        return None
    seen = _seen(graph, names, spread(inputs, MOST_RUNS))
    beyond = np.empty((QUARTERS, len(names)))
    within = []
    for quarter in range(QUARTERS):
        own = np.arange(len(seen.lowest)) % QUARTERS == quarter
        low, high = seen.lowest[~own].min(axis=0), seen.highest[~own].max(axis=0)
        over = np.maximum(np.maximum(seen.highest[own] - high, low - seen.lowest[own]), 0.0)
        within.append((over == 0).mean())
        beyond[quarter] = over.max(axis=0) / np.maximum(high - low, 1.0)
    furthest = beyond.max(axis=0)
    worst = int(np.argmax(furthest))
    return _Compared(
        float(seen.at_end.mean()),
        float(np.mean(within)),
        float(furthest.mean()),
        names[worst],
        float(furthest[worst]),
    )


def _is_integer(graph: Graph, name: str) -> bool:
    tensor = graph.tensors[name]
    return tensor.quantization is not None and tensor.dtype in _INTEGERS


def _stored(graph: Graph, values: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
    affine = Affine.of_tensor(graph.tensors[graph.inputs[0]])
    return values if affine is None else affine.quantize(values)


def _seen(graph: Graph, names: list[str], inputs: Inputs) -> _Seen:
    session = Session(write_tflite(graph), Kernels.REFERENCE, keep_all=True)
    at_end, lowest, highest = [], [], []
    limits = [np.iinfo(graph.tensors[name].dtype) for name in names]
    for values in inputs:
        session.run({graph.inputs[0]: _stored(graph, values)})
        stored = [session.value(name) for name in names]
        at_end.append([_at_end(graph.tensors[name], v) for name, v in zip(names, stored, strict=True)])
        lowest.append([float(v.min(initial=end.max)) for v, end in zip(stored, limits, strict=True)])
        highest.append([float(v.max(initial=end.min)) for v, end in zip(stored, limits, strict=True)])
    return _Seen(np.asarray(at_end), np.asarray(lowest), np.asarray(highest))


def _at_end(tensor: Tensor, stored: npt.NDArray[Any]) -> float:
    """The share of values at an end of the range; where that end is the real 0, nothing was cut off there."""
    affine, limits = Affine.of_tensor(tensor), np.iinfo(tensor.dtype)
    ends = [end for end in (limits.min, limits.max) if affine is None or end != affine.zero_point]
    return sum(np.count_nonzero(stored == end) for end in ends) / max(stored.size, 1)
