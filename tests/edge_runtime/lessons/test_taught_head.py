"""What lessons may do to a score, and what they may never do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_runtime.lessons.lesson import Impression, Kind
from edge_runtime.lessons.taught_head import LARGEST_EXPONENT, MOST_LIFTED, ROOM, TaughtHead, learn
from tests.edge_runtime.lessons.lessons_made import WIDTH, good_rows, impression, known, lesson

ODD = np.where(np.arange(WIDTH) < 6, 9.0, 5.0)
STAINED = good_rows(1, seed=9)[0] + np.where(np.arange(WIDTH) == 3, 1.5, 0.0)


def taught(*given: tuple[Kind, Impression]) -> TaughtHead:
    return learn(known(), [lesson(kind, one, number=place) for place, (kind, one) in enumerate(given, 1)], 7, 0.3)


def defective(row: np.ndarray = ODD) -> tuple[Kind, Impression]:
    return Kind.DEFECTIVE, impression(row)


def good(row: np.ndarray = STAINED, score: float = 1.4) -> tuple[Kind, Impression]:
    return Kind.GOOD, impression(row, score)


def test_what_is_shown_again_after_it_was_taught_as_defective_is_one() -> None:
    assert taught(defective()).hear(impression(ODD, 0.05)).score >= 1.0


def test_what_is_like_the_defective_scores_more_and_what_is_good_stays() -> None:
    head = taught(defective(), defective(ODD + 0.3))
    assert head.hear(impression(ODD + np.random.default_rng(1).normal(0, 1, WIDTH))).score > 0.6
    for row in good_rows(50, seed=5):
        assert head.hear(impression(row)).score < 1.0
    for row in good_rows():
        assert head.hear(impression(row)).score == pytest.approx(0.5, rel=0.25)


@given(
    row=st.lists(st.floats(-1e3, 1e3), min_size=WIDTH, max_size=WIDTH).map(np.asarray),
    score=st.floats(0.01, 100),
    lessons=st.integers(1, 4),
)
def test_defective_lessons_never_make_any_part_better(row: np.ndarray, score: float, lessons: int) -> None:
    head = taught(*(defective(ODD + step) for step in range(lessons)))
    heard = head.hear(impression(row, score))
    assert score <= heard.score <= max(score * np.exp(LARGEST_EXPONENT), 1.0)


def test_what_is_like_a_part_taught_as_good_becomes_good() -> None:
    head = taught(good())
    again = STAINED + np.random.default_rng(2).normal(0, 0.2, WIDTH)
    assert head.hear(impression(again, 1.3)).score < 1.0
    assert head.hear(impression(again, 1.3)).because == "it looks like a part taught as good"


@pytest.mark.parametrize(
    "foreign",
    [
        pytest.param(impression(STAINED + 4, 1.3), id="unlike in its numbers"),
        pytest.param(impression(STAINED, 1.3, hot=(4, 4)), id="hot in another place"),
        pytest.param(impression(STAINED, 1.4 * ROOM + 0.01), id="hotter"),
    ],
)
def test_a_part_that_is_unlike_the_one_taught_as_good_stays_a_defect(foreign: Impression) -> None:
    assert taught(good()).hear(foreign).score >= 1.0


@given(row=st.lists(st.floats(-1e3, 1e3), min_size=WIDTH, max_size=WIDTH).map(np.asarray), score=st.floats(1.0, 100))
def test_no_foreign_part_is_ever_talked_good(row: np.ndarray, score: float) -> None:
    """Far in its numbers from every good part, whatever else was taught."""
    scaled = known().scaled(row)
    away = np.sqrt(np.square(known().scaled(STAINED) - scaled).mean())
    head = taught(good(), good(STAINED + 0.1), defective())
    if away > 2 * known().far or score > MOST_LIFTED * ROOM:
        assert head.hear(impression(row, score)).score >= 1.0


def test_a_lesson_beyond_the_threshold_that_is_in_force_later_lifts_nothing() -> None:
    head = taught(good(score=1.9))
    assert head.hear(impression(STAINED, 1.9)).score < 1.0
    assert head.hear(impression(STAINED, 1.9, threshold=0.9)).score == 1.9


def test_defective_beats_good() -> None:
    head = taught(good(), defective(STAINED))
    assert head.hear(impression(STAINED, 1.3)).score >= 1.0


def test_the_order_and_number_of_lessons_change_nothing_but_what_they_say() -> None:
    one, other = taught(good(), defective()), taught(defective(), good())
    for row in good_rows(5, seed=8):
        assert one.hear(impression(row)).score == pytest.approx(other.hear(impression(row)).score, rel=1e-9)
