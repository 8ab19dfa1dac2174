"""Which parts are held out together, so that each fold has its share of defects and no relative is on both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

FOLDS = 5
"""Each has parts of every kind: so many groups of each kind are the fewest to learn from."""


def stratified_folds(groups: Sequence[str], kinds: npt.NDArray[np.integer], seed: int) -> npt.NDArray[np.intp]:
    """One of five fold numbers per part; parts of one group share it.

    The groups of a kind are shuffled and dealt out one after the other, so no fold has two groups of it more than
    another.

    Args:
        groups: a name per part.
        kinds: a number per part: good, defective, and whatever else must be in every fold; a group is of its greatest.
        seed: shuffles the groups.
    """
    names, of_part = np.unique(np.asarray(groups), return_inverse=True)
    kind_of = np.array([kinds[of_part == place].max() for place in range(len(names))])
    random = np.random.default_rng(seed)
    fold_of = np.zeros(len(names), np.intp)
    for kind in np.unique(kind_of):
        dealt = random.permutation(np.flatnonzero(kind_of == kind))
        fold_of[dealt] = np.arange(len(dealt)) % FOLDS
    return fold_of[of_part]
