"""On a page about one picture its hottest place is seen, wherever the threshold lies."""

from __future__ import annotations

import numpy as np
import pytest

from training.heat_drawing import ABOVE, BELOW, OWN_SCALE, drawn_heat

GREY = np.full((40, 80, 3), 128, np.uint8)
HOT_RIGHT = np.array([[0.1, 1.0]], np.float32)


@pytest.mark.parametrize(
    ("threshold", "says"), [(1.01, BELOW), (9.0, BELOW), (0.95, ABOVE), (0.2, ABOVE), (0.05, ABOVE), (None, OWN_SCALE)]
)
def test_the_hottest_place_is_drawn_and_told_at_every_threshold(threshold: float | None, says: str) -> None:
    drawn, told = drawn_heat(GREY, HOT_RIGHT, threshold)
    change = np.abs(drawn.astype(int) - GREY).max(axis=2)
    assert told == says
    assert change[20, -1] > 80
    assert change[20, 0] < change[20, -1]


def test_the_colour_ends_at_the_threshold() -> None:
    drawn, _ = drawn_heat(GREY, HOT_RIGHT, 0.5)
    np.testing.assert_array_equal(drawn[:, :20], GREY[:, :20])
