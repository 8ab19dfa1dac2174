"""Boxes counted, areas measured: too many, too few, too large or too small makes a defect, and nothing else is good."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from edge_contracts.manifest import AreaLimit, AreaRule, BoxLimit, BoxRule
from edge_contracts.verdict import Cause, Outcome
from edge_runtime.frames import Boxes, Scores
from edge_runtime.inspection.decide import decide
from edge_runtime.inspection.decision import Decision, Ruling
from tests.fakes.parts import boxes

LABELS = ("screw", "scratch", "label")
SCREW, SCRATCH, LABEL = range(3)
RULE = BoxRule(
    min_score=0.5,
    limits={
        "screw": BoxLimit(at_least=4, at_most=4),
        "scratch": BoxLimit(min_score=0.3, min_area=0.001),
        "label": BoxLimit(at_most=None),
    },
)
PLACE = (0.1, 0.1, 0.2, 0.2)
FOUR_SCREWS = [(SCREW, 0.9, (n / 10, 0.5, n / 10 + 0.05, 0.6)) for n in range(4)]


def judged(*rows, ruling: Ruling | None = None) -> Decision:
    found = boxes(*rows)
    return decide(Scores(np.zeros(3, np.float32), None, {}, boxes=found), ruling or Ruling(RULE, LABELS))


def test_exactly_four_screws_and_no_scratch_are_good() -> None:
    decision = judged(*FOUR_SCREWS, (LABEL, 0.9, PLACE))
    assert (decision.outcome, decision.cause) == (Outcome.GOOD, Cause.CLEAN)
    assert decision.reason == "found 4 × 'screw', 1 × 'label', as many as there may be"
    assert [mark.is_fault for mark in decision.marks] == [False] * 5


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_a_missing_screw_is_a_defect(count: int) -> None:
    decision = judged(*FOUR_SCREWS[:count])
    assert (decision.outcome, decision.label) == (Outcome.DEFECT, "screw")
    assert decision.reason.startswith(f"{count} × 'screw'")
    assert decision.reason.endswith("wanted at least 4")
    assert (decision.score, decision.threshold) == (None, None)


def test_a_screw_too_many_is_a_defect() -> None:
    assert judged(*FOUR_SCREWS, (SCREW, 0.6, PLACE)).reason == "5 × 'screw', the best with 90%, wanted at most 4"


def test_a_box_below_its_labels_score_does_not_count() -> None:
    assert judged(*FOUR_SCREWS, (SCRATCH, 0.29, PLACE)).outcome is Outcome.GOOD
    decision = judged(*FOUR_SCREWS, (SCRATCH, 0.31, PLACE))
    assert (decision.label, decision.score, decision.threshold) == ("scratch", pytest.approx(0.31), 0.3)
    assert [mark.label for mark in decision.marks if mark.is_fault] == ["scratch"]


def test_the_score_of_a_good_part_is_that_of_the_box_that_came_nearest_to_a_defect() -> None:
    decision = judged(*FOUR_SCREWS, (SCRATCH, 0.25, PLACE))
    assert (decision.score, decision.threshold) == (pytest.approx(0.25), 0.3)


def test_a_box_that_is_too_small_does_not_count() -> None:
    assert judged(*FOUR_SCREWS, (SCRATCH, 0.9, (0.1, 0.1, 0.101, 0.101))).outcome is Outcome.GOOD


def test_a_label_without_a_limit_may_not_occur() -> None:
    assert judged((LABEL, 0.6, PLACE), ruling=Ruling(BoxRule(), LABELS)).outcome is Outcome.DEFECT


def test_the_station_may_ask_for_other_scores() -> None:
    at_40 = (SCRATCH, 0.4, PLACE)
    assert judged(*FOUR_SCREWS, at_40, ruling=Ruling(RULE, LABELS, thresholds={"scratch": 0.5})).outcome is Outcome.GOOD
    assert judged(*FOUR_SCREWS, at_40, ruling=Ruling(RULE, LABELS, threshold=0.5)).outcome is Outcome.GOOD


def test_all_that_is_wrong_is_told() -> None:
    decision = judged(*FOUR_SCREWS[:3], (SCRATCH, 0.8, PLACE))
    assert decision.label == "scratch"
    assert decision.reason.count("wanted") == 2


def test_a_model_that_gives_no_boxes_calls_nothing_good() -> None:
    decision = decide(Scores(np.zeros(3, np.float32), None, {}), Ruling(RULE, LABELS))
    assert (decision.outcome, decision.cause) == (Outcome.UNKNOWN, Cause.BACKEND_FAILED)


def test_a_detector_of_nan_calls_nothing_good() -> None:
    nothing = Boxes(np.zeros((0, 4), np.float32), np.zeros(0, np.intp), np.zeros(0, np.float32))
    for found in (None, nothing):
        scores = Scores(np.full(3, np.nan, np.float32), None, {}, boxes=found)
        assert decide(scores, Ruling(BoxRule(), LABELS)).cause is Cause.NOT_A_NUMBER


row = st.tuples(st.integers(0, 2), st.floats(0, 1, width=32), st.sampled_from([PLACE, (0.0, 0.0, 1.0, 1.0)]))


@given(st.lists(row, max_size=8))
def test_good_means_that_every_label_keeps_its_limit(rows) -> None:
    decision = judged(*rows)
    screws = sum(label == SCREW and score >= 0.5 for label, score, _ in rows)
    scratches = sum(label == SCRATCH and score >= np.float32(0.3) for label, score, _ in rows)
    assert (decision.outcome is Outcome.GOOD) == (screws == 4 and scratches == 0)


AREAS = ("background", "rust", "paint")
AREA_RULE = AreaRule(limits={"rust": AreaLimit(at_most=0.25), "paint": AreaLimit(at_least=0.5, at_most=1.0)})


def mapped(rows: list[list[int]], judged_places: list[list[bool]] | None = None, **own: float) -> Decision:
    where = None if judged_places is None else np.asarray(judged_places, bool)
    scores = Scores(np.zeros(3, np.float32), None, {}, class_map=np.asarray(rows, np.uint8), judged=where)
    return decide(scores, Ruling(AREA_RULE, AREAS, thresholds=own))


def test_each_label_may_cover_what_its_limit_says() -> None:
    assert mapped([[0, 1], [2, 2]]).outcome is Outcome.GOOD
    rusty = mapped([[1, 1], [2, 2]])
    assert (rusty.outcome, rusty.label, rusty.score, rusty.threshold) == (Outcome.DEFECT, "rust", 0.5, 0.25)
    bare = mapped([[0, 0], [0, 2]])
    assert (bare.label, bare.reason) == ("paint", "'paint' covers 25.000%, wanted at least 50.000%")


def test_places_that_are_masked_do_not_count() -> None:
    assert mapped([[1, 1], [2, 2]], [[False, False], [True, True]]).outcome is Outcome.GOOD
    nowhere = mapped([[2, 2], [2, 2]], [[False, False], [False, False]])
    assert nowhere.outcome is Outcome.UNKNOWN


def test_the_station_may_allow_another_area() -> None:
    assert mapped([[1, 1], [2, 2]], rust=0.6).outcome is Outcome.GOOD
    assert mapped([[0, 1], [2, 2]], rust=0.1).outcome is Outcome.DEFECT


def test_a_label_without_a_limit_may_cover_nothing_and_the_background_everything() -> None:
    rule = Ruling(AreaRule(), AREAS)
    clean = Scores(np.zeros(3, np.float32), None, {}, class_map=np.zeros((2, 2), np.uint8))
    spot = Scores(np.zeros(3, np.float32), None, {}, class_map=np.asarray([[0, 0], [0, 2]], np.uint8))
    assert decide(clean, rule).outcome is Outcome.GOOD
    assert (decide(spot, rule).outcome, decide(spot, rule).label) == (Outcome.DEFECT, "paint")


def test_a_model_without_a_map_calls_nothing_good() -> None:
    scores = Scores(np.zeros(3, np.float32), None, {})
    assert decide(scores, Ruling(AREA_RULE, AREAS)).cause is Cause.BACKEND_FAILED


@pytest.mark.parametrize("limit", [BoxLimit, AreaLimit])
def test_a_limit_that_nothing_can_keep_is_refused(limit) -> None:
    with pytest.raises(ValidationError, match="cannot both be kept"):
        limit(at_least=1, at_most=0)
