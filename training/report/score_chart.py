"""The scores of good and of defective parts as bars, and the trade between overkill and escape as a curve.

Values become pixels of a square of `SIDE_PX` here, counted from its lower left corner; the template draws them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from converters.report.chart import SIDE_PX, Bar, Tick, score_axis

if TYPE_CHECKING:
    from collections.abc import Sequence

BINS = 27
HALF_PX = SIDE_PX / 2
MOST_CORNERS = 400


@dataclass(frozen=True, slots=True)
class ScoreBars:
    """How often each score came: good parts above the middle, defective ones below it.

    most: pictures in the fullest bar. threshold_px: None without a threshold.
    left_out: scores that are not finite and are not drawn.
    """

    good: tuple[Bar, ...]
    defective: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    threshold_px: float | None
    most: int
    logarithmic: bool
    left_out: int


@dataclass(frozen=True, slots=True)
class Trade:
    """Overkill across, found defects up; at_px is where the bundle's own threshold stands, None without one."""

    corners_px: tuple[tuple[float, float], ...]
    at_px: tuple[float, float] | None


def score_bars(good: Sequence[float], defective: Sequence[float], threshold: float | None) -> ScoreBars | None:
    """Count scores in bins of one width; None where none is finite."""
    sides = [np.asarray([one for one in side if np.isfinite(one)], np.float64) for side in (good, defective)]
    everything = np.concatenate(sides)
    if not everything.size:
        return None
    axis = score_axis(np.append(everything, [] if threshold is None else threshold))
    places = [np.array([axis.at_px(one) for one in side]) for side in sides]
    counts = [np.histogram(side, BINS, (0, SIDE_PX))[0] for side in places]
    most = max(int(one.max(initial=0)) for one in counts)
    return ScoreBars(
        good=_bars(counts[0], most),
        defective=_bars(counts[1], most),
        ticks=axis.ticks(),
        threshold_px=None if threshold is None else axis.at_px(threshold),
        most=most,
        logarithmic=axis.logarithmic,
        left_out=len(good) + len(defective) - everything.size,
    )


def trade(good: Sequence[float], defective: Sequence[float], threshold: float | None) -> Trade | None:
    """The curve through every limit that can be drawn; None without good or without defective parts."""
    if not good or not defective:
        return None
    limits = np.unique([*good, *defective, np.inf])[::-1]
    if limits.size > MOST_CORNERS:
        limits = limits[np.linspace(0, limits.size - 1, MOST_CORNERS).astype(np.intp)]
    corners = [(0.0, 0.0), *(_at(good, defective, limit) for limit in limits), (float(SIDE_PX), float(SIDE_PX))]
    return Trade(tuple(corners), None if threshold is None else _at(good, defective, threshold))


def _bars(counts: npt.NDArray[np.intp], most: int) -> tuple[Bar, ...]:
    width = SIDE_PX / BINS
    return tuple(
        Bar(round(place * width, 1), round(width - 1, 1), round(HALF_PX * count / most, 1), int(count))
        for place, count in enumerate(counts)
        if count
    )


def _at(good: Sequence[float], defective: Sequence[float], limit: float) -> tuple[float, float]:
    """Overkill and found defects when a score that reaches the limit is a defect, in pixels."""
    reached = (float(np.mean(np.asarray(side) >= limit)) for side in (good, defective))
    overkill, found = (round(SIDE_PX * share, 1) for share in reached)
    return overkill, found
