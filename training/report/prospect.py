"""How much surer more pictures would make the figures, were they judged as these are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.confidence import Interval
    from training.figures import Area, Share

TIMES = (1, 2, 4)


@dataclass(frozen=True, slots=True)
class Prospect:
    """The intervals from so many times as many good and defective parts, at the same rates.

    escape, overkill: at the bundle's own threshold.
    """

    times: int
    good: int
    defective: int
    auroc: Interval
    escape: Interval
    overkill: Interval

    def document(self) -> dict[str, float]:
        """Plain values for JSON."""
        intervals = {"auroc": self.auroc, "escape": self.escape, "overkill": self.overkill}
        counts = {"times": self.times, "good": self.good, "defective": self.defective}
        return counts | {
            f"{name}_{end}": getattr(one, end) for name, one in intervals.items() for end in ("low", "high")
        }


def prospects(area: Area | None, escape: Share | None, overkill: Share | None) -> tuple[Prospect, ...]:
    """As many, twice and four times as many; empty without good or without defective parts."""
    if area is None or escape is None or overkill is None:
        return ()
    return tuple(
        Prospect(
            times=times,
            good=times * area.good,
            defective=times * area.defective,
            auroc=area.interval_from(times),
            escape=escape.interval_from(times),
            overkill=overkill.interval_from(times),
        )
        for times in TIMES
    )
