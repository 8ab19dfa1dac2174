"""How true a model is to the float model that it was made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Values = Sequence[npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Fidelity:
    """One output over all samples.

    snr_db: signal to noise in dB; infinite where nothing differs, minus infinity where a value is not finite.
    agreement: share of samples whose most probable class is the float model's; None where it is no distribution.
    affinity_db: for a distribution, 10 log10 of 1 over 1 - the mean of sum(sqrt(p q)), p and q being the two
        distributions (Bhattacharyya's coefficient): it hears of every class, not only of sure answers; else None.
    """

    snr_db: float
    agreement: float | None = None
    affinity_db: float | None = None

    @classmethod
    def of(cls, expected: Values, found: Values, *, classes: bool = False) -> Fidelity:
        """Compare two models' answers to the same samples; `classes` says that they are distributions (last axis)."""
        snr_db = signal_to_noise_db(expected, found)
        if not classes or snr_db == -np.inf:
            return cls(snr_db)
        pairs = list(zip(expected, found, strict=True))
        agreement = float(np.mean([np.mean(one.argmax(axis=-1) == other.argmax(axis=-1)) for one, other in pairs]))
        distance = 1 - float(np.mean([_affinity(one, other) for one, other in pairs]))
        return cls(snr_db, agreement, float(-10 * np.log10(max(distance, np.finfo(np.float64).tiny))))

    @property
    def merit(self) -> float:
        """What candidates are ranked by, in dB: the affinity of distributions, else the signal to noise."""
        return self.snr_db if self.affinity_db is None else self.affinity_db


def signal_to_noise_db(expected: Values, found: Values) -> float:
    """10 log10 of the power of `expected` over the power of the error, over all values.

    Infinite where they are equal, minus infinity where `found` is not finite.
    """
    signal = sum(float(np.square(value, dtype=np.float64).sum()) for value in expected)
    noise = sum(
        float(np.square(value.astype(np.float64) - other).sum()) for value, other in zip(expected, found, strict=True)
    )
    if not np.isfinite(noise):
        return -np.inf
    return float(10 * np.log10(max(signal, np.finfo(np.float64).tiny) / noise)) if noise else np.inf


def _affinity(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> float:
    """The mean of Bhattacharyya's coefficient over all but the last axis, each distribution made to sum to 1."""
    p, q = (np.maximum(values.astype(np.float64), 0) for values in (one, other))
    totals = np.sqrt(np.maximum(p.sum(axis=-1) * q.sum(axis=-1), np.finfo(np.float64).tiny))
    return float(np.mean(np.minimum(np.sqrt(p * q).sum(axis=-1) / totals, 1.0)))
