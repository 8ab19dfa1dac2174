"""Charts as places on paper: values become pixels here, the template draws them as SVG."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from converters.report.quantity import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Values = npt.NDArray[np.float64]

SIDE_PX = 272
"""Of the square that the axes span; the template places it."""

BINS = 21
MOST_POINTS = 400
"""More points cannot be told apart, and each costs the page 60 bytes."""

LOGARITHMIC_FROM = 20.0
"""Scores that span more than this ratio are drawn on a logarithmic scale: a detector's are lognormal."""

MARGIN = 0.04
WANTED_TICKS = 5
MOST_TICKS = 9
"""More texts run into each other."""

STEPS = (1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis: its distance from the axis' start in pixels, and its text."""

    at_px: float
    text: str


@dataclass(frozen=True, slots=True)
class Dot:
    """One input; `flipped` where the two models answer differently."""

    x_px: float
    y_px: float
    flipped: bool


@dataclass(frozen=True, slots=True)
class Scatter:
    """Float score across, artefact's score up, both on the same scale; pixels count from the lower left corner.

    thresholds_px: across and up, None without an anomaly rule.
    left_out: inputs that are not drawn, because they have no finite score or lie among many others.
    """

    dots: tuple[Dot, ...]
    ticks: tuple[Tick, ...]
    thresholds_px: tuple[float, float] | None
    logarithmic: bool
    left_out: int


@dataclass(frozen=True, slots=True)
class Bar:
    """One bin: left edge, width and height in pixels, and how many inputs it holds."""

    x_px: float
    width_px: float
    height_px: float
    inputs: int


@dataclass(frozen=True, slots=True)
class Histogram:
    """How far the artefact's scores lie from the float model's; zero is in the middle.

    most: inputs in the fullest bin. mean, largest: of the differences, in `unit`.
    """

    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    most: int
    mean: str
    largest: str
    unit: str


@dataclass(frozen=True, slots=True)
class Axis:
    """What lies at the start and the end of an axis of `SIDE_PX`."""

    low: float
    high: float
    logarithmic: bool

    def at_px(self, value: float) -> float:
        """The distance of a value from the axis' start."""
        low, high, here = (_scaled(one, logarithmic=self.logarithmic) for one in (self.low, self.high, value))
        return round(SIDE_PX * (here - low) / (high - low), 1)

    def ticks(self) -> tuple[Tick, ...]:
        """About `WANTED_TICKS` round values."""
        return tuple(Tick(self.at_px(value), text) for value, text in _ticks(self))


def linear_axis(values: Sequence[float], margin: float) -> Axis:
    """An axis that holds all values, with a margin of this share on either side."""
    low, high = min(values), max(values)
    reach = margin * (high - low) or margin * (abs(high) or 1.0)
    return Axis(low - reach, high + reach, logarithmic=False)


def score_axis(values: Values) -> Axis:
    """An axis that holds all these finite scores, logarithmic where they span a large ratio."""
    low, high = float(values.min()), float(values.max())
    logarithmic = low > 0 and high / low > LOGARITHMIC_FROM
    start, end = (_scaled(one, logarithmic=logarithmic) for one in (low, high))
    margin = MARGIN * (end - start) or MARGIN * (abs(end) or 1.0)
    start, end = start - margin, end + margin
    return Axis(math.exp(start), math.exp(end), True) if logarithmic else Axis(start, end, False)


def scatter(
    before: Values, after: Values, flipped: npt.NDArray[np.bool_] | None, thresholds: tuple[float, float] | None
) -> Scatter | None:
    """Place every input; None when no input has two finite scores."""
    finite = np.flatnonzero(np.isfinite(before) & np.isfinite(after))
    if not finite.size:
        return None
    chosen = _thin(finite, np.abs(after - before))
    axis = score_axis(np.concatenate([before[finite], after[finite], thresholds or ()]))
    dots = [
        Dot(axis.at_px(before[one]), axis.at_px(after[one]), flipped is not None and bool(flipped[one]))
        for one in chosen
    ]
    return Scatter(
        # Flipped ones last: drawn on top.
        dots=tuple(sorted(dots, key=lambda dot: (dot.flipped, dot.x_px, dot.y_px))),
        ticks=axis.ticks(),
        thresholds_px=None if thresholds is None else (axis.at_px(thresholds[0]), axis.at_px(thresholds[1])),
        logarithmic=axis.logarithmic,
        left_out=len(before) - len(dots),
    )


def histogram(differences: Values, unit: str) -> Histogram | None:
    """Count differences in bins of equal width around zero; None when none is finite."""
    finite = differences[np.isfinite(differences)]
    if not finite.size:
        return None
    reach = float(np.max(np.abs(finite))) or 1.0
    counts, _ = np.histogram(finite, BINS, (-reach, reach))
    width = SIDE_PX / BINS
    axis = Axis(-reach, reach, logarithmic=False)
    bars = [
        Bar(round(place * width, 1), round(width - 1, 1), round(SIDE_PX * count / counts.max(), 1), int(count))
        for place, count in enumerate(counts)
        if count
    ]
    return Histogram(
        bars=tuple(bars),
        ticks=axis.ticks(),
        most=int(counts.max()),
        mean=plain(float(np.mean(finite)), 2),
        largest=plain(float(np.max(np.abs(finite))), 2),
        unit=unit,
    )


def _thin(indices: npt.NDArray[np.intp], distance: Values) -> npt.NDArray[np.intp]:
    """At most `MOST_POINTS`: the quarter that lies farthest from the line, the rest spread evenly."""
    if indices.size <= MOST_POINTS:
        return indices
    by_distance = indices[np.argsort(-distance[indices], kind="stable")]
    far, near = by_distance[: MOST_POINTS // 4], by_distance[MOST_POINTS // 4 :]
    wanted = MOST_POINTS - far.size
    return np.concatenate([far, near[np.arange(wanted) * near.size // wanted]])


def _scaled(value: float, *, logarithmic: bool) -> float:
    return math.log(value) if logarithmic else value


def _ticks(axis: Axis) -> list[tuple[float, str]]:
    if axis.logarithmic:
        decades = range(math.floor(math.log10(axis.low)), math.ceil(math.log10(axis.high)) + 1)
        inside: list[float] = []
        for steps in (STEPS[:3], STEPS[:1]):
            values = [step * 10.0**decade for decade in decades for step in steps]
            inside = [value for value in values if axis.low <= value <= axis.high]
            if len(inside) <= MOST_TICKS:
                break
        return [(value, f"{value:g}") for value in inside]
    span = (axis.high - axis.low) / WANTED_TICKS
    decade = 10.0 ** math.floor(math.log10(span))
    step = next(one * decade for one in STEPS if one * decade >= span)
    first, last = math.ceil(axis.low / step), math.floor(axis.high / step)
    return [(place * step, f"{place * step:.6g}".replace("-", "−")) for place in range(first, last + 1)]
