"""Lessons in a decision: unknown stays unknown, and what cannot be compared is."""

from __future__ import annotations

import numpy as np
import pytest

from edge_contracts.verdict import Cause, Outcome
from edge_runtime.frames import Scores
from edge_runtime.inspection.decision import Decision, unknown
from edge_runtime.inspection.taught import impression_of, with_lessons
from edge_runtime.lessons.lesson import Kind
from edge_runtime.lessons.taught_head import learn
from tests.edge_runtime.lessons.lessons_made import good_rows, impression, known, lesson

ROW = good_rows(1, seed=4)[0]
HEAD = learn(known(), [lesson(Kind.DEFECTIVE, impression(ROW))], 3, 0.3)
GOOD = Decision(Outcome.GOOD, Cause.CLEAN, "anomaly score 0.5 is below the threshold 1", "good", 0.5, 1.0)


def scores(row: np.ndarray) -> Scores:
    return Scores(np.asarray([0.5], np.float32), np.zeros((6, 6), np.float32), {"row": row[None]})


def test_a_good_part_becomes_a_defect_and_says_why() -> None:
    decision = with_lessons(GOOD, impression_of(scores(ROW), "row", GOOD), HEAD)
    assert (decision.outcome, decision.cause, decision.label) == (Outcome.DEFECT, Cause.THRESHOLD, "anomaly")
    assert decision.score >= decision.threshold == 1.0
    assert decision.reason.startswith("anomaly score 0.5, with lessons ")
    assert "it looks the same as a part taught as defective (1 lesson, revision 3)" in decision.reason


def test_an_untouched_part_says_which_lessons_were_heard() -> None:
    decision = with_lessons(GOOD, impression(good_rows()[0]), HEAD)
    assert (decision.outcome, decision.reason) == (Outcome.GOOD, f"{GOOD.reason} (1 lesson, revision 3)")
    assert with_lessons(GOOD, None, None) is GOOD


@pytest.mark.parametrize("cause", [Cause.DARK, Cause.BACKEND_HUNG, Cause.NOT_A_NUMBER])
def test_unknown_stays_unknown(cause: Cause) -> None:
    given = unknown(cause, "why")
    assert with_lessons(given, impression(ROW), HEAD) is given
    assert impression_of(scores(ROW), "row", given) is None


@pytest.mark.parametrize("row", [np.full_like(ROW, np.nan), np.full_like(ROW, np.inf)])
def test_a_part_that_cannot_be_compared_with_the_lessons_is_unknown(row: np.ndarray) -> None:
    decision = with_lessons(GOOD, impression_of(scores(row), "row", GOOD), HEAD)
    assert (decision.outcome, decision.cause) == (Outcome.UNKNOWN, Cause.NOT_A_NUMBER)
