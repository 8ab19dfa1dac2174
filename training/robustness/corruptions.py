"""What a line does to pictures: light, focus, rotation, compression, sensor noise; each in five strengths.

The strengths are ours: the first is what a line does every day, the last what somebody would notice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

Pixels: TypeAlias = "npt.NDArray[np.uint8]"


@dataclass(frozen=True, slots=True)
class Corruption:
    """One way in which pictures get worse.

    name: for tables. unit: what its strengths are, with `{}` for the number.
    strengths: from weak to strong.
    spoil: a picture (H×W×3 uint8), a strength and a source of randomness to a picture of the same size.
    """

    name: str
    unit: str
    strengths: tuple[float, ...]
    spoil: Callable[[Pixels, float, np.random.Generator], Pixels]


def _lit(pixels: Pixels, gain: float, _random: np.random.Generator) -> Pixels:
    return np.asarray(np.clip(np.rint(pixels.astype(np.float32) * gain), 0, 255), np.uint8)


def _blurred(pixels: Pixels, percent: float, _random: np.random.Generator) -> Pixels:
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), min(pixels.shape[:2]) * percent / 100), np.uint8)


def _turned(pixels: Pixels, degrees: float, random: np.random.Generator) -> Pixels:
    height, width = pixels.shape[:2]
    way = float(random.choice([-1.0, 1.0]))
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), way * degrees, 1.0)
    return np.asarray(cv2.warpAffine(pixels, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _compressed(pixels: Pixels, quality: float, _random: np.random.Generator) -> Pixels:
    _, stored = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, int(quality)])
    return np.ascontiguousarray(np.asarray(cv2.imdecode(stored, cv2.IMREAD_COLOR))[..., ::-1])


def _noisy(pixels: Pixels, deviation: float, random: np.random.Generator) -> Pixels:
    return np.asarray(np.clip(np.rint(pixels + random.normal(0, deviation, pixels.shape)), 0, 255), np.uint8)


CORRUPTIONS = (
    Corruption("darker", "light × {:g}", (0.85, 0.7, 0.55, 0.4, 0.25), _lit),
    Corruption("brighter", "light × {:g}", (1.15, 1.3, 1.5, 1.75, 2.0), _lit),
    Corruption("out of focus", "blur of {:g} % of the short side", (0.3, 0.6, 1.0, 1.5, 2.5), _blurred),
    Corruption("turned", "by {:g}°", (2, 5, 10, 20, 45), _turned),
    Corruption("compressed", "JPEG quality {:g}", (80, 50, 30, 15, 5), _compressed),
    Corruption("noisy", "deviation of {:g} of 255", (4, 8, 16, 24, 32), _noisy),
)
