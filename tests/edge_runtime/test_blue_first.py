"""A picture is RGB to everybody, wherever its blue lies in memory."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge_contracts.station import Region
from edge_runtime.blue_first import as_stored, bgr_of, resized, seen_as_rgb
from edge_runtime.evidence.clip import jpeg
from edge_runtime.trigger.motion import reduced_cells
from edge_runtime.web.drawing import jpeg as drawn_jpeg
from tests.fakes.pictures import picture

RED = picture(100, seed=1, noise=60)
BLUE = np.ascontiguousarray(RED[:, :, ::-1])


def test_a_view_is_rgb_and_moves_no_byte() -> None:
    seen = seen_as_rgb(BLUE)
    assert np.array_equal(seen, RED)
    assert np.shares_memory(seen, BLUE)


@pytest.mark.parametrize("cut", [np.s_[:], np.s_[3:20, 5:30], np.s_[::2]])
def test_a_piece_of_a_view_is_known_for_what_it_is(cut: slice) -> None:
    stored, is_blue_first = as_stored(seen_as_rgb(BLUE)[cut])
    assert is_blue_first
    assert np.array_equal(stored, BLUE[cut])
    assert as_stored(RED[cut])[1] is False


def test_what_is_encoded_is_the_same_picture_and_no_copy_is_made_of_what_lies_blue_first() -> None:
    assert np.shares_memory(bgr_of(seen_as_rgb(BLUE)), BLUE)
    assert np.array_equal(bgr_of(RED), BLUE)
    assert jpeg(RED, 90) == jpeg(seen_as_rgb(BLUE), 90)
    assert drawn_jpeg(RED, None, Region(), None, 20) == drawn_jpeg(seen_as_rgb(BLUE), None, Region(), None, 20)


def test_what_is_made_smaller_is_the_same_picture() -> None:
    small = resized(seen_as_rgb(BLUE), (20, 10), cv2.INTER_AREA)
    assert np.array_equal(small, resized(RED, (20, 10), cv2.INTER_AREA))
    assert np.array_equal(reduced_cells(seen_as_rgb(BLUE)), reduced_cells(RED))
