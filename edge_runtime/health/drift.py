"""Whether scores still come from the reference's distribution, and what else has changed. Pure.

Two figures must agree. PSI, the population stability index over the reference's tenths, says how much has moved; its
chance value is chi-squared over the numbers of parts (Yurdakul, "Statistical Properties of Population Stability
Index", 2018). KS, the largest distance of the two distribution functions, is judged by Smirnov's limit. Both limits are
those of one false alarm in a thousand looks, so a reference of forty photographs is trusted no further than it goes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from edge_contracts.manifest import ScoreReference
    from edge_runtime.picture_health import Light

BINS: Final = 10
CHI_SQUARED_999: Final = 27.877
"""The 99.9th percentile of chi-squared with nine degrees of freedom."""
SMIRNOV_999: Final = 1.949
"""sqrt(-ln(0.001 / 2) / 2)."""
DARKER: Final = 0.08
FLATTER: Final = 0.2
LESS_SHARP: Final = 0.3
"""Changes of the running mean, contrast and sharpness that a person would want to know of, as fractions."""

_CALM: Final = 0.8


@dataclass(frozen=True, slots=True)
class Drift:
    """How far scores lie from their reference.

    psi, ks: as found. psi_limit, ks_limit: what chance alone does not exceed.
    higher: the median of the scores is above that of the reference.
    """

    psi: float
    psi_limit: float
    ks: float
    ks_limit: float
    higher: bool

    @property
    def is_there(self) -> bool:
        """Both figures are beyond their limits."""
        return self.psi >= self.psi_limit and self.ks >= self.ks_limit

    @property
    def is_over(self) -> bool:
        """One of them is clearly within its limit."""
        return self.psi < _CALM * self.psi_limit or self.ks < _CALM * self.ks_limit


def compare(scores: Sequence[float], reference: ScoreReference, psi_min: float) -> Drift:
    """Compare scores with their reference.

    Args:
        scores: one or more, finite.
        reference: of good parts.
        psi_min: the least PSI that counts, however many parts there are.
    """
    found = np.sort(np.asarray(scores, np.float64))
    chance = 1 / found.size + 1 / reference.samples
    return Drift(
        psi=_psi(found, reference),
        psi_limit=max(psi_min, CHI_SQUARED_999 * chance),
        ks=_ks(found, reference),
        ks_limit=SMIRNOV_999 * math.sqrt(chance),
        higher=bool(np.median(found) > np.median(reference.quantiles)),
    )


def what_else_changed(then: Light | None, now: Light | None) -> str:
    """A sentence of cause: what the pictures themselves say of why scores have drifted."""
    if then is None or now is None:
        return "how the pictures looked before is not known: compare them with older ones"
    told = [
        *_change(then.mean, now.mean, DARKER, "brighter", "darker", "check lamp and exposure, clean the lens"),
        *_change(then.contrast, now.contrast, FLATTER, "richer in contrast", "flatter", "clean the lens"),
        *_change(then.sharpness, now.sharpness, LESS_SHARP, "sharper", "less sharp", "check the focus, clean the lens"),
    ]
    if told:
        return "the pictures are " + "; ".join(told)
    return "brightness, contrast and sharpness are as before: new material, or parts that lie otherwise?"


def _change(then: float, now: float, least: float, more: str, less: str, cure: str) -> tuple[str, ...]:
    if then <= 0 or abs(now / then - 1) < least:
        return ()
    return (f"{abs(now / then - 1):.0%} {more if now > then else less} ({cure})",)


@dataclass(frozen=True, slots=True)
class _Distribution:
    """A distribution function from quantiles: it jumps at a score that several quantiles share, else it is straight.

    values: distinct scores, ascending. under, upto: the share of good parts below each, and at or below it.
    """

    values: npt.NDArray[np.float64]
    under: npt.NDArray[np.float64]
    upto: npt.NDArray[np.float64]

    @classmethod
    def of(cls, reference: ScoreReference) -> _Distribution:
        quantiles = np.asarray(reference.quantiles, np.float64)
        values, first, count = np.unique(quantiles, return_index=True, return_counts=True)
        steps = quantiles.size - 1
        return cls(values, first / steps, (first + count - 1) / steps)

    def share_upto(self, scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Of good parts, at or below each score."""
        at = np.searchsorted(self.values, scores, side="right") - 1
        exact = (at >= 0) & (self.values[np.maximum(at, 0)] == scores)
        return np.where(exact, self.upto[np.maximum(at, 0)], self._between(scores, at))

    def share_below(self, scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Of good parts, below each score."""
        at = np.searchsorted(self.values, scores, side="left") - 1
        following = np.minimum(at + 1, self.values.size - 1)
        exact = self.values[following] == scores
        return np.where(exact, self.under[following], self._between(scores, at))

    def _between(self, scores: npt.NDArray[np.float64], at: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
        """On the straight line behind the value at index `at`; 0 before the first, 1 behind the last."""
        last = self.values.size - 1
        left, right = np.clip(at, 0, last), np.clip(at + 1, 0, last)
        width = np.where(left == right, 1.0, self.values[right] - self.values[left])
        part = np.clip((scores - self.values[left]) / width, 0.0, 1.0)
        inside = self.upto[left] + part * (self.under[right] - self.upto[left])
        return np.where(at < 0, 0.0, np.where(at >= last, 1.0, inside))


def _psi(found: npt.NDArray[np.float64], reference: ScoreReference) -> float:
    """Half a part is added to each bin, so that an empty one has a logarithm; a score that is common has its own."""
    tenths = np.linspace(0, 1, BINS + 1)[1:-1]
    deciles = np.quantile(np.asarray(reference.quantiles, np.float64), tenths, method="inverted_cdf")
    edges, count = np.unique(deciles, return_counts=True)
    edges = np.unique([*edges, *np.nextafter(edges[count > 1], -np.inf)])
    expected = np.diff(_Distribution.of(reference).share_upto(edges), prepend=0.0, append=1.0)
    counts = np.diff(np.searchsorted(found, edges, side="right"), prepend=0, append=found.size)
    expected = (expected * reference.samples + 0.5) / (reference.samples + 0.5 * expected.size)
    actual = (counts + 0.5) / (found.size + 0.5 * counts.size)
    return float(((actual - expected) * np.log(actual / expected)).sum())


def _ks(found: npt.NDArray[np.float64], reference: ScoreReference) -> float:
    wanted = _Distribution.of(reference)
    above = np.searchsorted(found, found, side="right") / found.size - wanted.share_upto(found)
    below = wanted.share_below(found) - np.searchsorted(found, found, side="left") / found.size
    return float(max(above.max(), below.max(), 0.0))
