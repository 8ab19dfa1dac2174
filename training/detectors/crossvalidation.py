"""Scores of good parts, each from a detector that had not seen the part or a near relative of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from training.detectors.gauss import fit_gauss
from training.detectors.normality import score

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from training.detectors.normality import Fit

FOLDS = 5


def held_out_scores(
    features: npt.NDArray[np.float32], groups: Sequence[str], seed: int, fit: Fit = fit_gauss
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.intp]]:
    """Fit on four fifths of the groups, score the rest, five times.

    Args:
        features: N×V×h×w×C; V views per part: the photograph first, then its copies, which are learned from but never
            scored.
        groups: N names; parts of one group stay on one side of each split.
        seed: shuffles the groups, and is what each fit draws from.
        fit: learns.

    Returns:
        N scores and each part's fold number.
    """
    scores = np.zeros(len(features))
    folds = np.zeros(len(features), np.intp)
    for number, held_out in enumerate(_folds(groups, seed)):
        known = features[~held_out]
        normality = fit(known.reshape(-1, *known.shape[2:]), np.random.default_rng(seed))
        scores[held_out] = [score(normality, one) for one in features[held_out, 0]]
        folds[held_out] = number
    return scores, folds


def _folds(groups: Sequence[str], seed: int) -> Iterator[npt.NDArray[np.bool_]]:
    """A mask of the parts held out, per fold; every part is held out once."""
    names = np.array(sorted(set(groups)))
    np.random.default_rng(seed).shuffle(names)
    of_part = np.asarray(groups)
    for held_out in np.array_split(names, min(FOLDS, len(names))):
        yield np.isin(of_part, held_out)
