from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from training.heads.folds import stratified_folds

PARTS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 2)), min_size=10, max_size=80)


@given(PARTS, st.integers(0, 5))
def test_relatives_share_a_fold_and_every_fold_has_its_share(parts, seed) -> None:
    groups = [f"tray-{group}" for group, _ in parts]
    kinds = np.array([kind for _, kind in parts])
    folds = stratified_folds(groups, kinds, seed)
    of_group = dict(zip(groups, folds.tolist(), strict=True))
    assert all(of_group[group] == fold for group, fold in zip(groups, folds, strict=True))
    kind_of = {group: max(kinds[place] for place, one in enumerate(groups) if one == group) for group in groups}
    for kind in range(3):
        counts = np.bincount([fold for group, fold in of_group.items() if kind_of[group] == kind], minlength=5)
        assert counts.max() - counts.min() <= 1


def test_the_seed_decides() -> None:
    groups, kinds = [str(one) for one in range(40)], (np.arange(40) < 10).astype(int)
    first, again, other = (stratified_folds(groups, kinds, seed) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()
