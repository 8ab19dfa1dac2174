"""A threshold that looks like a slip of the hand is told; one that somebody may well mean is not."""

from __future__ import annotations

import pytest

from edge_contracts.manifest import AnomalyRule, NoRule
from edge_runtime.inspection.far_threshold import far_from_bundle, far_from_scores


@pytest.mark.parametrize("threshold", [0.1, 0.6, 1.1])
def test_a_threshold_near_what_was_scored_is_nothing_to_tell(threshold: float) -> None:
    assert far_from_scores(threshold, [0.2, 0.4, 0.6]) == ""


@pytest.mark.parametrize(("threshold", "outcome"), [(1e30, "good"), (-5.0, "a defect")])
def test_a_threshold_far_outside_says_what_it_would_do(threshold: float, outcome: str) -> None:
    told = far_from_scores(threshold, [0.2, 0.6])
    assert told == f"wanted a threshold near 0.2 to 0.6, found {threshold:g}, by which each would be {outcome}"


@pytest.mark.parametrize(("threshold", "is_far"), [(0.07, False), (5.9, False), (6.1, True), (0.05, True), (-5, True)])
def test_ten_times_the_bundles_own_is_far(threshold: float, is_far: bool) -> None:  # noqa: FBT001 - a case
    rule = AnomalyRule.model_construct(threshold=0.6)
    assert bool(far_from_bundle(threshold, rule)) == is_far
    assert far_from_bundle(threshold, NoRule()) == ""
