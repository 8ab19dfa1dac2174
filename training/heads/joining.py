"""From evidence to a detector that has heard the heads: choose how to join them, set the threshold, draw the graph.

What is scored is an input: a picture, or a stretch of a recording. A part's score is the mean over its inputs, as the
board's predictor joins them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from training.heads.choice import choose, over_parts
from training.heads.head import fit_heads, held_out_logits
from training.heads.head_graph import joined_graph

if TYPE_CHECKING:
    from collections.abc import Mapping

    from training.detectors.detector import Detector
    from training.detectors.threshold_rule import ThresholdRule
    from training.features.feature_part import FeaturePart
    from training.heads.evidence import Evidence
    from training.heads.fusion import Choice

HOTTEST = 2.5
"""Times the threshold: from there on a heat map is drawn alike."""


@dataclass(frozen=True, slots=True)
class Taught:
    """A detector that has seen defects.

    choice: how they are heard.
    aurocs: of each candidate on held-out parts, `good-only` among them.
    defects: how many were learned; drawn: of these with boxes or a mask.
    defect_scores: of each defect, joined as chosen, from heads that had not learned it.
    """

    detector: Detector
    choice: Choice
    aurocs: Mapping[Choice, float]
    defects: int
    drawn: int
    defect_scores: tuple[float, ...] = ()


def taught_by(
    detector: Detector,
    branch: FeaturePart,
    evidence: Evidence,
    good_only: npt.NDArray[np.float64],
    part_of: npt.NDArray[np.intp],
    rule: ThresholdRule,
    seed: int,
) -> Taught:
    """Join what the evidence teaches with the detector.

    Args:
        detector: what the good parts taught.
        branch: what makes the tensors that heads read, from the same input.
        evidence: N inputs.
        good_only: N scores of the detector, of each input while its part was held out.
        part_of: N, the number of each input's part, rising from 0.
        rule: how the threshold is set.
        seed: shuffles the folds.
    """
    logits = held_out_logits(evidence, seed)
    first = np.unique(part_of, return_index=True)[1]
    groups = [evidence.groups[place] for place in first.tolist()]
    chosen = choose(good_only, logits, evidence.is_defect, part_of, groups)
    good = ~evidence.is_defect[first]
    joined = over_parts(chosen.fusion.joined(good_only, logits), part_of)
    scores, defect_scores = joined[good].tolist(), joined[~good].tolist()
    heads = fit_heads(evidence, np.ones(len(part_of), np.bool_))
    threshold = rule.threshold(scores, [groups[part] for part in np.flatnonzero(good).tolist()])
    taught = replace(
        detector,
        graph=joined_graph(detector.graph, branch.graph, heads, chosen.fusion, HOTTEST * threshold.value),
        threshold=threshold,
        good_scores=tuple(scores),
    )
    drawn = int(evidence.marks.any(axis=(1, 2)).sum())
    return Taught(taught, chosen.fusion.choice, chosen.aurocs, len(defect_scores), drawn, tuple(defect_scores))
