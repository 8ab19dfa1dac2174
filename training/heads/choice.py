"""Which way of joining is taken: the sum, unless another is better by more than chance explains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from training.confidence import auroc_difference
from training.heads.fusion import CELL_HEAD, Choice, Fusion, gains_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Floats = npt.NDArray[np.float64]

DEFAULT: Choice = "sum"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The fusion that was taken, and each candidate's AUROC on held-out parts."""

    fusion: Fusion
    aurocs: Mapping[Choice, float]


def choose(
    good_only: Floats,
    logits: Mapping[str, Floats],
    is_defect: npt.NDArray[np.bool_],
    part_of: npt.NDArray[np.intp],
    groups: Sequence[str],
) -> Chosen:
    """Judge each way of joining by held-out scores: the one-standard-error rule (Breiman et al., 1984).

    The sum is left only for a candidate whose AUROC is greater by more than one standard error of the difference, and
    then for the best of those. The gains' three figures per head come from the same held-out parts; three figures can
    hardly flatter.

    Args:
        good_only: N held-out scores.
        logits: N held-out logits of each head.
        is_defect: which of the N are defective.
        part_of: N, which part each belongs to; a part's score is the mean over its inputs.
        groups: of each part; relatives share a name.
    """
    gains = gains_of(good_only, logits, is_defect)
    typical = float(np.exp(np.log(good_only[~is_defect]).mean()))
    candidates: list[Choice] = ["sum", "cell", "good-only", "maximum"]
    if CELL_HEAD not in logits:
        candidates.remove("cell")
    fusions = {one: Fusion(one, typical, gains) for one in candidates}
    joined = {one: over_parts(fusion.joined(good_only, logits), part_of) for one, fusion in fusions.items()}
    defective = over_parts(is_defect, part_of) > 0
    differences = {one: auroc_difference(scores, joined[DEFAULT], defective, groups) for one, scores in joined.items()}
    best = max(candidates, key=lambda one: differences[one].value if differences[one].is_clear else 0.0)
    return Chosen(fusions[best], {one: found.first for one, found in differences.items()})


def over_parts(values: npt.NDArray[Any], part_of: npt.NDArray[np.intp]) -> Floats:
    """The mean over each part's inputs, by the part's number."""
    return np.bincount(part_of, values) / np.bincount(part_of)
