"""The drawn inspection station: one belt, one lamp, one camera, and what the lens sees at a moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import cv2
import numpy as np

from lepton.demo.belt import Belt
from lepton.demo.camera import Camera, Daylight, Light

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lepton.demo.shapes import Field

WIDTH_PX, HEIGHT_PX = 640, 480
SHADOW_PX = (8, 10)  # how far the part's shadow falls to the right and down: the lamp stands above and to the left
MARGIN_PX = 24  # around the drawing, for the shadow
SMEAR_PX = 2  # what the belt moves while the shutter is open
BELT_SEED, CAMERA_SEED, LIGHT_SEED = range(3)


@dataclass(frozen=True, slots=True)
class LaidPart:
    """A part ready to be laid on the belt: what it lets through of the belt, and what it adds; h×w×3 float32."""

    passes: Field
    adds: Field

    @classmethod
    def of(cls, drawing: NDArray[np.uint8]) -> LaidPart:
        """From a drawing (H×W×4 uint8 RGBA): smeared by the belt's motion, softened by the lens, with its shadow."""
        around = ((MARGIN_PX, MARGIN_PX), (MARGIN_PX, MARGIN_PX), (0, 0))
        rgba = np.pad(drawing, around).astype(np.float32)
        cover = rgba[..., 3:] * np.float32(1 / 255)
        stack = np.concatenate((rgba[..., :3] * cover, cover), axis=2)
        soft = cv2.GaussianBlur(cv2.blur(stack, (SMEAR_PX, 1)), (0, 0), 0.6)
        shadow = _shadow(cast("Field", cover[..., 0]))
        return cls(((1 - soft[..., 3]) * (1 - shadow))[..., None].repeat(3, axis=2), soft[..., :3].copy())


def _shadow(cover: Field) -> Field:
    """How much of the lamp the part takes from the belt around and below it, 0–1."""
    shift = np.array([[1, 0, SHADOW_PX[0]], [0, 1, SHADOW_PX[1]]], np.float64)
    cast_by_lamp = cv2.GaussianBlur(cv2.warpAffine(cover, shift, cover.shape[::-1]), (0, 0), 5)
    contact = cv2.GaussianBlur(cover, (0, 0), 4)
    return cast("Field", np.maximum(cast_by_lamp * np.float32(0.62), contact * np.float32(0.7)))


@dataclass(frozen=True, slots=True)
class Station:
    """One belt under one lamp and one camera; the same seed builds the same station, whatever lies on it."""

    belt: Belt
    camera: Camera
    daylight: Daylight

    @classmethod
    def built(cls, seed: int, belt_tone: str) -> Station:
        """Weave the belt, mount the camera, and choose the shift's weather."""
        belt = Belt.woven(belt_tone, WIDTH_PX, HEIGHT_PX, np.random.default_rng((seed, BELT_SEED)))
        camera = Camera.mounted(WIDTH_PX, HEIGHT_PX, np.random.default_rng((seed, CAMERA_SEED)))
        return cls(belt, camera, Daylight(float(np.random.default_rng((seed, LIGHT_SEED)).uniform(0, 2 * np.pi))))

    def picture(
        self,
        run_px: int,
        light: Light,
        shutter: np.random.Generator,
        part: LaidPart | None = None,
        middle_px: tuple[int, int] = (0, 0),
    ) -> NDArray[np.uint8]:
        """What the camera sees: H×W×3 uint8 RGB.

        Args:
            run_px: How far the belt has run to the right.
            light: The lamp at this moment.
            shutter: Draws the sensor's noise.
            part: What lies on the belt, if anything.
            middle_px: Where its drawing's middle is, right and down from the picture's upper left corner.
        """
        scene = self.belt.seen(run_px)
        if part is not None:
            _lay(scene, part, middle_px)
        return self.camera.expose(scene, light, shutter)


def _lay(scene: Field, part: LaidPart, middle_px: tuple[int, int]) -> None:
    rows, columns = part.passes.shape[:2]
    top, left = middle_px[1] - rows // 2, middle_px[0] - columns // 2
    above, before = max(0, -top), max(0, -left)
    below, after = min(rows, scene.shape[0] - top), min(columns, scene.shape[1] - left)
    if above >= below or before >= after:
        return
    under = scene[top + above : top + below, left + before : left + after]
    under *= part.passes[above:below, before:after]
    under += part.adds[above:below, before:after]
