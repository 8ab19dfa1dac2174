from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge_contracts.station import PictureHealth
from edge_contracts.verdict import Cause
from edge_runtime.picture_health import PictureCheck, reduced_grey, sharpness
from tests.fakes.pictures import picture


def check(*, frozen_frames: int = 0, sharpness_min: float = 0.0) -> PictureCheck:
    return PictureCheck(PictureHealth(sharpness_min=sharpness_min), frozen_frames=frozen_frames)


def test_a_lit_picture_can_be_judged() -> None:
    assert check(frozen_frames=2).examine(picture(100)) is None


@pytest.mark.parametrize(("level", "cause"), [(0, Cause.DARK), (255, Cause.OVEREXPOSED)])
def test_without_light_or_with_too_much_nothing_can_be_judged(level: int, cause: Cause) -> None:
    ailment = check().examine(picture(level, noise=3))
    assert ailment is not None
    assert ailment.cause is cause


def test_a_blurred_picture_cannot_be_judged() -> None:
    sharp = picture(100, noise=60)
    limit = sharpness(reduced_grey(sharp)) / 2
    assert check(sharpness_min=limit).examine(sharp) is None
    ailment = check(sharpness_min=limit).examine(np.asarray(cv2.GaussianBlur(sharp, (0, 0), 3), np.uint8))
    assert ailment is not None
    assert ailment.cause is Cause.BLURRED


def test_a_frozen_camera_is_noticed_at_the_nth_identical_picture() -> None:
    camera = check(frozen_frames=3)
    found = [camera.examine(picture(seed=1)) for _ in range(4)]
    assert found[:2] == [None, None]
    assert [ailment.cause for ailment in found[2:] if ailment] == [Cause.FROZEN, Cause.FROZEN]


def test_one_changed_pixel_means_that_the_camera_lives() -> None:
    camera, still = check(frozen_frames=2), picture()
    moved = still.copy()
    moved[0, 0, 0] += 1
    assert [camera.examine(pixels) for pixels in (still, moved, still, moved)] == [None] * 4


def test_a_frozen_camera_that_moves_again_is_well_again() -> None:
    camera = check(frozen_frames=2)
    assert camera.examine(picture(seed=1)) is None
    assert camera.examine(picture(seed=1)) is not None
    assert camera.examine(picture(seed=2)) is None


def test_the_check_can_be_switched_off() -> None:
    camera = check(frozen_frames=0)
    assert [camera.examine(picture(seed=1)) for _ in range(20)] == [None] * 20


def test_brightness_is_measured_on_a_reduced_picture() -> None:
    grey = reduced_grey(np.full((1080, 1920, 3), 77, np.uint8))
    assert max(grey.shape) <= 320
    assert grey.mean() == pytest.approx(77, abs=0.01)
