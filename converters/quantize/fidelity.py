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
    agreement: share of samples whose most probable class is the float model's; None where the output holds no logits.
    output: the output's place among the model's.
    """

    snr_db: float
    agreement: float | None = None
    output: int = 0

    @classmethod
    def of(cls, expected: Values, found: Values) -> Fidelity:
        """Compare two models' answers to the same samples."""
        return cls(signal_to_noise_db(expected, found))

    @classmethod
    def of_logits(cls, expected: Values, found: Values) -> Fidelity:
        """The same for logits (last axis), less their mean, which no softmax hears.

        Of probabilities the noise would be that of the few samples near a border: all others are 0 or 1.
        """
        agreeing = [
            np.mean(one.argmax(axis=-1) == other.argmax(axis=-1)) for one, other in zip(expected, found, strict=True)
        ]
        return cls(signal_to_noise_db(_centred(expected), _centred(found)), float(np.mean(agreeing)))


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


def _centred(values: Values) -> Values:
    return [value - value.mean(axis=-1, keepdims=True, dtype=np.float64) for value in values]
