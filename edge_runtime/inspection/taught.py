"""A decision with the lessons of the point in it. Pure.

Unknown stays unknown. Where what was taught as defective is lost, a part without a defect is unknown; so is one whose
numbers cannot be compared with the lessons: without them something that was taught as defective might pass.
"""

from __future__ import annotations

from dataclasses import replace
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from edge_contracts.verdict import Cause, KnownPart, Outcome
from edge_runtime.inspection.decision import Decision, unknown
from edge_runtime.lessons.lesson import Impression
from edge_runtime.lessons.lost import LostLessons

if TYPE_CHECKING:
    from edge_contracts.manifest import Manifest
    from edge_runtime.frames import Scores
    from edge_runtime.lessons.alike import Comparison
    from edge_runtime.lessons.lost import Taught
    from edge_runtime.lessons.taught_head import TaughtHead


def features_output(manifest: Manifest) -> str:
    """The tensor with the role `features`, empty where the bundle has none."""
    return next((one.tensor for one in manifest.outputs if one.role == "features"), "")


def impression_of(scores: Scores, tensor: str, decision: Decision, digest: str) -> Impression | None:
    """What the model of the bundle `digest` made of a part, None where nothing can be taught of it."""
    row, heat = scores.outputs.get(tensor), scores.heat_map
    if row is None or heat is None or decision.score is None or decision.threshold is None:
        return None
    if decision.outcome is Outcome.UNKNOWN or not np.isfinite(row).all():
        return None
    return Impression(row.reshape(-1), heat, decision.score, decision.threshold, digest)


def with_lessons(decision: Decision, impression: Impression | None, head: Taught | None) -> Decision:
    """The decision as it is with what was taught."""
    if head is None or decision.outcome is Outcome.UNKNOWN:
        return decision
    if isinstance(head, LostLessons):
        return unknown(Cause.INTERNAL, head.reason) if decision.outcome is Outcome.GOOD else decision
    if impression is None:
        return unknown(
            Cause.NOT_A_NUMBER, "wanted the part's features for the lessons, found none or NaN; verify the bundle"
        )
    return _heard(decision, impression, head)


def _heard(decision: Decision, impression: Impression, head: TaughtHead) -> Decision:
    heard, limit = head.hear(impression), impression.threshold
    if not isfinite(heard.score):
        return unknown(
            Cause.NOT_A_NUMBER, "wanted a part that can be compared with the lessons, found numbers too large for it"
        )
    told = f"{head.count} lesson{'' if head.count == 1 else 's'}, revision {head.revision}"
    if not heard.because:
        return replace(decision, reason=f"{decision.reason} ({told})", lessons=head.revision)
    said = f"anomaly score {impression.score:.4g}, with lessons {heard.score:.4g}"
    why = f"the threshold {limit:.4g}: {heard.because} ({told})"
    if heard.score >= limit:
        defect = Decision(Outcome.DEFECT, Cause.THRESHOLD, f"{said} reaches {why}", "anomaly", heard.score, limit)
        return replace(defect, lessons=head.revision)
    good = Decision(Outcome.GOOD, Cause.CLEAN, f"{said} is below {why}", "good", heard.score, limit)
    return replace(good, lessons=head.revision)


def with_examples(decision: Decision, impression: Impression | None, comparison: Comparison | None) -> Decision:
    """A defect with the known good and the known defective part that look most like it."""
    if decision.outcome is not Outcome.DEFECT or impression is None or comparison is None:
        return decision
    found = comparison.nearest(impression, 1)
    alike = [
        KnownPart(one.kind.value, one.part or one.member, round(one.distance, 2))
        for some in found.values()
        for one in some
    ]
    return replace(decision, alike=tuple(alike))
