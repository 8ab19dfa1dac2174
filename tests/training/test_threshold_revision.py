from __future__ import annotations

import numpy as np
import pytest

from edge_contracts.errors import BadInputError
from training.detectors.threshold_rule import ThresholdRule
from training.threshold_revision import revised_threshold

GOOD = np.random.default_rng(0).lognormal(0, 0.3, 200).tolist()
GROUPS = [str(number) for number in range(200)]
TWO = ["a", "b"]
RULE = ThresholdRule()


def test_good_parts_alone_set_it_as_at_training() -> None:
    found = revised_threshold(GOOD, [], GROUPS, RULE, 0.10)
    assert found.value == RULE.threshold(GOOD, GROUPS).value
    assert (found.lowered_for, found.missed, found.escape_bound) == ((), (), None)
    assert found.overkill == pytest.approx(0.05, abs=0.03)
    assert found.overkill_interval.low < found.overkill < found.overkill_interval.high


def test_defects_that_are_caught_anyway_change_nothing() -> None:
    alone = revised_threshold(GOOD, [], GROUPS, RULE, 0.10).value
    found = revised_threshold(GOOD, [alone * 1.01, alone * 5], [*GROUPS, *TWO], RULE, 0.10)
    assert found.value == alone
    assert found.missed == ()
    # 1 - 0.05 ** (1 / 2): two defects exclude little.
    assert found.escape_bound == pytest.approx(0.776, abs=0.001)


def test_a_defect_that_would_pass_lowers_it_just_below_that_defect() -> None:
    alone = revised_threshold(GOOD, [], GROUPS, RULE, 0.10)
    lowest = ThresholdRule(overkill=0.10).threshold(GOOD, GROUPS).value
    slips_by = (alone.value + lowest) / 2
    found = revised_threshold(GOOD, [alone.value * 2, slips_by], [*GROUPS, *TWO], RULE, 0.10)
    assert lowest <= found.value < slips_by
    assert found.lowered_for == (1,)
    assert found.missed == ()
    assert found.overkill >= alone.overkill


def test_no_defect_lowers_it_below_the_most_overkill() -> None:
    found = revised_threshold(GOOD, [0.5, 9.0], [*GROUPS, *TWO], RULE, 0.10)
    assert found.value == revised_threshold(GOOD, [], GROUPS, RULE, 0.10).value
    assert found.missed == (0,)
    # Clopper and Pearson: one of two.
    assert found.escape_bound == pytest.approx(0.975, abs=0.001)


def test_a_promise_needs_its_parts_here_too() -> None:
    with pytest.raises(BadInputError, match="take 25 more"):
        revised_threshold(GOOD[:20], [], GROUPS[:20], ThresholdRule("conformal"), 0.10)


def test_shots_of_one_defect_exclude_what_one_excludes() -> None:
    caught, groups = [9.0] * 20 + [8.0] * 20, ["a"] * 20 + ["b"] * 20
    found = revised_threshold(GOOD, caught, [*GROUPS, *groups], RULE, 0.10)
    assert found.escape_bound == revised_threshold(GOOD, [9.0, 8.0], [*GROUPS, *TWO], RULE, 0.10).escape_bound
    missed = revised_threshold(GOOD, [0.5, *caught[1:]], [*GROUPS, *groups], RULE, 0.10)
    assert missed.escape_bound == pytest.approx(0.975, abs=0.001)


def test_shots_of_few_good_parts_leave_the_overkill_open() -> None:
    groups = [str(number // 20) for number in range(200)]
    alone, related = (revised_threshold(GOOD, [], names, RULE, 0.10) for names in (GROUPS, groups))
    assert (related.value, related.overkill) == (alone.value, alone.overkill)
    assert related.overkill_interval.high > alone.overkill_interval.high + 0.2


def test_a_defect_without_a_score_is_not_called_caught() -> None:
    with pytest.raises(BadInputError, match="finite scores of defects, found 1 of 2 that are not"):
        revised_threshold(GOOD, [float("nan"), 9.0], [*GROUPS, *TWO], RULE, 0.10)
