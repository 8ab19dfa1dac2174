from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_contracts.manifest import AnomalyRule, ClassRule, NoRule
from edge_contracts.verdict import Cause, Outcome
from edge_runtime.inspection.decide import Ruling, decide
from tests.fakes.parts import scores

if TYPE_CHECKING:
    from edge_runtime.inspection.decide import Decision

ANOMALY = Ruling(AnomalyRule(threshold=0.5))
CLASSES = Ruling(ClassRule(good=("ok", "fine"), min_confidence=0.6), ("ok", "scratch", "fine"))
any_float = st.floats(allow_nan=True, allow_infinity=True, width=32)


def ends(decision: Decision) -> tuple[Outcome, Cause]:
    return decision.outcome, decision.cause


def test_a_score_below_the_threshold_is_good() -> None:
    decision = decide(scores(0.25), ANOMALY)
    assert ends(decision) == (Outcome.GOOD, Cause.CLEAN)
    assert (decision.score, decision.threshold) == (0.25, 0.5)


@pytest.mark.parametrize("score", [0.5, 0.75])
def test_a_score_that_reaches_the_threshold_is_a_defect(score: float) -> None:
    assert ends(decide(scores(score), ANOMALY)) == (Outcome.DEFECT, Cause.THRESHOLD)


def test_the_stations_threshold_replaces_the_bundles() -> None:
    assert decide(scores(0.75), Ruling(AnomalyRule(threshold=0.5), threshold=0.8)).outcome is Outcome.GOOD


@pytest.mark.parametrize("ruling", [ANOMALY, CLASSES])
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_no_number_is_never_good(ruling: Ruling, bad: float) -> None:
    values = [0.1] if ruling is ANOMALY else [0.9, 0.1, 0.0]
    values[-1] = bad
    assert ends(decide(scores(*values), ruling)) == (Outcome.UNKNOWN, Cause.NOT_A_NUMBER)


def test_a_heat_map_of_nan_is_never_good() -> None:
    assert ends(decide(scores(0.1, heat=math.nan), ANOMALY)) == (Outcome.UNKNOWN, Cause.NOT_A_NUMBER)


@pytest.mark.parametrize("values", [(), (0.1, 0.2)])
def test_the_wrong_number_of_scores_is_a_backend_fault(values: tuple[float, ...]) -> None:
    assert ends(decide(scores(*values), ANOMALY)) == (Outcome.UNKNOWN, Cause.BACKEND_FAILED)
    assert ends(decide(scores(*values), CLASSES)) == (Outcome.UNKNOWN, Cause.BACKEND_FAILED)


@pytest.mark.parametrize(("values", "outcome", "label"), [
    ((0.7, 0.2, 0.1), Outcome.GOOD, "ok"),
    ((0.1, 0.2, 0.7), Outcome.GOOD, "fine"),
    ((0.1, 0.8, 0.1), Outcome.DEFECT, "scratch"),
    ((0.5, 0.3, 0.2), Outcome.UNKNOWN, "ok"),
    ((0.3, 0.5, 0.2), Outcome.UNKNOWN, "scratch"),
])  # fmt: skip
def test_the_best_label_decides_when_it_is_sure(values: tuple[float, ...], outcome: Outcome, label: str) -> None:
    decision = decide(scores(*values), CLASSES)
    assert (decision.outcome, decision.label) == (outcome, label)


def test_the_stations_threshold_is_the_least_confidence_of_a_class_rule() -> None:
    strict = Ruling(CLASSES.rule, CLASSES.labels, threshold=0.9)
    assert ends(decide(scores(0.7, 0.2, 0.1), strict)) == (Outcome.UNKNOWN, Cause.UNSURE)


def test_a_bundle_that_does_not_judge_calls_nothing_good() -> None:
    assert decide(scores(0.1), Ruling(NoRule())).outcome is Outcome.UNKNOWN


@given(st.lists(any_float, max_size=4), st.sampled_from([ANOMALY, CLASSES]))
def test_good_needs_finite_scores_of_the_right_number_on_the_good_side(values: list[float], ruling: Ruling) -> None:
    decision = decide(scores(*values), ruling)
    if decision.outcome is Outcome.GOOD:
        assert all(math.isfinite(value) for value in values)
        assert len(values) == (1 if ruling is ANOMALY else 3)
        assert decision.score is not None
        assert decision.score < 0.5 if ruling is ANOMALY else decision.score >= 0.6
