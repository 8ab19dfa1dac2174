"""From scores to good, defect or unknown. Pure: the same scores and rule give the same decision, for ever.

Good is said in one place of this file, after everything that could speak against it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edge_contracts.manifest import AnomalyRule, ClassRule
from edge_contracts.verdict import Cause, Outcome

if TYPE_CHECKING:
    from edge_contracts.manifest import NoRule
    from edge_runtime.frames import Scores


@dataclass(frozen=True, slots=True)
class Decision:
    """What the scores say.

    score, threshold: what decided and its limit, in the model's own unit; None when nothing could be compared.
    """

    outcome: Outcome
    cause: Cause
    reason: str
    label: str | None = None
    score: float | None = None
    threshold: float | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """How a point reads its model's scores.

    rule: the manifest's.
    labels: one per value for a class rule.
    threshold: instead of the rule's own: the anomaly threshold, or the least confidence of a class rule.
    """

    rule: AnomalyRule | ClassRule | NoRule
    labels: tuple[str, ...] = ()
    threshold: float | None = None


def decide(scores: Scores, ruling: Ruling) -> Decision:
    """Judge one part; what cannot be judged is unknown."""
    if not _all_finite(scores):
        return _unknown(Cause.NOT_A_NUMBER, "wanted numbers from the model, found NaN or infinity; verify the bundle")
    if isinstance(ruling.rule, AnomalyRule):
        return _by_anomaly(scores, ruling.rule if ruling.threshold is None else AnomalyRule(threshold=ruling.threshold))
    if isinstance(ruling.rule, ClassRule):
        least = ruling.rule.min_confidence if ruling.threshold is None else ruling.threshold
        return _by_class(scores, ruling.rule, ruling.labels, least)
    return _unknown(Cause.INTERNAL, "wanted a bundle with a rule, found one that measures and does not judge")


def _all_finite(scores: Scores) -> bool:
    heat = scores.heat_map
    return bool(np.isfinite(scores.values).all() and (heat is None or np.isfinite(heat).all()))


def _by_anomaly(scores: Scores, rule: AnomalyRule) -> Decision:
    if scores.values.size != 1:
        return _unknown(Cause.BACKEND_FAILED, f"wanted one anomaly score, found {scores.values.size} values")
    score = float(scores.values[0])
    if score >= rule.threshold:
        reason = f"anomaly score {score:.4g} reaches the threshold {rule.threshold:.4g}"
        return Decision(Outcome.DEFECT, Cause.THRESHOLD, reason, "anomaly", score, rule.threshold)
    reason = f"anomaly score {score:.4g} is below the threshold {rule.threshold:.4g}"
    return Decision(Outcome.GOOD, Cause.CLEAN, reason, "good", score, rule.threshold)


def _by_class(scores: Scores, rule: ClassRule, labels: tuple[str, ...], least: float) -> Decision:
    if not labels or scores.values.size != len(labels):
        return _unknown(Cause.BACKEND_FAILED, f"wanted {len(labels)} probabilities, found {scores.values.size} values")
    best = int(np.argmax(scores.values))
    label, score = labels[best], float(scores.values[best])
    if score < least:
        reason = f"best label {label!r} has {score:.1%}, less than the wanted {least:.1%}"
        return Decision(Outcome.UNKNOWN, Cause.UNSURE, reason, label, score, least)
    reason = f"label {label!r} with {score:.1%}"
    if label not in rule.good:
        return Decision(Outcome.DEFECT, Cause.THRESHOLD, reason, label, score, least)
    return Decision(Outcome.GOOD, Cause.CLEAN, reason, label, score, least)


def _unknown(cause: Cause, reason: str) -> Decision:
    return Decision(Outcome.UNKNOWN, cause, reason)
