"""How the threshold is set: the wish of whoever trains, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from converters.gate.metrics import OVERKILL
from training.dataset.amounts import counted_once
from training.detectors.conformal import conformal_threshold, require_enough
from training.detectors.threshold import CONFIDENCE, Threshold, lognormal_threshold, require_finite

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class ThresholdRule:
    """Where to draw the line between good and defect.

    name: `lognormal` expects so much overkill and is right from ten parts on; `conformal` promises no more than that.
    overkill: share of good parts.
    confidence: of the promise; the lognormal rule makes none.
    """

    name: Literal["lognormal", "conformal"] = "lognormal"
    overkill: float = OVERKILL
    confidence: float = CONFIDENCE

    def require_enough(self, groups: Sequence[str]) -> None:
        """Refuse parts that are too few for a promise, before anything is learned.

        Args:
            groups: one name per part; relatives share one, and count once.

        Raises:
            BadInputError: the message says how many are missing.
        """
        if self.name == "conformal":
            require_enough(len(set(groups)), self.overkill, self.confidence, counted_once(groups))

    def threshold(self, scores: Sequence[float], groups: Sequence[str]) -> Threshold:
        """Set it from held-out scores of good parts.

        Relatives are no independent parts. A promise counts them once, by the worst of them; the lognormal rule takes
        all their scores, and counts them once in its interval.

        Raises:
            BadInputError: scores that the rule cannot use.
        """
        if self.name == "lognormal":
            return lognormal_threshold(scores, self.overkill, groups)
        require_finite(scores)
        worst: dict[str, float] = {}
        for name, one in zip(groups, scores, strict=True):
            worst[name] = max(one, worst.get(name, one))
        return conformal_threshold(list(worst.values()), self.overkill, self.confidence)
