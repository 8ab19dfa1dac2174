"""A heat map shows where a part is suspicious, and leaves the rest as it is."""

from __future__ import annotations

import numpy as np

from edge_contracts.station import Region
from edge_runtime.inspection.overlay import draw_heat, draw_marks
from edge_runtime.occasion import Mark
from tests.fakes.pictures import HEIGHT_PX, WIDTH_PX

GREY = np.full((HEIGHT_PX, WIDTH_PX, 3), 128, np.uint8)
HOT_RIGHT = np.array([[0.0, 0.0, 0.0, 1.0]] * 3, np.float32)


def test_the_hottest_place_is_red_and_the_coldest_clear() -> None:
    drawn = draw_heat(GREY, HOT_RIGHT, Region(), None)
    red, _, blue = drawn[HEIGHT_PX // 2, -2]
    assert red > blue
    np.testing.assert_array_equal(drawn[HEIGHT_PX // 2, 2], GREY[0, 0])


def test_outside_the_region_the_picture_is_untouched() -> None:
    drawn = draw_heat(GREY, HOT_RIGHT, Region(width=0.5), None)
    np.testing.assert_array_equal(drawn[:, WIDTH_PX // 2 :], GREY[:, WIDTH_PX // 2 :])
    assert (drawn[:, : WIDTH_PX // 2] != 128).any()


def test_the_given_picture_is_not_drawn_upon() -> None:
    before = GREY.copy()
    draw_heat(GREY, HOT_RIGHT, Region(), None)
    np.testing.assert_array_equal(GREY, before)


def test_up_to_the_threshold_nothing_glows() -> None:
    np.testing.assert_array_equal(draw_heat(GREY, HOT_RIGHT, Region(), 1.0), GREY)


def test_one_hot_corner_does_not_drown_another() -> None:
    two = np.array([[30.0, 0.0, 0.0, 3.0]] * 3, np.float32)
    drawn = draw_heat(GREY, two, Region(), 1.0).astype(np.int16)
    corner, other = (np.abs(drawn[HEIGHT_PX // 2, column] - 128).max() for column in (2, -2))
    assert other > 0.5 * corner


def test_an_even_map_is_clear() -> None:
    drawn = draw_heat(GREY, np.full((2, 2), 3.0, np.float32), Region(), None)
    np.testing.assert_array_equal(drawn, GREY)


def test_what_speaks_against_a_part_is_framed_in_red_and_the_rest_in_green() -> None:
    marks = (
        Mark("scratch", 0.9, (0.5, 0.5, 0.9, 0.9), is_fault=True),
        Mark("screw", 0.8, (0.0, 0.0, 0.4, 0.9), is_fault=False),
    )
    drawn = draw_marks(GREY, marks).astype(np.int16)
    red, green, _ = drawn[round(0.5 * (HEIGHT_PX - 1)), round(0.85 * (WIDTH_PX - 1))]
    assert red > green + 100
    red, green, _ = drawn[round(0.9 * (HEIGHT_PX - 1)), round(0.2 * (WIDTH_PX - 1))]
    assert green > red + 100
    assert (GREY == 128).all()


def test_a_box_over_the_whole_picture_is_drawn_within_it() -> None:
    drawn = draw_marks(GREY, (Mark("all", 1.0, (0.0, 0.0, 1.0, 1.0), is_fault=True),))
    assert (drawn[:, 0] != 128).any()
    assert (drawn[:, -1] != 128).any()
