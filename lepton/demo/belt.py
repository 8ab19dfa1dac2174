"""The conveyor: an endless belt with a weave, scuffs and one joint, running between two fixed rails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

import cv2
import numpy as np

from lepton.demo.shapes import Field

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lepton.demo.surface import Rgb

LOOP_PX = 6000  # the belt's length: after so many pixels the same spot comes again
RAIL_PX = 26  # height of each rail at the picture's upper and lower edge
WEAVE_PX = 5  # distance between threads
TONES: Final[dict[str, Rgb]] = {
    "petrol": (28.0, 62.0, 62.0),
    "slate": (58.0, 64.0, 70.0),
    "pale": (176.0, 178.0, 172.0),
}

RELIEF: Final[dict[str, float]] = {"petrol": 1.0, "slate": 1.0, "pale": 0.5}  # how plainly weave and wear show


@dataclass(frozen=True, slots=True)
class Belt:
    """One belt in its rails; `strip` is H×(loop + W)×3 uint8 RGB, the loop with its beginning repeated."""

    strip: NDArray[np.uint8]
    rails: NDArray[np.uint8]
    width_px: int

    @classmethod
    def woven(cls, tone: str, width_px: int, height_px: int, rng: np.random.Generator) -> Belt:
        """Weave a belt for a picture of that size, in one of `TONES`."""
        relief = (_weave(height_px) + _wear(height_px, rng)) * np.float32(RELIEF[tone])
        strip = np.float32(1 / 100) * (100 + relief)[..., None] * np.asarray(TONES[tone], np.float32)
        loop = np.clip(strip, 0, 255).astype(np.uint8)
        return cls(np.concatenate((loop, loop[:, :width_px]), axis=1), _rail(width_px, rng), width_px)

    def seen(self, run_px: int) -> Field:
        """The belt under the lens after it has run `run_px` to the right: a fresh H×W×3 float32 picture, 0–255."""
        start = -run_px % LOOP_PX
        picture: Field = self.strip[:, start : start + self.width_px].astype(np.float32)
        picture[:RAIL_PX] = self.rails
        picture[-RAIL_PX:] = self.rails[::-1]
        _drop_shadow(picture)
        return picture


def _drop_shadow(picture: Field) -> None:
    """The upper rail stands between the lamp and the belt."""
    reach = 14
    fade = np.linspace(0.62, 1, reach, dtype=np.float32)[:, None, None]
    picture[RAIL_PX : RAIL_PX + reach] *= fade


def _weave(height_px: int) -> Field:
    """Threads over and under, percent of the belt's tone."""
    across = np.arange(LOOP_PX, dtype=np.float32)[None, :] * np.float32(2 * np.pi / WEAVE_PX)
    along = np.arange(height_px, dtype=np.float32)[:, None] * np.float32(2 * np.pi / WEAVE_PX)
    relief: Field = np.float32(7) * np.sin(across) * np.sin(along) + np.float32(2.5) * np.sin(across / 2 + along / 2)
    return relief


def _wear(height_px: int, rng: np.random.Generator) -> Field:
    """What years of parts leave: cloudy tone, long scuffs, specks, and the belt's slanting joint; percent of tone."""
    wear = 4 * _cloud(height_px, rng, 200, 80) + 3 * _cloud(height_px, rng, 400, 6)
    wear += 3 * _cloud(height_px, rng, 2, 2)
    scuffs = np.zeros((height_px, LOOP_PX), np.float32)
    for _ in range(160):
        x, y = int(rng.integers(0, LOOP_PX - 320)), int(rng.integers(0, height_px))
        end = (x + int(rng.integers(30, 300)), y + int(rng.integers(-4, 5)))
        cv2.line(scuffs, (x, y), end, (float(rng.uniform(4, 16)),), 1, cv2.LINE_AA)
    for _ in range(380):
        at = (int(rng.integers(0, LOOP_PX)), int(rng.integers(0, height_px)))
        cv2.circle(scuffs, at, int(rng.integers(1, 3)), (float(rng.uniform(-30, 26)),), -1, cv2.LINE_AA)
    joint = LOOP_PX * 3 // 4
    cv2.line(scuffs, (joint, 0), (joint + 60, height_px), (-11.0,), 2, cv2.LINE_AA)
    cv2.line(scuffs, (joint + 4, 0), (joint + 64, height_px), (6.0,), 2, cv2.LINE_AA)
    return cast(Field, wear + cv2.GaussianBlur(scuffs, (0, 0), 0.8))


def _cloud(height_px: int, rng: np.random.Generator, long_px: int, tall_px: int) -> Field:
    """Smooth noise of standard deviation one, with patches of that size; closed along the loop like the belt itself."""
    patches = rng.standard_normal((-(-height_px // tall_px), LOOP_PX // long_px), dtype=np.float32)
    around = np.concatenate((patches[:, -2:], patches, patches[:, :2]), axis=1)
    size = (around.shape[1] * long_px, around.shape[0] * tall_px)
    smooth = cv2.resize(around, size, interpolation=cv2.INTER_CUBIC)[:height_px, 2 * long_px : 2 * long_px + LOOP_PX]
    cloud = smooth / smooth.std()
    return cast(Field, cloud)


def _rail(width_px: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """An aluminium profile seen from above: a brushed flank, the groove for the sensors' bolts, a dark inner edge."""
    row = np.arange(RAIL_PX, dtype=np.float32)
    tone = 128 + 34 * np.exp(-(((row - 5) / 4) ** 2)) + 20 * np.exp(-(((row - 20) / 3) ** 2))
    tone -= 84 * np.exp(-(((row - 12.5) / 2.6) ** 4)) + 96 * (row >= RAIL_PX - 2)
    grain = cv2.blur(rng.standard_normal((RAIL_PX, width_px), dtype=np.float32), (61, 1)) * 22
    metal = np.clip(tone[:, None] + grain, 0, 255)[..., None] * np.array([0.98, 1.0, 1.03])
    profile: NDArray[np.uint8] = np.clip(metal, 0, 255).astype(np.uint8)
    return profile
