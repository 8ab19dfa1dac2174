"""Scores of good parts, each from a detector that had not seen the part or a near relative of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from edge_contracts.errors import BadInputError
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
    scores, folds = judged_while_held_out(features, features[:, :1], groups, seed, fit)
    return scores[:, 0], folds


def judged_while_held_out(
    learned: npt.NDArray[np.float32],
    judged: npt.NDArray[np.float32],
    groups: Sequence[str],
    seed: int,
    fit: Fit,
    folds: int = FOLDS,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.intp]]:
    """The same for pictures that are only judged: each by the detector that has not seen its part.

    Args:
        learned: N×V×h×w×C, as above.
        judged: N×J×h×w×C; J pictures of each part.
        groups: N names.
        seed: as above.
        fit: learns.
        folds: how many splits.

    Returns:
        N×J scores and each part's fold number.
    """
    scores = np.zeros(judged.shape[:2])
    fold_of = np.zeros(len(learned), np.intp)
    for number, held_out in enumerate(folds_of(groups, seed, folds)):
        known = learned[~held_out]
        normality = fit(known.reshape(-1, *known.shape[2:]), np.random.default_rng(seed))
        scores[held_out] = [[score(normality, one) for one in views] for views in judged[held_out]]
        fold_of[held_out] = number
    return scores, fold_of


def require_groups(groups: Sequence[str], parts: int) -> None:
    """Refuse groups of which none can be held out.

    Raises:
        BadInputError: not one per part, or one for all of them.
    """
    if len(groups) != parts:
        raise BadInputError(f"wanted a group for each of {parts} parts, found {len(groups)}; correct the groups")
    if len(set(groups)) < 2:  # noqa: PLR2004 - one group cannot be held out from itself
        raise BadInputError(
            f"wanted good parts that are no relatives, found all {parts} of one group or nearly the same; take "
            "different parts, or correct the groups"
        )


def folds_of(groups: Sequence[str], seed: int, folds: int = FOLDS) -> Iterator[npt.NDArray[np.bool_]]:
    """A mask of the parts held out, per fold; every part is held out once."""
    names = np.array(sorted(set(groups)))
    np.random.default_rng(seed).shuffle(names)
    of_part = np.asarray(groups)
    for held_out in np.array_split(names, min(folds, len(names))):
        yield np.isin(of_part, held_out)
