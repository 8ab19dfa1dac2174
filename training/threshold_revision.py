"""Set a finished bundle's threshold again, from parts of the line itself and the defects that were confirmed there.

The scores are the artefact's own, with the runtime and kernels that run here: single scores of a detector on an integer
backbone differ by a tenth between kernels. The good parts set the threshold as at training, by a rule. Confirmed
defects only lower it, so far as to catch those that would pass, and never below what the most overkill allows: a
few defects say that others like them exist, and nothing of those that have not been seen (no miss in k defects promises
an escape no better than 3 / k at 95 %), so they are no reason to raise it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

from training.confidence import none_found_bound, share_interval
from training.detectors.threshold import require_finite
from training.detectors.threshold_rule import ThresholdRule
from training.figures import Share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.confidence import Interval
    from training.detectors.threshold import Threshold


@dataclass(frozen=True, slots=True)
class Revision:
    """The new threshold and what it does to the parts that it was set from.

    value: a part is a defect when its score reaches it.
    rule: what good parts alone give.
    lowered_for: places of the defects that it was lowered for, in their order.
    missed: places of the defects that still pass.
    overkill: share of these good parts that it rejects, with its 95 % interval.
    escape_bound: the escape that these defects cannot exclude, at 95 %; None without a defect. Relatives count once.
    """

    value: float
    rule: Threshold
    lowered_for: tuple[int, ...]
    missed: tuple[int, ...]
    overkill: float
    overkill_interval: Interval
    escape_bound: float | None


def revised_threshold(
    good: Sequence[float],
    defects: Sequence[float],
    groups: Sequence[str],
    rule: ThresholdRule,
    most_overkill: float,
) -> Revision:
    """Set the threshold from scores.

    Args:
        good: of parts that the detector has not learned.
        defects: of confirmed defects, none or more.
        groups: a name per good part and then per defect; relatives share one.
        rule: how good parts set it.
        most_overkill: how far confirmed defects may lower it; the rule's own overkill or more.

    Raises:
        BadInputError: too few good scores for the rule, or scores that it cannot use.
    """
    require_finite(defects, "defects")
    of_good, of_defects = groups[: len(good)], groups[len(good) :]
    base = rule.threshold(good, of_good)
    lowest = ThresholdRule(rule.name, most_overkill, rule.confidence).threshold(good, of_good).value
    caught = [score for score in defects if lowest <= score < base.value]
    value = _just_below(min(caught), good, lowest) if caught else base.value
    rejected = Share.of([score >= value for score in good], of_good)
    return Revision(
        value=value,
        rule=base,
        lowered_for=tuple(place for place, score in enumerate(defects) if value <= score < base.value),
        missed=tuple(place for place, score in enumerate(defects) if score < value),
        overkill=rejected.value,
        overkill_interval=rejected.interval,
        escape_bound=_escape_bound([score < value for score in defects], of_defects),
    )


def _just_below(defect: float, good: Sequence[float], lowest: float) -> float:
    """Half-way, in logarithms, to the next lower good score, so that the same defect is caught again tomorrow."""
    next_lower = max((score for score in good if score < defect), default=lowest)
    return sqrt(defect * max(next_lower, lowest)) if max(next_lower, lowest) > 0 else defect


def _escape_bound(missed: Sequence[bool], groups: Sequence[str]) -> float | None:
    """A group of relatives escapes where one of them does."""
    if not missed:
        return None
    count = len(set(groups))
    escaped = len({name for name, one in zip(groups, missed, strict=True) if one})
    return share_interval(escaped, count, 0.90).high if escaped else none_found_bound(count)
