"""The camera over the belt: light that falls off and drifts, a sensor with noise, eight bits at the end."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import cv2
import numpy as np

from lepton.demo.shapes import Field

if TYPE_CHECKING:
    from numpy.typing import NDArray

READ_NOISE = np.float32(1.6)  # standard deviation in grey levels, in the dark
SHOT_NOISE = np.float32(0.011)  # and its growth per grey level
BANK_MARGIN_PX = 96  # the noise is drawn once, this much larger than the picture, and read at a random place
GAIN_SWING, TILT_SWING, WARMTH_SWING = 0.055, 0.05, 0.015
FLICKER = 0.004


@dataclass(frozen=True, slots=True)
class Light:
    """The lamp at one moment: brightness 1 ± a few percent, tilt from left to right, warmth (red against blue)."""

    gain: float
    tilt: float
    warmth: float


@dataclass(frozen=True, slots=True)
class Daylight:
    """How the light over a station changes in a shift: the sun through a gate, a lamp that warms up."""

    phase: float

    def at(self, moment: float) -> Light:
        """The light at a moment of the shift, 0 its beginning and 1 its end; smooth, and defined before and after."""
        turn = 2 * math.pi * moment
        gain = 1 + GAIN_SWING * (0.6 * math.sin(turn * 0.8 + self.phase) + 0.4 * math.sin(turn * 1.9 + 2 * self.phase))
        tilt = TILT_SWING * math.sin(turn * 0.6 + 1.3 * self.phase)
        return Light(gain, tilt, WARMTH_SWING * math.sin(turn * 0.5 + 0.7 * self.phase))


@dataclass(frozen=True, slots=True)
class Camera:
    """Turns a scene (H×W×3 float32, 0–255) into a picture (H×W×3 uint8 RGB) under a given light."""

    falloff: Field
    slant: Field
    noise: Field

    @classmethod
    def mounted(cls, width_px: int, height_px: int, rng: np.random.Generator) -> Camera:
        """A camera for pictures of that size, with a noise pattern of its own."""
        x = np.linspace(-1, 1, width_px, dtype=np.float32)[None, :, None]
        y = np.linspace(-1, 1, height_px, dtype=np.float32)[:, None, None]
        falloff = np.broadcast_to(1.17 - 0.14 * x * x - 0.11 * y * y - 0.03 * x - 0.04 * y, (height_px, width_px, 3))
        slant = np.broadcast_to(x, (height_px, width_px, 3))
        shape = (height_px + BANK_MARGIN_PX, width_px + BANK_MARGIN_PX, 3)
        grain = rng.standard_normal(shape, dtype=np.float32)
        soft = cast(Field, cv2.GaussianBlur(grain, (3, 3), 0.5))  # demosaicing shares noise between neighbours
        return cls(np.ascontiguousarray(falloff), slant * falloff, soft / soft.std())

    def expose(self, scene: Field, light: Light, rng: np.random.Generator) -> NDArray[np.uint8]:
        """Take the picture; the scene is spent in the making."""
        gain = light.gain * (1 + FLICKER * float(rng.standard_normal()))
        scene *= cv2.addWeighted(self.falloff, gain, self.slant, gain * light.tilt, 0)
        scene[..., 0] *= np.float32(1 + light.warmth)
        scene[..., 2] *= np.float32(1 - light.warmth)
        top, left = (int(place) for place in rng.integers(0, BANK_MARGIN_PX, 2))
        noise = self.noise[top : top + scene.shape[0], left : left + scene.shape[1]]
        swing = SHOT_NOISE * scene
        swing += READ_NOISE
        swing *= noise
        scene += swing
        return cast("NDArray[np.uint8]", cv2.convertScaleAbs(np.maximum(scene, 0, out=scene)))
