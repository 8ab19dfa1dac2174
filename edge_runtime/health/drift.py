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


def _distribution(reference: ScoreReference) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Distinct scores, and the share of good parts at or below each."""
    quantiles = np.asarray(reference.quantiles, np.float64)
    values, first, count = np.unique(quantiles, return_index=True, return_counts=True)
    return values, (first + count - 1) / (quantiles.size - 1)


def _below(scores: npt.NDArray[np.float64], reference: ScoreReference) -> npt.NDArray[np.float64]:
    values, shares = _distribution(reference)
    return np.asarray(np.interp(scores, values, shares, left=0.0, right=1.0), np.float64)


def _psi(found: npt.NDArray[np.float64], reference: ScoreReference) -> float:
    """Half a part is added to each bin, so that an empty one has a logarithm; a score that is common has its own."""
    quantiles = np.asarray(reference.quantiles, np.float64)
    edges, count = np.unique(np.quantile(quantiles, np.linspace(0, 1, BINS + 1)[1:-1]), return_counts=True)
    edges = np.unique([*edges, *np.nextafter(edges[count > 1], -np.inf)])
    expected = np.diff(_below(edges, reference), prepend=0.0, append=1.0)
    counts = np.diff(np.searchsorted(found, edges, side="right"), prepend=0, append=found.size)
    expected = (expected * reference.samples + 0.5) / (reference.samples + 0.5 * expected.size)
    actual = (counts + 0.5) / (found.size + 0.5 * counts.size)
    return float(((actual - expected) * np.log(actual / expected)).sum())


def _ks(found: npt.NDArray[np.float64], reference: ScoreReference) -> float:
    wanted = _below(found, reference)
    above = np.searchsorted(found, found, side="right") / found.size - wanted
    below = _below(np.nextafter(found, -np.inf), reference) - np.searchsorted(found, found, side="left") / found.size
    return float(max(above.max(), below.max(), 0.0))
