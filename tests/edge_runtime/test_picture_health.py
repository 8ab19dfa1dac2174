from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from edge_contracts.station import PictureHealth, Region
from edge_contracts.verdict import Cause
from edge_runtime.blue_first import seen_as_rgb
from edge_runtime.camera_shift import CameraShift, background
from edge_runtime.picture_health import PictureCheck, reduced_grey, sharpness
from tests.fakes.pictures import picture

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt


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


def test_a_pixel_that_the_reduced_picture_does_not_show_makes_another_picture() -> None:
    camera, one = check(frozen_frames=2), picture(seed=3)
    for row in range(one.shape[0]):
        other = one.copy()
        other[row, row, 1] ^= 1
        assert [camera.examine(pixels) for pixels in (one, other)] == [None, None]


def test_a_picture_of_the_same_light_and_contrast_is_another_picture() -> None:
    camera, one = check(frozen_frames=2), picture(seed=3)
    assert [camera.examine(pixels) for pixels in (one, one[:, ::-1].copy(), one[::-1].copy())] == [None] * 3


def test_a_picture_that_lies_blue_first_is_measured_as_the_same_red_first() -> None:
    red_first = picture(120, seed=5, noise=90)
    blue_first = seen_as_rgb(np.ascontiguousarray(red_first[:, :, ::-1]))
    assert np.array_equal(reduced_grey(blue_first), reduced_grey(red_first))
    camera = check(frozen_frames=2)
    assert [camera.examine(pixels) is None for pixels in (red_first, blue_first)] == [True, False]


def test_grey_and_sharpness_are_those_of_the_formulas() -> None:
    pixels = picture(120, seed=5, noise=90)
    formula = pixels @ np.array([0.299, 0.587, 0.114])
    assert np.abs(reduced_grey(pixels) - formula).max() <= 1
    middle = formula[1:-1, 1:-1]
    laplacian = formula[:-2, 1:-1] + formula[2:, 1:-1] + formula[1:-1, :-2] + formula[1:-1, 2:] - 4 * middle
    assert sharpness(reduced_grey(pixels)) == pytest.approx(float(laplacian.var()), rel=0.02)


def scene(right_px: int = 0, seed: int = 0) -> npt.NDArray[np.uint8]:
    """A structured still scene, 240×320, seen from further left, with a sensor's noise."""
    rng = np.random.default_rng(99)
    wide = cv2.GaussianBlur(rng.integers(0, 256, (240, 480), dtype=np.uint8), (0, 0), 4)
    wide = cv2.normalize(wide, None, 40, 220, cv2.NORM_MINMAX)
    seen = wide[:, 80 - right_px : 400 - right_px].astype(np.int16)
    noisy = seen[..., None] + np.random.default_rng(seed).integers(-4, 5, (240, 320, 3))
    return np.asarray(np.clip(noisy, 0, 255), np.uint8)


def test_a_camera_that_was_moved_makes_pictures_that_cannot_be_judged() -> None:
    place = background(reduced_grey(scene()))
    camera = PictureCheck(PictureHealth(), frozen_frames=2, shift=CameraShift(0.05, 3, place))
    assert [camera.examine(scene(0, seed)) for seed in range(5)] == [None] * 5
    found = [camera.examine(scene(32, seed)) for seed in range(4)]
    assert found[:2] == [None, None]
    assert [ailment.cause for ailment in found[2:] if ailment] == [Cause.MOVED, Cause.MOVED]
    assert found[3] is not None
    assert "% right" in found[3].reason
    assert camera.examine(scene(0, 9)) is None


def test_the_running_light_follows_the_pictures_that_can_be_judged() -> None:
    camera = check()
    for seed in range(300):
        camera.examine(picture(100, seed=seed))
        camera.examine(picture(0, noise=1, seed=seed))
    assert camera.light is not None
    assert camera.light.mean == pytest.approx(100, abs=1)
    assert camera.light.pictures == 300
    for seed in range(300):
        camera.examine(picture(80, seed=seed))
    assert camera.light.mean == pytest.approx(80, abs=1)


def test_no_photograph_is_dark_or_frozen_nor_overexposed_where_the_limit_allows_for_white_paper(data: Path) -> None:
    patterns = ("defect-aliens/*/*.png", "defect-cookies/*/*.jpg", "defect-deeppcb/*_test.jpg", "tflite-support/*.jpg")
    photographs = [path for pattern in patterns for path in sorted(data.glob(pattern))[:40]]
    camera = PictureCheck(PictureHealth(bright_mean=252), frozen_frames=2)
    assert len(photographs) > 50
    for path in photographs:
        assert camera.examine(np.asarray(cv2.imread(str(path))[:, :, ::-1], np.uint8)) is None, path.name


def test_a_camera_that_froze_while_nobody_looked_is_frozen_at_the_first_picture_that_is_judged() -> None:
    camera = check(frozen_frames=2)
    assert camera.examine(picture(100, seed=1)) is None
    ailment = camera.examine(picture(100, seed=2), unseen=picture(100, seed=2))
    assert ailment is not None
    assert ailment.cause is Cause.FROZEN
    assert camera.examine(picture(100, seed=3), unseen=picture(100, seed=2)) is None


def test_what_nobody_saw_is_compared_where_it_is_judged() -> None:
    """A network camera that has frozen may go on writing the time into a corner."""
    camera = PictureCheck(PictureHealth(), frozen_frames=2, region=Region(y=0.5, height=0.5))
    still = picture(100, seed=1)
    later = still.copy()
    later[:10] = 255
    ailment = camera.examine(later, unseen=still)
    assert ailment is not None
    assert ailment.cause is Cause.FROZEN


def test_a_repetition_that_only_the_source_saw_is_frozen_at_the_first_picture_that_is_judged() -> None:
    camera = check(frozen_frames=2)
    assert camera.examine(picture(100, seed=1)) is None
    ailment = camera.examine(picture(100, seed=2), repeats=1)
    assert ailment is not None
    assert ailment.cause is Cause.FROZEN
    assert camera.examine(picture(100, seed=3)) is None
