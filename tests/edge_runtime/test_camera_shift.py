from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from edge_runtime.camera_shift import (
    RESPONSE_MIN,
    SAMPLE_EVERY,
    SAMPLES,
    CameraShift,
    OtherShape,
    Shift,
    _edges,
    background,
)
from edge_runtime.picture_health import reduced_grey

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    Pixels = npt.NDArray[np.uint8]

LIMIT = 0.05
AGREED = 5
LEARNED = SAMPLES * SAMPLE_EVERY
SCENES = ("coral-test-data/*.bmp", "tflite-support/*.jpg", "defect-deeppcb/*_test.jpg")
PARTS = "defect-cookies/train/*.jpg"
ALL_PARTS = ("defect-aliens/*/*.png", "defect-cookies/*/*.jpg", "defect-deeppcb/*_test.jpg")


def read(path: Path) -> Pixels:
    pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
    assert pixels is not None, path
    return np.asarray(pixels[:, :, ::-1], np.uint8)


class Line:
    """A photograph as background, over which photographs of parts pass at random places; a camera that can be moved."""

    def __init__(self, scene: Pixels, parts: list[Pixels], seed: int = 0) -> None:
        self._scene = np.asarray(cv2.resize(scene, (320, 240), interpolation=cv2.INTER_AREA), np.uint8)
        self.parts = [np.asarray(cv2.resize(part, (84, 84), interpolation=cv2.INTER_AREA), np.uint8) for part in parts]
        self._disc = cv2.circle(np.zeros((84, 84), np.uint8), (42, 42), 42, 1, -1).astype(bool)
        self._rng = np.random.default_rng(seed)
        self._noise = self._rng.normal(0, 4, (16, 192, 256, 3)).astype(np.int8)

    def grey(self, *, right: float = 0.0, down: float = 0.0, gain: float = 1.0) -> Pixels:
        """What the camera gives, reduced; its middle four fifths, so that there is something beyond its edge."""
        scene = self._scene.copy()
        if self.parts:
            x, y = self._rng.integers(0, 320 - 84), self._rng.integers(0, 240 - 84)
            scene[y : y + 84, x : x + 84][self._disc] = self.parts[self._rng.integers(len(self.parts))][self._disc]
        left, top = round(32 - right * 256), round(24 - down * 192)
        seen = cv2.convertScaleAbs(scene[top : top + 192, left : left + 256], alpha=gain)
        noisy = cv2.add(seen, self._noise[self._rng.integers(16)], dtype=cv2.CV_8U)
        return reduced_grey(np.asarray(noisy, np.uint8))


@pytest.fixture(scope="module")
def lines(data: Path) -> list[Line]:
    parts = [read(path) for path in sorted(data.glob(PARTS))[:8]]
    scenes = [path for pattern in SCENES for path in sorted(data.glob(pattern))[:3]]
    assert len(scenes) >= 6
    return [Line(read(path), parts, seed) for seed, path in enumerate(scenes)]


def learned(line: Line) -> CameraShift:
    camera = CameraShift(LIMIT, AGREED)
    assert [camera.look(line.grey()) for _ in range(LEARNED)] == [None] * LEARNED
    assert camera.reference is not None
    return camera


def test_a_camera_in_its_place_raises_no_alarm_while_parts_pass_and_light_changes(lines: list[Line]) -> None:
    for line in lines:
        camera = learned(line)
        assert [camera.look(line.grey(gain=gain)) for gain in (1.0, 0.6, 1.3) * 20] == [None] * 60


@pytest.mark.parametrize(("right", "down"), [(0.07, 0.0), (0.0, -0.08), (-0.1, 0.1)])
def test_a_camera_that_was_moved_is_noticed_at_the_fifth_picture_in_any_scene(
    lines: list[Line], right: float, down: float
) -> None:
    for line in lines:
        line.parts = []
        camera = learned(line)
        found = [camera.look(line.grey(right=right, down=down)) for _ in range(AGREED)]
        assert found[:-1] == [None] * (AGREED - 1)
        assert found[-1] is not None
        assert found[-1].right == pytest.approx(right, abs=0.01)
        assert found[-1].down == pytest.approx(down, abs=0.015)
        assert found[-1].response > RESPONSE_MIN


def test_a_camera_that_was_moved_is_noticed_although_parts_pass(lines: list[Line]) -> None:
    seen = 0
    for line in lines:
        camera = learned(line)
        seen += any(camera.look(line.grey(right=0.07, down=-0.06)) is not None for _ in range(40))
    assert seen >= 0.9 * len(lines)


def test_a_camera_that_was_put_back_is_well_at_once(lines: list[Line]) -> None:
    camera, line = learned(lines[0]), lines[0]
    line.parts = []
    assert [camera.look(line.grey(right=0.1)) for _ in range(AGREED)][-1] is not None
    assert camera.look(line.grey()) is None


@pytest.mark.parametrize("pattern", ALL_PARTS)
def test_parts_that_lie_differently_are_no_moved_camera(data: Path, pattern: str) -> None:
    greys = [reduced_grey(read(path)) for path in sorted(data.glob(pattern))[:60]]
    camera = CameraShift(LIMIT, AGREED)
    looked = [camera.look(greys[number % len(greys)]) for number in range(LEARNED + 3 * len(greys))]
    assert camera.reference is not None
    assert not any(looked)


def test_what_was_learned_serves_after_a_restart(lines: list[Line]) -> None:
    line = lines[0]
    line.parts = []
    camera = CameraShift(LIMIT, AGREED, learned(line).reference)
    assert [camera.look(line.grey(right=0.1)) is not None for _ in range(AGREED)] == [False] * 4 + [True]


def test_a_picture_of_another_shape_is_told_at_once(lines: list[Line]) -> None:
    camera = learned(lines[0])
    wide = np.asarray(cv2.resize(lines[0].grey(), (192, 108)), np.uint8)
    assert camera.look(wide) == OtherShape(80 / 60, 80 / 45)
    assert camera.look(lines[0].grey()) is None


@pytest.mark.parametrize("size_px", [(320, 240), (640, 480), (1280, 960), (333, 250), (322, 239)])
def test_the_same_scene_in_another_size_is_in_its_place(lines: list[Line], size_px: tuple[int, int]) -> None:
    line = lines[0]
    line.parts = []
    camera = learned(line)
    assert camera.look(np.asarray(cv2.resize(line.grey(), size_px), np.uint8)) is None


def test_what_matches_nothing_cannot_be_told_from_parts_that_fill_the_picture(data: Path) -> None:
    """So it is no ailment: photographs of biscuits by one camera match their own background in hardly any picture."""
    greys = [reduced_grey(read(path)) for path in sorted(data.glob("defect-cookies/*/*.jpg"))[:60]]
    camera = CameraShift(LIMIT, AGREED)
    for number in range(LEARNED):
        camera.look(greys[number % len(greys)])
    assert camera.reference is not None
    edges = _edges(camera.reference)
    matched = [camera._shift(background(grey), edges).response >= RESPONSE_MIN for grey in greys]
    assert sum(matched) < 0.2 * len(greys)


def test_an_empty_scene_has_no_place_that_could_be_lost() -> None:
    rng = np.random.default_rng(0)
    camera = CameraShift(LIMIT, AGREED)
    blank = [np.asarray(100 + rng.normal(0, 3, (120, 160)), np.uint8) for _ in range(LEARNED + 100)]
    assert not any(camera.look(grey) for grey in blank)


def test_shifts_agree_when_they_are_one_shift() -> None:
    assert Shift(0.1, 0.0, 1.0).agrees_with(Shift(0.11, 0.01, 0.5))
    assert not Shift(0.1, 0.0, 1.0).agrees_with(Shift(-0.1, 0.0, 1.0))
    assert Shift(0.01, -0.2, 1.0).size == 0.2
