from __future__ import annotations

import numpy as np
import pytest

from lepton.demo.shapes import disc, inside
from lepton.demo.surface import Bed, Surface

BED = Bed.with_pose(200, 160, turn_rad=0.3, shift_px=(4.0, -7.0))


def middle_of(coverage: np.ndarray) -> tuple[float, float]:
    rows, columns = np.indices(coverage.shape)
    return float((rows * coverage).sum() / coverage.sum()), float((columns * coverage).sum() / coverage.sum())


def test_what_is_drawn_and_what_is_laid_on_meet() -> None:
    drawn = inside(disc(BED.u, BED.v, 30, 20, 6))
    rows, columns = np.indices((160, 200), dtype=np.float32)
    laid = BED.lay(inside(disc(columns - np.float32(99.5), rows - np.float32(79.5), 30, 20, 6)))
    assert middle_of(laid) == pytest.approx(middle_of(drawn), abs=0.1)


def test_a_window_holds_all_that_is_within_reach() -> None:
    place = BED.near(30, 20, 8)
    spot = inside(disc(BED.u, BED.v, 30, 20, 7))
    assert spot[place].sum() == pytest.approx(spot.sum())
    assert spot[place].size < spot.size / 50


def test_a_window_at_the_edge_stays_on_the_bed() -> None:
    assert BED.u[BED.near(-500, -500, 8)].size == 0


def test_drawing_into_a_window_draws_into_the_whole() -> None:
    skin = Surface.blank(BED, disc(BED.u, BED.v, 0, 0, 60), (200, 200, 200), metal=1, gloss=0)
    window = skin.at(BED.near(0, 0, 5))
    window.height += 3
    window.paint(np.ones_like(window.height), (10, 20, 30))
    window.drill(np.full_like(window.height, -9))
    rows, columns = BED.near(0, 0, 5)
    assert skin.height[rows, columns].min() == 3
    assert skin.height.sum() == window.height.sum()
    assert skin.colour[rows, columns].reshape(-1, 3).max(axis=0).tolist() == [10, 20, 30]
    assert skin.cover[rows, columns].max() == 0


def test_lettering_leaves_ink_where_it_was_asked_for() -> None:
    ink = Bed.with_pose(200, 160, 0, (0, 0)).lettering((("LE-40", 40, 30, 14),))
    row, column = middle_of(ink)
    assert column == pytest.approx(99.5 + 40, abs=3)
    assert row == pytest.approx(79.5 + 30 - 7, abs=3)
