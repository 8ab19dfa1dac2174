"""What an evaluation says of another threshold: what 5 % overkill would be and cost, or why it says nothing.

The bundle's threshold was set from parts that were held out, and `lepton threshold` sets it again from parts of the
line, defects among them. A figure from judged pictures is neither: it stands on good pictures alone, so it may let pass
what the bundle finds. So both are told beside each other, and nothing is told where these pictures cannot know.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, Context
from typing import TYPE_CHECKING

from edge_contracts.manifest import AnomalyRule
from training.dataset.amounts import ADVISED_PARTS
from training.evaluation import noun_of
from training.figures import rank

if TYPE_CHECKING:
    from edge_contracts.manifest import Manifest
    from training.evaluation import Evaluation

CHANCE = 0.5
FEWEST_DIGITS, MOST_DIGITS = 4, 17
"""Of a threshold in text; 17 tell any float from its neighbours."""

BETTER = "'lepton threshold' sets one from good parts that were not learned, and looks at the defects, too"


def threshold_advice(manifest: Manifest, evaluation: Evaluation, learned: int) -> str:
    """A sentence; empty where the bundle has no threshold, or where good or defective ones are missing.

    Args:
        manifest: of the bundle.
        evaluation: of it.
        learned: how many of the judged ones taught the bundle, or are nearly the same as one that did.
    """
    if evaluation.area is not None and evaluation.area.interval.low <= CHANCE:
        return (
            "chance (an AUROC of 0.5) is not excluded, so no threshold is advised: are these the parts that it was "
            "made for, taken as the station does? If so, judge on more, or learn defects with boxes drawn"
        )
    value, noun, own = evaluation.suggested_threshold, noun_of(manifest), manifest.rule
    overkill, escape = evaluation.overkill, evaluation.escape
    if not isinstance(own, AnomalyRule) or overkill is None or escape is None or value is None:
        return ""
    if learned:
        return f"no threshold is advised from {noun}s that were learned; {BETTER}"
    if overkill.groups < ADVISED_PARTS:
        return (
            f"no threshold is advised: {overkill.groups} different good {noun}s cannot tell what 5 % overkill is; "
            f"judge {ADVISED_PARTS} or more; {BETTER}"
        )
    reached = [(one.is_good, rank(one.score) >= value) for one in evaluation.judged]
    return (
        f"5 % overkill on these good {noun}s would be a threshold of {_text(value, evaluation)}: it rejects "
        f"{reached.count((True, True))} of {overkill.trials} good ones and lets {reached.count((False, False))} of "
        f"{escape.trials} defects pass, where the bundle's {own.threshold:.4g} rejects {overkill.hits} and lets "
        f"{escape.hits} pass; {BETTER}"
    )


def _text(threshold: float, evaluation: Evaluation) -> str:
    """Rounded up to as few digits, from four on, as part the same scores."""
    above = min((one.score for one in evaluation.judged if one.score >= threshold), default=threshold)
    for digits in range(FEWEST_DIGITS, MOST_DIGITS):
        rounded = float(Context(prec=digits, rounding=ROUND_CEILING).create_decimal_from_float(threshold))
        if threshold <= rounded <= above:
            return f"{rounded:.{digits}g}"
    return repr(threshold)
