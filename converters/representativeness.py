"""How well calibration data stand for what the board will see: copies among them, light, and values beyond the ranges.

Ranges come from three quarters of the inputs (`converters.quantize.feeds.part`); the fourth quarter plays the board.
Its activations are counted in the finished integer model itself, on reference kernels: a value at the end of its
integer range was cut off. Some of that is wanted (a ReLU's zero, a range rule that cuts rare peaks), and happens to the
inputs that gave the ranges, too; only what the others have beyond that is a sign of missing data.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from converters.execute import Kernels, Session
from converters.quantize.affine import Affine
from converters.quantize.feeds import FEWEST_TO_PART, part, spread
from converters.samples import ADVISED_SAMPLES
from converters.tflite import write_tflite
from edge_contracts.manifest import ImageInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from converters.execute import Feed
    from converters.graph import Graph
    from edge_contracts.manifest import TensorInput

    Inputs = Sequence[npt.NDArray[np.float32]]

MOST_RUNS = 8
"""Inputs of each part that are run; the reference kernels are slow."""

NEAR = 0.1
"""Two inputs nearer to each other than this share of the usual distance are one."""

SAME = 0.002
"""Or nearer than this share of the whole range: half a byte."""

MOST_EXCESS = 0.002
"""Of the activations of new inputs that are cut off, beyond what is cut off anyway."""

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
    saturation, saturation_calibration: share of activations at an end of their integer range, on inputs that gave no
        ranges and on those that did; None where all inputs gave them.
    coverage: share of activations whose extremes on a new input lie within those of the calibrating ones; None as well.
    worst, worst_saturation: the activation with most beyond what is cut off anyway, and that excess.
    brightness: mean brightness of the darkest and the brightest picture in twenty, 0 to 1; None for other inputs.
    clipped: share of pixels that are black or burnt out, None for other inputs.
    sentences: for the card and the report.
    """

    inputs: int
    distinct: int
    advised_more: int
    saturation: float | None
    saturation_calibration: float | None
    coverage: float | None
    worst: str
    worst_saturation: float
    brightness: tuple[float, float] | None
    clipped: float | None
    sentences: tuple[str, ...] = ()

    def as_document(self) -> dict[str, Any]:
        """The card's `details["calibration"]`."""
        found = asdict(self)
        return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}


def assess(graph: Graph | None, inputs: Inputs, spec: ImageInput | TensorInput) -> Representativeness:
    """Look at calibration inputs and at what the finished integer model makes of them.

    Args:
        graph: the integer model; None where its activations cannot be looked into.
        inputs: what it was calibrated and judged with, in real values, in the same order.
        spec: how those values were made, for their brightness.
    """
    distinct = len(_distinct(inputs))
    cut = None if graph is None else _cut_off(graph, inputs)
    brightness, clipped = _light(inputs, spec) if isinstance(spec, ImageInput) else (None, None)
    more = max(ADVISED_SAMPLES - distinct, 0)
    if cut is not None and cut.excess > MOST_EXCESS:
        more = max(more, distinct)
    found = Representativeness(
        inputs=len(inputs),
        distinct=distinct,
        advised_more=more,
        saturation=None if cut is None else round(cut.held_out, 6),
        saturation_calibration=None if cut is None else round(cut.calibration, 6),
        coverage=None if cut is None else round(cut.coverage, 6),
        worst="" if cut is None else cut.worst,
        worst_saturation=0.0 if cut is None else round(cut.worst_excess, 6),
        brightness=brightness,
        clipped=clipped,
    )
    return Representativeness(**(_fields(found) | {"sentences": tuple(_sentences(found))}))


def _fields(found: Representativeness) -> dict[str, Any]:
    return {name: getattr(found, name) for name in Representativeness.__slots__}


def _sentences(found: Representativeness) -> list[str]:
    said = [_said_of_copies(found)]
    if found.saturation is not None and found.saturation_calibration is not None and found.coverage is not None:
        said.append(
            f"{100 * found.saturation:.2f} % of the activations of inputs that gave no ranges are cut off, "
            f"{100 * found.saturation_calibration:.2f} % of those that did; {100 * found.coverage:.0f} % of the "
            "activations stay within what was seen"
        )
        if found.saturation - found.saturation_calibration > MOST_EXCESS:
            said.append(f"the inputs differ among themselves, most in {found.worst}: give as many again, of all kinds")
    elif found.inputs < FEWEST_TO_PART:
        said.append("too few inputs to hold some back: every one gave ranges, and none tells whether they hold")
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
    apart = np.sqrt(np.mean(np.square(looks[:, None] - looks[None, :]), axis=2))
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
class _CutOff:
    """Shares of activations at an end of their range, over all activations that the model computes."""

    calibration: float
    held_out: float
    coverage: float
    worst: str
    worst_excess: float

    @property
    def excess(self) -> float:
        return self.held_out - self.calibration


@dataclass(frozen=True, slots=True)
class _Seen:
    """Of one part: values at an end per activation, and lowest and highest stored value per activation and input."""

    at_end: npt.NDArray[np.float64]
    lowest: npt.NDArray[np.int64]
    highest: npt.NDArray[np.int64]


def _cut_off(graph: Graph, inputs: Inputs) -> _CutOff | None:
    feeds = [{graph.inputs[0]: _stored(graph, values)} for values in inputs]
    calibration, held_out = part(feeds)
    names = [name for operator in graph.operators for name in operator.outputs if _is_integer(graph, name)]
    if len(calibration) == len(feeds) or not names:
        return None
    session = Session(write_tflite(graph), Kernels.REFERENCE, keep_all=True)
    old, new = (_seen(session, graph, names, spread(feeds, MOST_RUNS)) for feeds in (calibration, held_out))
    excess = new.at_end - old.at_end
    within = (new.lowest >= old.lowest.min(axis=0)) & (new.highest <= old.highest.max(axis=0))
    worst = int(np.argmax(excess))
    return _CutOff(
        float(old.at_end.mean()), float(new.at_end.mean()), float(within.mean()), names[worst], float(excess[worst])
    )


def _is_integer(graph: Graph, name: str) -> bool:
    tensor = graph.tensors[name]
    return tensor.quantization is not None and tensor.dtype in _INTEGERS


def _stored(graph: Graph, values: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
    affine = Affine.of_tensor(graph.tensors[graph.inputs[0]])
    return values if affine is None else affine.quantize(values)


def _seen(session: Session, graph: Graph, names: list[str], feeds: Sequence[Feed]) -> _Seen:
    at_end, lowest, highest = [], [], []
    limits = [np.iinfo(graph.tensors[name].dtype) for name in names]
    for feed in feeds:
        session.run(feed)
        values = [session.value(name) for name in names]
        ends = [np.mean((v == end.min) | (v == end.max)) for v, end in zip(values, limits, strict=True)]
        at_end.append(ends)
        lowest.append([int(v.min(initial=end.max)) for v, end in zip(values, limits, strict=True)])
        highest.append([int(v.max(initial=end.min)) for v, end in zip(values, limits, strict=True)])
    return _Seen(np.mean(at_end, axis=0), np.asarray(lowest, np.int64), np.asarray(highest, np.int64))
