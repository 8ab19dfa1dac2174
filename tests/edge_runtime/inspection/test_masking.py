from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from edge_contracts.station import Mask
from edge_runtime.inspection.masking import NEUTRAL_GREY, Masking, MaskRefused, neutralised, reduced, share_judged

if TYPE_CHECKING:
    from pathlib import Path

LEFT_HALF = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
HALF = np.asarray([[True, True, False, False]] * 4)


def png(path: Path, *, height: int = 30, width: int = 40, white: slice = slice(0, 20)) -> str:
    plane = np.zeros((height, width), np.uint8)
    plane[:, white] = 255
    assert cv2.imwrite(str(path), plane)
    return str(path)


def test_the_white_of_a_picture_counts_at_any_size(tmp_path: Path) -> None:
    masking = Masking(Mask(path=png(tmp_path / "mask.png")))
    for height, width in ((30, 40), (60, 80), (15, 20)):
        plane = masking.plane(height, width)
        assert plane[:, : width // 2 - 1].all()
        assert not plane[:, width // 2 + 1 :].any()


def test_the_plane_is_made_once_per_size(tmp_path: Path) -> None:
    masking = Masking(Mask(path=png(tmp_path / "mask.png")))
    assert masking.plane(60, 80) is masking.plane(60, 80)


def test_polygons_count_and_what_is_ignored_does_not() -> None:
    plane = Masking(Mask(polygons=(LEFT_HALF,), ignore=(((0, 0), (1, 0), (1, 0.4), (0, 0.4)),))).plane(100, 100)
    assert plane[60, 20]
    assert not plane[20, 20]
    assert not plane[60, 80]


def test_without_a_shape_everything_but_what_is_ignored_counts() -> None:
    plane = Masking(Mask(ignore=(LEFT_HALF,))).plane(100, 100)
    assert plane[50, 80]
    assert not plane[50, 20]


def test_a_mask_of_another_aspect_is_refused(tmp_path: Path) -> None:
    masking = Masking(Mask(path=png(tmp_path / "mask.png")))
    with pytest.raises(MaskRefused, match=r"pictures of 1920×1080, found .*mask\.png with 40×30"):
        masking.plane(1080, 1920)


def test_a_mask_that_cannot_be_read_or_leaves_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MaskRefused, match="wanted a mask as a PNG"):
        Masking(Mask(path=str(tmp_path / "none.png")))
    with pytest.raises(MaskRefused, match="found only black"):
        Masking(Mask(path=png(tmp_path / "black.png", white=slice(0, 0))))
    with pytest.raises(MaskRefused, match="covers the whole picture"):
        Masking(Mask(ignore=(((0, 0), (1, 0), (1, 1), (0, 1)),))).plane(10, 10)


def test_masked_pixels_are_grey_and_the_others_as_they_were() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (4, 4, 3)).astype(np.uint8)
    before = pixels.copy()
    made = neutralised(pixels, HALF)
    np.testing.assert_array_equal(made[:, :2], pixels[:, :2])
    assert (made[:, 2:] == NEUTRAL_GREY).all()
    np.testing.assert_array_equal(pixels, before)


def test_a_place_of_a_map_counts_when_any_of_its_pixels_does() -> None:
    one = np.zeros((6, 6), bool)
    one[2, 5] = True
    assert reduced(one, (3, 2)).tolist() == [[False, False], [False, True], [False, False]]
    assert reduced(HALF, (8, 8))[:, 3].all()
    assert not reduced(HALF, (8, 8))[:, 4:].any()


def test_how_much_of_a_box_counts() -> None:
    corners = np.asarray([[0, 0, 0.5, 1], [0.25, 0, 0.75, 1], [0.5, 0, 1, 1], [0.1, 0.1, 0.1, 0.1]], np.float32)
    np.testing.assert_allclose(share_judged(HALF, corners), [1, 0.5, 0, 1])
