from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converters.gate.metrics import auroc, escape_at_overkill
from edge_contracts.errors import BadInputError

# Few distinct values, so that ties are common.
scores = st.lists(st.integers(0, 8).map(float), min_size=1, max_size=30)


@settings(deadline=None)
@given(scores, scores)
def test_auroc_is_the_share_of_pairs_in_the_right_order(good: list[float], defective: list[float]) -> None:
    pairs = [1.0 if bad > fine else 0.5 if bad == fine else 0.0 for bad in defective for fine in good]
    assert auroc(good, defective) == pytest.approx(sum(pairs) / len(pairs))


@settings(deadline=None)
@given(scores, scores, st.sampled_from([0.0, 0.05, 0.2, 0.5]))
def test_escape_is_the_least_that_any_limit_with_that_overkill_reaches(
    good: list[float], defective: list[float], overkill: float
) -> None:
    limits = [one for one in good if np.mean(np.array(good) > one) <= overkill + 1e-12]
    least = min(np.mean(np.array(defective) <= limit) for limit in limits)
    assert escape_at_overkill(good, defective, overkill) == pytest.approx(least)


def test_separated_scores_are_perfect() -> None:
    assert auroc([1, 2], [3, 4]) == 1.0
    assert escape_at_overkill([1, 2], [3, 4]) == 0.0


@pytest.mark.parametrize(("good", "defective"), [([], [1.0]), ([1.0], [])])
def test_one_sided_scores_are_refused(good: list[float], defective: list[float]) -> None:
    with pytest.raises(BadInputError, match=r"found \d good and \d defective"):
        auroc(good, defective)
