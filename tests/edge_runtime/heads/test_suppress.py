"""Non-maximum suppression, against the few lines of its definition."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_runtime.frames import Boxes
from edge_runtime.heads.suppress import shared, suppressed


def boxes(*rows: tuple[float, float, float, float, int, float]) -> Boxes:
    table = np.asarray(rows, np.float32).reshape(-1, 6)
    return Boxes(table[:, :4], table[:, 4].astype(np.intp), table[:, 5])


def by_definition(given: Boxes, overlap: float) -> list[int]:
    kept: list[int] = []
    for index in sorted(range(len(given.scores)), key=lambda i: (-given.scores[i], i)):
        if all(
            given.labels[index] != given.labels[other] or iou(given.corners[index], given.corners[other]) <= overlap
            for other in kept
        ):
            kept.append(index)
    return kept


def iou(one, two) -> float:
    wide = max(0.0, min(one[2], two[2]) - max(one[0], two[0]))
    high = max(0.0, min(one[3], two[3]) - max(one[1], two[1]))
    union = (one[2] - one[0]) * (one[3] - one[1]) + (two[2] - two[0]) * (two[3] - two[1]) - wide * high
    return wide * high / union if union > 0 else 0.0


eighth = st.integers(0, 8).map(lambda n: n / 8)
row = st.tuples(eighth, eighth, eighth, eighth, st.integers(0, 2), st.integers(1, 20).map(lambda n: n / 20)).map(
    lambda r: (min(r[0], r[2]), min(r[1], r[3]), max(r[0], r[2]), max(r[1], r[3]), r[4], r[5])
)


@settings(max_examples=150, deadline=None)
@given(st.lists(row, max_size=12))
def test_what_remains_is_what_the_definition_keeps(rows) -> None:
    given_boxes = boxes(*rows)
    remaining = suppressed(given_boxes, 0.4, most=100)
    wanted = given_boxes.where(np.asarray(by_definition(given_boxes, 0.4), np.intp))
    np.testing.assert_array_equal(remaining.corners, wanted.corners)
    np.testing.assert_array_equal(remaining.labels, wanted.labels)


def test_boxes_of_different_labels_stand_on_one_another() -> None:
    both = boxes((0, 0, 1, 1, 0, 0.9), (0, 0, 1, 1, 1, 0.8))
    assert suppressed(both, 0.3, most=9).labels.tolist() == [0, 1]


def test_the_best_of_each_label_are_kept_and_what_was_dropped_is_told() -> None:
    three = boxes((0, 0, 0.1, 0.1, 0, 0.5), (0.5, 0, 0.6, 0.1, 1, 0.9), (0, 0.5, 0.1, 0.6, 0, 0.7))
    kept = suppressed(three, 0.3, most=1)
    np.testing.assert_allclose(kept.scores, [0.9, 0.7])
    assert kept.cut_at == 0.5
    assert suppressed(three, 0.3, most=2).cut_at is None


def test_half_of_a_thing_within_its_whole_is_one_by_the_smaller() -> None:
    whole, half = (0.0, 0.0, 1.0, 0.5, 0, 0.9), (0.0, 0.0, 0.3, 0.5, 0, 0.8)
    assert len(suppressed(boxes(whole, half), 0.45, most=9).scores) == 2
    assert len(suppressed(boxes(whole, half), 0.45, most=9, measure="smaller").scores) == 1


def test_a_box_without_area_shares_nothing() -> None:
    point = np.asarray([0.5, 0.5, 0.5, 0.5], np.float32)
    assert shared(point, point[None], "union").tolist() == [0.0]
    assert shared(point, point[None], "smaller").tolist() == [0.0]
