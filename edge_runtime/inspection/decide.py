"""From scores to good, defect or unknown. Pure: the same scores and rule give the same decision, for ever.

In this file and in `limits.py` good is said last, after everything that could speak against it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from edge_contracts.manifest import AnomalyRule, AreaRule, BoxRule, ClassRule, MapRule
from edge_contracts.verdict import Cause, Outcome
from edge_runtime.inspection.decision import Decision, Ruling, unknown
from edge_runtime.inspection.limits import by_areas, by_boxes

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge_runtime.frames import Scores


def decide(scores: Scores, ruling: Ruling) -> Decision:
    """Judge one part; what cannot be judged is unknown."""
    if not _all_finite(scores):
        return unknown(Cause.NOT_A_NUMBER, "wanted numbers from the model, found NaN or infinity; verify the bundle")
    reading = _READINGS.get(type(ruling.rule))
    if reading is None:
        return unknown(Cause.INTERNAL, "wanted a bundle with a rule, found one that measures and does not judge")
    return reading(scores, ruling.rule, ruling)


def _all_finite(scores: Scores) -> bool:
    heat = scores.heat_map
    return bool(np.isfinite(scores.values).all() and (heat is None or np.isfinite(heat).all()))


def _by_anomaly(scores: Scores, rule: AnomalyRule, ruling: Ruling) -> Decision:
    if scores.values.size != 1:
        return unknown(Cause.BACKEND_FAILED, f"wanted one anomaly score, found {scores.values.size} values")
    return _by_figure("anomaly score", float(scores.values[0]), _threshold(rule, ruling))


def _by_map(scores: Scores, rule: MapRule, ruling: Ruling) -> Decision:
    if scores.heat_map is None:
        return unknown(Cause.BACKEND_FAILED, "wanted a heat map from the model, found none")
    places = scores.heat_map if scores.judged is None else scores.heat_map[scores.judged]
    if not places.size:
        return unknown(Cause.INTERNAL, "wanted a place that the mask lets count, found none; mend the mask")
    threshold = _threshold(rule, ruling)
    if rule.hot is not None:
        return _by_figure("suspicious share", float(np.mean(places >= rule.hot)), threshold)
    if rule.measure == "percentile":
        return _by_figure(f"percentile {rule.percentile:g}", float(np.percentile(places, rule.percentile)), threshold)
    return _by_figure("hottest place", float(places.max()), threshold)


def _threshold(rule: AnomalyRule | MapRule, ruling: Ruling) -> float:
    return rule.threshold if ruling.threshold is None else ruling.threshold


def _by_figure(what: str, score: float, threshold: float) -> Decision:
    if score >= threshold:
        reason = f"{what} {score:.4g} reaches the threshold {threshold:.4g}"
        return Decision(Outcome.DEFECT, Cause.THRESHOLD, reason, "anomaly", score, threshold)
    reason = f"{what} {score:.4g} is below the threshold {threshold:.4g}"
    return Decision(Outcome.GOOD, Cause.CLEAN, reason, "good", score, threshold)


def _by_class(scores: Scores, rule: ClassRule, ruling: Ruling) -> Decision:
    labels = ruling.labels
    if not labels or scores.values.size != len(labels):
        return unknown(Cause.BACKEND_FAILED, f"wanted {len(labels)} probabilities, found {scores.values.size} values")
    own = {**rule.thresholds, **ruling.thresholds}
    if (reached := _reached(scores, ruling, own) if own else None) is not None:
        return reached
    best = scores.values.argmax()
    label, score = labels[best], float(scores.values[best])
    least = own.get(label, rule.min_confidence if ruling.threshold is None else ruling.threshold)
    if score < least:
        reason = f"best label {label!r} has {score:.1%}, less than the wanted {least:.1%}"
        return Decision(Outcome.UNKNOWN, Cause.UNSURE, reason, label, score, least)
    reason = f"label {label!r} with {score:.1%}"
    if label not in ruling.good:
        return Decision(Outcome.DEFECT, Cause.THRESHOLD, reason, label, score, least)
    return Decision(Outcome.GOOD, Cause.CLEAN, reason, label, score, least)


def _reached(scores: Scores, ruling: Ruling, own: dict[str, float]) -> Decision | None:
    """The defect whose own threshold is reached, the likeliest of them, whichever label is best."""
    found = [
        (float(scores.values[index]), label)
        for index, label in enumerate(ruling.labels)
        if label in own and label not in ruling.good and float(scores.values[index]) >= own[label]
    ]
    if not found:
        return None
    score, label = max(found, key=lambda one: one[0])
    reason = f"label {label!r} with {score:.1%} reaches its threshold {own[label]:.1%}"
    return Decision(Outcome.DEFECT, Cause.THRESHOLD, reason, label, score, own[label])


_READINGS: dict[type, Callable[[Scores, Any, Ruling], Decision]] = {
    AnomalyRule: _by_anomaly,
    MapRule: _by_map,
    ClassRule: _by_class,
    BoxRule: by_boxes,
    AreaRule: by_areas,
}
