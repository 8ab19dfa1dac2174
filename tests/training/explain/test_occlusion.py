from __future__ import annotations

import numpy as np
import pytest

from training.explain.occlusion import occlude, place_count


@pytest.fixture
def spotted() -> np.ndarray:
    """A grey plate with a bright spot at the lower left."""
    pixels = np.full((140, 210, 3), 90, np.uint8)
    pixels[104:110, 44:50] = 255
    return pixels


def _spots(pixels: np.ndarray) -> float:
    return float((pixels > 200).sum())


def test_the_score_rests_on_the_place_of_the_defect(spotted: np.ndarray) -> None:
    occlusion = occlude(spotted, _spots)
    assert occlusion.lowered.shape == (14, 21)
    row, column = np.unravel_index(occlusion.lowered.argmax(), occlusion.lowered.shape)
    assert abs(row * 10 + 5 - 107) <= 15
    assert abs(column * 10 + 5 - 47) <= 15
    assert (occlusion.score, occlusion.least) == (_spots(spotted), 0.0)


def test_hiding_what_does_not_matter_changes_nothing(spotted: np.ndarray) -> None:
    assert not occlude(spotted, _spots).lowered[:, 12:].any()


def test_the_picture_itself_stays_as_it_is(spotted: np.ndarray) -> None:
    before = spotted.copy()
    told: list[int] = []
    occlude(spotted, _spots, told.append)
    np.testing.assert_array_equal(spotted, before)
    assert told == list(range(1, place_count(spotted) + 1))


def test_a_tiny_picture_has_a_place_per_pixel() -> None:
    assert occlude(np.zeros((5, 7, 3), np.uint8), _spots).lowered.shape == (5, 7)
