from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from edge_runtime.heads.head_refused import HeadRefused
from edge_runtime.heads.listed import listed_boxes

TWO = {
    "boxes": [[[0.1, 0.2, 0.5, 0.6], [0.0, 0.0, 1.2, 1.0], [math.nan] * 4]],
    "class-ids": [[1, 0, 99]],
    "box-scores": [[0.4, 0.8, math.nan]],
    "count": [2],
}


def read(**changes: Any):
    outputs = TWO | {role.replace("_", "-"): values for role, values in changes.items()}
    return listed_boxes({role: np.asarray(values, np.float32) for role, values in outputs.items()}, 2)


def test_so_many_boxes_as_are_counted_best_first_and_x_before_y() -> None:
    found = read()
    np.testing.assert_allclose(found.corners, [[0, 0, 1, 1], [0.2, 0.1, 0.6, 0.5]])
    assert found.labels.tolist() == [0, 1]


def test_a_full_list_may_have_left_boxes_out_and_says_from_which_score_down() -> None:
    assert read().cut_at is None
    full = read(boxes=[[[0.1, 0.2, 0.5, 0.6]] * 2], class_ids=[[1, 0]], box_scores=[[0.4, 0.8]])
    assert full.cut_at == pytest.approx(0.4)


def test_nothing_counted_is_nothing_found() -> None:
    assert len(read(count=[0]).scores) == 0


@pytest.mark.parametrize("changes", [
    {"count": [math.nan]},
    {"count": []},
    {"count": [3], "class_ids": [[1, 0, 1]]},
    {"box_scores": [[math.inf, 0.5, 0]]},
])  # fmt: skip
def test_a_number_that_is_none_is_not_nothing_found(changes: dict[str, Any]) -> None:
    assert read(**changes) is None


@pytest.mark.parametrize(
    "changes", [{"count": [4]}, {"count": [-1]}, {"class_ids": [[2, 0, 0]]}, {"class_ids": [[-1, 0, 0]]}]
)
def test_what_does_not_belong_together_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(HeadRefused, match="wanted"):
        read(**changes)
