from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from edge_contracts.station import Mask, Point, Region
from edge_contracts.verdict import Cause
from edge_runtime.blue_first import seen_as_rgb
from edge_runtime.cameras import Cameras
from edge_runtime.inspection.masking import MaskRefused
from edge_runtime.judged_area import JudgedArea, areas_of

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

LABEL = {"x": 0.6, "y": 0.1, "width": 0.3, "height": 0.2}
LABEL_POLYGON = [[0.6, 0.1], [0.9, 0.1], [0.9, 0.3], [0.6, 0.3]]
CAMERA = {"kind": "rtsp", "url": "rtsp://camera/1"}
WHOLE = Region()

ONE_MODEL = {"bundle": "b", "region": LABEL}
TWO_MODELS = {"models": [{"name": "scratches", "bundle": "a"}, {"name": "label", "bundle": "b", "region": LABEL}]}
MASKED = {"bundle": "b", "mask": {"polygons": [LABEL_POLYGON]}}
MASKED_MODEL = {"models": [{"name": "scratches", "bundle": "a"}, {"name": "label", "bundle": "b"} | MASKED]}
ALL = pytest.mark.parametrize("judged", [ONE_MODEL, TWO_MODELS, MASKED, MASKED_MODEL])


def point(**settings: object) -> Point:
    return Point.model_validate({"name": "motor", "source": CAMERA} | settings)


def lively(level: int, noise: int = 20) -> npt.NDArray[np.uint8]:
    drawn = np.random.default_rng(0).integers(-noise, noise + 1, (480, 640, 3)) + level
    return np.asarray(np.clip(drawn, 0, 255), np.uint8)


def scene(label: int, around: int = 120) -> npt.NDArray[np.uint8]:
    """480×640 of one grey, another where the label is."""
    pixels = lively(around)
    pixels[48:144, 384:576] = label
    return pixels


def cause(settings: dict[str, object], pixels: npt.NDArray[np.uint8]) -> Cause | None:
    ailment = Cameras().check_for(point(**settings)).examine(pixels)
    return ailment.cause if ailment else None


@ALL
@pytest.mark.parametrize(("label", "found"), [(0, Cause.DARK), (255, Cause.OVEREXPOSED), (120, None)])
def test_light_is_looked_for_where_each_model_looks(judged: dict[str, object], label: int, found: Cause | None) -> None:
    assert cause(judged, scene(label)) is found


@pytest.mark.parametrize("judged", [ONE_MODEL, MASKED])
@pytest.mark.parametrize("around", [0, 255])
def test_light_does_not_matter_where_no_model_looks(judged: dict[str, object], around: int) -> None:
    assert cause(judged, scene(120, around)) is None


@ALL
def test_focus_is_looked_for_where_each_model_looks(judged: dict[str, object]) -> None:
    sharp = lively(120, noise=90)
    smooth = sharp.copy()
    smooth[28:164, 364:596] = cv2.GaussianBlur(sharp[28:164, 364:596], (0, 0), 5)
    asked = judged | {"health": {"sharpness_min": 200.0}}
    assert (cause(asked, sharp), cause(asked, smooth)) == (None, Cause.BLURRED)


THIN = 30 / 1080
STRIP = [[0, 0.5], [1, 0.5], [1, 0.5 + THIN], [0, 0.5 + THIN]]
INSIDE = [[0.002, 0.003], [0.998, 0.003], [0.998, 0.997], [0.002, 0.997]]


@pytest.mark.parametrize(
    "judged",
    [
        {"bundle": "b", "region": {"y": 0.5, "height": THIN}},
        {"bundle": "b", "region": {"x": 0.5, "width": 6 / 1920}},
        {"models": [{"name": "weld", "bundle": "b", "region": {"y": 0.5, "height": THIN}}]},
        {"bundle": "b", "mask": {"polygons": [STRIP]}},
        {"bundle": "b", "mask": {"ignore": [INSIDE]}},
    ],
    ids=["lying", "standing", "of a model", "mask", "frame"],
)
def test_focus_is_found_in_an_area_however_thin(judged: dict[str, object]) -> None:
    sharp = np.random.default_rng(0).integers(30, 220, (1080, 1920, 3)).astype(np.uint8)
    smooth = np.asarray(cv2.GaussianBlur(sharp, (0, 0), 9), np.uint8)
    asked = judged | {"health": {"sharpness_min": 200.0}}
    assert (cause(asked, sharp), cause(asked, smooth)) == (None, Cause.BLURRED)


def test_an_area_that_is_too_thin_for_any_focus_is_told() -> None:
    asked = {"bundle": "b", "region": {"y": 0.5, "height": 2 / 480}, "health": {"sharpness_min": 200.0}}
    ailment = Cameras().check_for(point(**asked)).examine(lively(120, noise=90))
    assert ailment is not None
    assert ailment.reason == (
        "wanted 3×3 pixels or more to measure sharpness on, found 640×2; "
        "enlarge the region or its mask, or set sharpness_min = 0"
    )


def test_the_reason_names_the_model_that_cannot_see() -> None:
    ailment = Cameras().check_for(point(**TWO_MODELS)).examine(scene(0))
    assert ailment is not None
    assert ailment.reason == "wanted a mean grey of at least 8 where 'label' looks, found 0.0; is the light off?"


def test_a_mask_that_does_not_fit_the_picture_makes_a_bad_frame(tmp_path: Path) -> None:
    path = str(tmp_path / "mask.png")
    assert cv2.imwrite(path, np.full((100, 100), 255, np.uint8))
    assert cause({"bundle": "b", "mask": {"path": path}}, scene(120)) is Cause.BAD_FRAME


def test_an_area_that_two_models_share_is_measured_once_and_another_camera_s_not_at_all() -> None:
    beside = {"name": "back", "bundle": "b", "source": {"kind": "rtsp", "url": "rtsp://camera/2"}, "region": LABEL}
    models = [{"name": "a", "bundle": "a"}, {"name": "b", "bundle": "b"}, beside]
    assert [area.region for area in areas_of(point(models=models))] == [WHOLE]


@pytest.mark.parametrize("size_px", [(480, 640), (1080, 1920), (90, 120)])
def test_every_pixel_that_is_measured_counts(size_px: tuple[int, int]) -> None:
    height, width = size_px
    mask = Mask.model_validate({"polygons": [[[0.1, 0.1], [0.8, 0.4], [0.3, 0.9]]], "ignore": [LABEL_POLYGON]})
    plane = np.zeros(size_px, np.uint8)
    cv2.fillPoly(plane, [np.rint(np.array(mask.polygons[0]) * [width, height]).astype(np.int32)], 1)
    cv2.fillPoly(plane, [np.rint(np.array(LABEL_POLYGON) * [width, height]).astype(np.int32)], 0)
    pixels = seen_as_rgb(np.where(plane[..., None].repeat(3, 2) > 0, np.uint8(200), np.uint8(9)))
    seen = JudgedArea(Region(x=0.05, width=0.9), mask).grey(pixels)
    assert seen.counts is not None
    assert seen.counts.any()
    assert set(np.unique(seen.grey[seen.counts > 0])) == {200}


def test_a_line_thinner_than_what_is_sampled_is_measured_pixel_by_pixel() -> None:
    thin = Mask.model_validate({"polygons": [[[0.0, 0.0], [1.0, 0.501], [0.0, 0.001]]]})
    pixels = np.full((1080, 1920, 3), 100, np.uint8)
    seen = JudgedArea(WHOLE, thin).grey(pixels)
    assert seen.counts is not None
    assert seen.counts.any()


def test_a_mask_that_leaves_nothing_of_the_region_is_told() -> None:
    mask = Mask.model_validate({"polygons": [LABEL_POLYGON]})
    with pytest.raises(MaskRefused, match="leaves something of the region"):
        JudgedArea(Region(width=0.5), mask).grey(scene(120))
