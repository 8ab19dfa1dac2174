from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from edge_contracts.manifest import AnomalyRule, ClassRule, MapRule, NoRule
from edge_contracts.verdict import Cause, Outcome
from edge_runtime.frames import Scores
from edge_runtime.inspection.decide import decide
from edge_runtime.inspection.decision import Ruling
from tests.fakes.parts import scores

if TYPE_CHECKING:
    from edge_runtime.inspection.decision import Decision

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


HEAT = np.asarray([[0, 1, 2, 3], [4, 5, 6, 7]], np.float32) / 10


def on_map(rule: MapRule, *, judged: np.ndarray | None = None, threshold: float | None = None) -> Decision:
    return decide(Scores(np.zeros(0, np.float32), HEAT, {}, judged=judged), Ruling(rule, threshold=threshold))


@pytest.mark.parametrize(("rule", "score"), [
    (MapRule(measure="max", threshold=1), 0.7),
    (MapRule(measure="percentile", percentile=50, threshold=1), 0.35),
    (MapRule(measure="area", hot=0.5, threshold=1), 3 / 8),
])  # fmt: skip
def test_a_figure_of_the_heat_map_decides(rule: MapRule, score: float) -> None:
    decision = on_map(rule)
    assert (decision.outcome, decision.score) == (Outcome.GOOD, pytest.approx(score))
    assert on_map(rule, threshold=score - 1e-6).outcome is Outcome.DEFECT


def test_masked_places_of_a_heat_map_do_not_count() -> None:
    only_the_first_row = np.asarray([[True] * 4, [False] * 4])
    assert on_map(MapRule(threshold=0.5), judged=only_the_first_row).score == pytest.approx(0.3)
    assert on_map(MapRule(threshold=0.5), judged=np.zeros((2, 4), bool)).outcome is Outcome.UNKNOWN


def test_a_rule_on_a_map_without_a_map_calls_nothing_good() -> None:
    assert decide(scores(0.1), Ruling(MapRule(threshold=0.5))).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("settings", [
    {"measure": "area", "threshold": 0.5},
    {"measure": "max", "hot": 0.5, "threshold": 0.5},
    {"measure": "area", "hot": 0.5, "threshold": 0},
])  # fmt: skip
def test_a_rule_on_a_map_that_lacks_what_it_needs_is_none(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        MapRule(**settings)


OWN = Ruling(
    ClassRule(good=("ok", "fine"), min_confidence=0.6, thresholds={"scratch": 0.3, "fine": 0.8}), CLASSES.labels
)


@pytest.mark.parametrize(("values", "outcome", "label"), [
    ((0.65, 0.35, 0.0), Outcome.DEFECT, "scratch"),
    ((0.75, 0.25, 0.0), Outcome.GOOD, "ok"),
    ((0.1, 0.2, 0.7), Outcome.UNKNOWN, "fine"),
    ((0.1, 0.05, 0.85), Outcome.GOOD, "fine"),
])  # fmt: skip
def test_a_label_may_have_a_threshold_of_its_own(values: tuple[float, ...], outcome: Outcome, label: str) -> None:
    decision = decide(scores(*values), OWN)
    assert (decision.outcome, decision.label) == (outcome, label)


def test_the_stations_threshold_of_a_label_replaces_the_bundles() -> None:
    stricter = Ruling(OWN.rule, OWN.labels, thresholds={"scratch": 0.2})
    assert decide(scores(0.75, 0.25, 0.0), stricter).outcome is Outcome.DEFECT
    laxer = Ruling(OWN.rule, OWN.labels, thresholds={"scratch": 0.9})
    assert decide(scores(0.2, 0.8, 0.0), laxer).outcome is Outcome.UNKNOWN
