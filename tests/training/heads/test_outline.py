from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from training.dataset import Box, Sample
from training.heads.outline import BoxOutline, MaskOutline, marked_cells, outline_of

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_box_covers_the_share_of_each_cell_that_it_overlaps() -> None:
    outline = BoxOutline([Box(10, 0, 20, 5)])
    np.testing.assert_allclose(outline.shares((2, 4), (20, 40)), [[0, 0.5, 0.5, 0], [0, 0, 0, 0]])


def test_overlapping_boxes_cover_no_more_than_all() -> None:
    outline = BoxOutline([Box(0, 0, 20, 20), Box(0, 0, 20, 10)])
    np.testing.assert_allclose(outline.shares((2, 2), (20, 20)), np.ones((2, 2)))


def test_a_pin_hole_marks_the_cell_that_it_lies_in_and_no_other() -> None:
    marked = marked_cells(BoxOutline([Box(31, 11, 2, 2)]), (4, 4), (40, 40))
    assert np.argwhere(marked).tolist() == [[1, 3]]


def test_a_cell_at_the_rim_of_a_box_is_not_marked() -> None:
    marked = marked_cells(BoxOutline([Box(0, 0, 21, 40)]), (4, 4), (40, 40))
    assert marked.sum(axis=0).tolist() == [4, 4, 0, 0]


def test_a_mask_marks_what_is_not_black(save: Callable[..., Path]) -> None:
    pixels = np.zeros((40, 40, 3), np.uint8)
    pixels[10:20, 20:40] = 7
    outline = MaskOutline(Sample(Path("1.png"), "dent", masks=(save("mask.png", pixels),)))
    assert np.argwhere(marked_cells(outline, (4, 4), (80, 80))).tolist() == [[1, 2], [1, 3]]


@pytest.mark.parametrize(
    ("boxes", "drawn"), [([Box(0, 0, 1, 1)], True), ([Box(0, 0, 1, 1, "Good")], False), ([], False)]
)
def test_what_nobody_drew_as_defective_has_no_outline(boxes: list[Box], drawn: bool, tmp_path: Path) -> None:  # noqa: FBT001
    assert (outline_of(Sample(tmp_path / "1.png", "dent", boxes=tuple(boxes))) is not None) is drawn
