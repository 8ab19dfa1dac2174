"""Lessons in a decision: unknown stays unknown, and what cannot be compared is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edge_contracts.verdict import Cause, Outcome
from edge_runtime.frames import Scores
from edge_runtime.inspection.decision import Decision, unknown
from edge_runtime.inspection.taught import impression_of, with_examples, with_lessons
from edge_runtime.lessons.alike import Comparison
from edge_runtime.lessons.known import Example
from edge_runtime.lessons.lesson import Kind
from edge_runtime.lessons.lost import LostLessons
from edge_runtime.lessons.taught_head import learn
from tests.edge_runtime.lessons.lessons_made import DIGEST, good_rows, impression, known, lesson

ROW = good_rows(1, seed=4)[0]
HEAD = learn(known(), [lesson(Kind.DEFECTIVE, impression(ROW))], 3, 0.3)
GOOD = Decision(Outcome.GOOD, Cause.CLEAN, "anomaly score 0.5 is below the threshold 1", "good", 0.5, 1.0)


def scores(row: np.ndarray) -> Scores:
    return Scores(np.asarray([0.5], np.float32), np.zeros((6, 6), np.float32), {"row": row[None]})


def test_a_good_part_becomes_a_defect_and_says_why() -> None:
    decision = with_lessons(GOOD, impression_of(scores(ROW), "row", GOOD, DIGEST), HEAD)
    assert (decision.outcome, decision.cause, decision.label) == (Outcome.DEFECT, Cause.THRESHOLD, "anomaly")
    assert decision.score >= decision.threshold == 1.0
    assert decision.lessons == 3
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
    assert impression_of(scores(ROW), "row", given, DIGEST) is None


@pytest.mark.parametrize("row", [np.full_like(ROW, np.nan), np.full_like(ROW, np.inf)])
def test_a_part_that_cannot_be_compared_with_the_lessons_is_unknown(row: np.ndarray) -> None:
    decision = with_lessons(GOOD, impression_of(scores(row), "row", GOOD, DIGEST), HEAD)
    assert (decision.outcome, decision.cause) == (Outcome.UNKNOWN, Cause.NOT_A_NUMBER)


def test_a_score_that_the_lessons_make_no_number_of_is_unknown() -> None:
    assert HEAD.strangeness is not None
    lost = replace(HEAD, strangeness=replace(HEAD.strangeness, reach=np.asarray([np.nan])))
    decision = with_lessons(GOOD, impression(good_rows()[0]), lost)
    assert (decision.outcome, decision.cause) == (Outcome.UNKNOWN, Cause.NOT_A_NUMBER)


def test_lost_lessons_let_no_part_pass_and_a_defect_stays_one() -> None:
    lost = LostLessons("why", 3)
    decision = with_lessons(GOOD, impression(good_rows()[0]), lost)
    assert (decision.outcome, decision.cause, decision.reason) == (Outcome.UNKNOWN, Cause.INTERNAL, "why")
    defect = replace(GOOD, outcome=Outcome.DEFECT, cause=Cause.THRESHOLD)
    assert with_lessons(defect, impression(good_rows()[0], 2.0), lost) is defect


def test_a_defect_names_the_known_parts_that_look_most_like_it_and_a_good_part_none() -> None:
    row = good_rows()[3]
    examples = [Example(Kind.GOOD, row.astype(np.float64), b"jpeg", "known/good-03.jpg")]
    comparison = Comparison.of(known(), examples, [lesson(Kind.DEFECTIVE, impression(ROW), part="17")])
    defect = with_lessons(GOOD, impression(ROW), HEAD)
    alike = with_examples(defect, impression(ROW), comparison).alike
    assert [(one.kind, one.part) for one in alike] == [("good", "known/good-03.jpg"), ("defective", "17")]
    assert alike[1].distance == 0 < alike[0].distance
    assert with_examples(GOOD, impression(ROW), comparison) is GOOD
    assert with_examples(defect, impression(ROW), None) is defect
