"""The known parts that look most like one: the bundle's and the taught, on one scale."""

from __future__ import annotations

import numpy as np
import pytest

from edge_runtime.lessons.alike import Comparison
from edge_runtime.lessons.known import Example
from edge_runtime.lessons.lesson import Kind
from tests.edge_runtime.lessons.lessons_made import good_rows, impression, known, lesson

ROWS = good_rows()
EXAMPLES = [
    Example(Kind.GOOD, row.astype(np.float64), b"jpeg", f"known/good-{place:02}.jpg") for place, row in enumerate(ROWS)
]


def test_the_nearest_of_each_kind_come_first_whether_learned_or_taught() -> None:
    lessons = [
        lesson(Kind.DEFECTIVE, impression(ROWS[9]), number=5, part="a"),
        lesson(Kind.GOOD, impression(ROWS[2] + 0.01), number=6, part="b"),
    ]
    found = Comparison.of(known(), EXAMPLES[:4], lessons).nearest(impression(ROWS[2]), 2)
    assert [(one.example, one.lesson, one.part) for one in found[Kind.GOOD]] == [(2, None, ""), (None, 6, "b")]
    assert found[Kind.GOOD][0].distance == 0
    assert [(one.lesson, one.part) for one in found[Kind.DEFECTIVE]] == [(5, "a")]


def test_one_is_how_far_good_parts_usually_lie_apart() -> None:
    nearest = [
        Comparison.of(known(), [one for one in EXAMPLES if one is not own], []).nearest(impression(own.features), 1)
        for own in EXAMPLES
    ]
    assert np.median([one[Kind.GOOD][0].distance for one in nearest]) == pytest.approx(1, rel=1e-6)


def test_without_any_known_part_there_is_none_to_show() -> None:
    assert Comparison.of(known(), (), []).nearest(impression(ROWS[0]), 2) == {Kind.GOOD: [], Kind.DEFECTIVE: []}
