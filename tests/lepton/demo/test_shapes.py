from __future__ import annotations

import numpy as np
import pytest

from lepton.demo import shapes

U, V = (grid.astype(np.float32) for grid in np.meshgrid(np.arange(-60, 61), np.arange(-60, 61)))
DRAWN = {
    "disc": (shapes.disc(U, V, 5, -3, 20), np.pi * 20**2),
    "plate": (shapes.plate(U, V, -4, 6, 60, 40, 8), 60 * 40 - (4 - np.pi) * 8**2),
    "slot": (shapes.slot(U, V, (-20, -10), (16, 17), 9), 45 * 18 + np.pi * 9**2),
    "ring": (shapes.ring(U, V, 0, 0, 40, 10), np.pi * (45**2 - 35**2)),
}


@pytest.mark.parametrize("name", DRAWN)
def test_a_shape_covers_the_area_that_geometry_says(name: str) -> None:
    distance, area = DRAWN[name]
    assert shapes.inside(distance).sum() == pytest.approx(area, rel=0.01)


@pytest.mark.parametrize("name", DRAWN)
def test_a_distance_never_grows_faster_than_one_walks(name: str) -> None:
    distance, _ = DRAWN[name]
    assert np.abs(np.diff(distance, axis=0)).max() <= 1.001
    assert np.abs(np.diff(distance, axis=1)).max() <= 1.001


def test_a_flank_rises_from_the_outline_to_the_top() -> None:
    flank = shapes.slope(np.float32([4, 0, -3, -6, -9]), 6)
    assert flank.tolist() == [0, 0, 0.5, 1, 1]
