"""What lessons may do to a score, and what they may never do."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_runtime.lessons.lesson import Impression, Kind
from edge_runtime.lessons.taught_head import (
    AGAIN,
    LARGEST_EXPONENT,
    MOST_LIFTED,
    ROOM,
    TaughtHead,
    contradicted,
    is_covered,
    learn,
)
from tests.edge_runtime.lessons.lessons_made import WIDTH, good_rows, impression, known, lesson

ODD = np.where(np.arange(WIDTH) < 6, 9.0, 5.0)
STAINED = good_rows(1, seed=9)[0] + np.where(np.arange(WIDTH) == 3, 1.5, 0.0)
FAR = known().spread * known().far


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


KINDS = st.lists(st.lists(st.floats(-20, 30), min_size=WIDTH, max_size=WIDTH).map(np.asarray), min_size=1, max_size=4)


@given(rows=KINDS, place=st.integers(0, 3), noise=st.floats(0, 3), score=st.floats(0.3, 1.5), also_good=st.booleans())
def test_one_more_defective_lesson_lowers_no_score(
    rows: list[np.ndarray], place: int, noise: float, score: float, *, also_good: bool
) -> None:
    part = impression(rows[place % len(rows)] + noise * np.random.default_rng(7).normal(0, 1, WIDTH), score)
    others = [good(rows[0] + 0.5)] if also_good else []
    heard = [
        taught(*(defective(row) for row in rows[:count]), *others).hear(part).score for count in range(1, len(rows) + 1)
    ]
    assert all(later >= earlier * (1 - 1e-9) for earlier, later in itertools.pairwise(heard))


@given(row=st.lists(st.floats(0, 10), min_size=WIDTH, max_size=WIDTH).map(np.asarray), score=st.floats(0.3, 3))
def test_a_good_lesson_changes_nothing_of_what_is_not_the_like_of_it(row: np.ndarray, score: float) -> None:
    part = impression(row, score)
    alone, beside = taught(defective()).hear(part), taught(defective(), good(ODD + 2, 0.9)).hear(part)
    if not beside.because.endswith("as good"):
        assert beside == alone


def test_a_part_that_is_nearer_to_a_known_good_one_is_not_the_defective_one_again() -> None:
    fine = good_rows()[0]
    head = taught(defective(fine + known().spread * 0.9 * AGAIN * known().usual))
    assert head.hear(impression(fine + known().spread * 0.44 * AGAIN * known().usual, 0.05)).score < 1.0
    assert head.hear(impression(fine + known().spread * 0.46 * AGAIN * known().usual, 0.05)).score >= 1.0


def test_a_part_that_was_raised_and_is_the_like_of_one_taught_as_good_is_let_down_again() -> None:
    between = STAINED + 0.4 * (ODD - STAINED)
    assert taught(defective()).hear(impression(between, 0.99)).score > 1.0
    heard = taught(defective(), good(between, 0.95)).hear(impression(between, 0.99))
    assert (heard.score, heard.because) == (0.99, "it looks like a part taught as good")


def test_numbers_too_large_are_refused_as_a_lesson_and_never_a_score() -> None:
    with pytest.raises(ValueError, match=r"too large|[Ss]ingular"):
        taught(defective(np.full(WIDTH, 1e15)))
    head = taught(defective())
    assert head.strangeness is not None
    lost = replace(head, strangeness=replace(head.strangeness, bias=np.asarray([np.nan])))
    assert np.isnan(lost.hear(impression(good_rows()[0])).score)
    both = taught(defective(), good())
    assert both.strangeness is not None
    lost = replace(both, strangeness=replace(both.strangeness, bias=np.asarray([np.nan])))
    assert np.isnan(lost.hear(impression(STAINED, 1.3)).score)


def test_the_same_part_taught_as_the_other_is_found() -> None:
    lessons = [lesson(Kind.DEFECTIVE, impression(row), number=place) for place, row in enumerate((ODD, STAINED), 1)]
    edge = known().spread * AGAIN * known().usual
    inside, outside = impression(STAINED + 0.99 * edge), impression(STAINED + 1.01 * edge)
    found = contradicted(known(), lessons, Kind.GOOD, inside)
    assert found is not None
    assert found.number == 2
    assert contradicted(known(), lessons, Kind.GOOD, outside) is None
    assert contradicted(known(), lessons, Kind.DEFECTIVE, inside) is None


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
        pytest.param(impression(STAINED, 1.4 * 1.11), id="hotter"),
        pytest.param(impression(STAINED + 1.01 * FAR, 1.3), id="a little too unlike in its numbers"),
    ],
)
def test_a_part_that_is_unlike_the_one_taught_as_good_stays_a_defect(foreign: Impression) -> None:
    assert taught(good()).hear(foreign).score >= 1.0


@pytest.mark.parametrize("alike", [impression(STAINED, 1.4 * 1.09), impression(STAINED + 0.99 * FAR, 1.3)])
def test_a_part_just_like_the_one_taught_as_good_becomes_good(alike: Impression) -> None:
    assert taught(good()).hear(alike).score < 1.0


def heat(value: float, place: tuple[int, int] = (1, 1), shape: tuple[int, int] = (6, 6)) -> np.ndarray:
    made = np.full(shape, 0.2, np.float32)
    made[place] = value
    return made


@pytest.mark.parametrize(
    ("given", "excuse", "covered"),
    [
        pytest.param(heat(1.09), heat(1.0), True, id="a little hotter"),
        pytest.param(heat(1.11), heat(1.0), False, id="hotter"),
        pytest.param(heat(1.0), heat(1.0, (2, 2)), True, id="beside it"),
        pytest.param(heat(1.0), heat(1.0, (3, 1)), False, id="further"),
        pytest.param(heat(0.7), heat(0.7), True, id="a map that ends below the threshold"),
        pytest.param(heat(0.7), heat(0.7, (4, 4)), False, id="such a map, elsewhere"),
        pytest.param(np.zeros((6, 6), np.float32), heat(1.0), False, id="nothing is hot"),
        pytest.param(heat(1.0, (0, 1)), heat(1.0, (0, 1), (1, 6)), False, id="another shape"),
        pytest.param(heat(1.0, shape=(4, 4)), heat(1.0), False, id="one more shape"),
    ],
)
def test_hot_places_are_covered_by_hot_places(given: np.ndarray, excuse: np.ndarray, *, covered: bool) -> None:
    assert is_covered(given, excuse, 1.0) is covered


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
