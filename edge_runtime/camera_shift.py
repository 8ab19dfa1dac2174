"""Whether a camera still looks where it looked: its picture against a reference of the static background.

Phase correlation (Kuglin and Hines, 1975) of edge pictures 80 pixels wide. A part that passes is in no reference, so it
lowers the peak and does not move it; one part that lies elsewhere shifts one picture, a moved camera shifts all of them
alike. So a camera has moved when several pictures in a row agree on a shift. A turn without a shift is not seen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Grey = npt.NDArray[np.uint8]

SIDE_PX: Final = 80
"""The longer side of what is compared; a shift is found to about a fifth of such a pixel."""
SAMPLES: Final = 31
SAMPLE_EVERY: Final = 8
"""A reference is the median of 31 pictures, every eighth that can be judged: parts that pass are in few of them."""
RESPONSE_MIN: Final = 0.15
"""Peaks below are no match: in the median two unlike photographs give 0.1, a shifted scene with a part in it 0.4."""
AGREEMENT: Final = 0.02
"""Shifts that differ by less, as a fraction of the picture, are the same shift."""

_SHORTEST_PX: Final = 16
_ROUNDING_PX: Final = 1
"""By so much two pictures of one shape and different sizes may differ when they are reduced."""


@dataclass(frozen=True, slots=True)
class Shift:
    """Where the background lies against the reference, as fractions of the picture's width and height.

    right, down: positive where the background lies further right and lower; the camera turned the other way.
    response: 1 for the same picture, near 0 for another.
    """

    right: float
    down: float
    response: float

    @property
    def size(self) -> float:
        """The larger of both."""
        return max(abs(self.right), abs(self.down))

    def agrees_with(self, other: Shift) -> bool:
        """Whether both are one shift."""
        return math.hypot(self.right - other.right, self.down - other.down) < AGREEMENT


@dataclass(frozen=True, slots=True)
class OtherShape:
    """A picture that cannot be compared; its regions are cut at other places.

    wanted, found: width ÷ height of the reference and of the picture.
    """

    wanted: float
    found: float


class CameraShift:
    """Watches one camera, picture by picture, in the order they come.

    Args:
        limit: fraction of the picture's width or height by which a moved camera's background is shifted.
        pictures: so many in a row must agree.
        reference: h×w uint8 as `background` gives it; None to learn it from the first pictures.

    Attributes:
        reference: what pictures are compared with, None while it is being learned.
    """

    def __init__(self, limit: float, pictures: int, reference: Grey | None = None) -> None:
        self.reference: Grey | None = None
        self._limit, self._pictures = limit, pictures
        self._edges: npt.NDArray[np.float32] | None = None
        self._window: npt.NDArray[np.float32] | None = None
        self._seen = 0
        self._samples: list[Grey] = []
        self._agreed = 0
        self._last: Shift | None = None
        if reference is not None:
            self._refer_to(reference)

    def look(self, grey: Grey) -> Shift | OtherShape | None:
        """The shift of a camera that has moved, the shape of a picture that is not the reference's; None otherwise.

        Args:
            grey: h×w uint8, 0–255, of a picture that can be judged; 80 pixels or more on its longer side.
        """
        small = background(grey)
        if self.reference is None or self._edges is None:
            self._learn(small)
            return None
        (height, width), (tall, wide) = self.reference.shape, small.shape
        if max(abs(height - tall), abs(width - wide)) > _ROUNDING_PX:
            self._agreed, self._last = 0, None
            return OtherShape(width / height, wide / tall)
        if small.shape != self.reference.shape:
            small = np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
        found = self._shift(small, self._edges)
        if found.response < RESPONSE_MIN or found.size < self._limit:
            self._agreed, self._last = 0, None
            return None
        same = self._last is not None and found.agrees_with(self._last)
        self._agreed, self._last = self._agreed + 1 if same else 1, found
        return found if self._agreed >= self._pictures else None

    def _learn(self, small: Grey) -> None:
        self._seen += 1
        if self._seen % SAMPLE_EVERY:
            return
        if self._samples and self._samples[0].shape != small.shape:
            self._samples.clear()
        self._samples.append(small)
        if len(self._samples) >= SAMPLES:
            self._refer_to(np.asarray(np.median(self._samples, axis=0), np.uint8))
            self._samples.clear()

    def _refer_to(self, reference: Grey) -> None:
        self.reference = reference
        self._edges = _edges(reference)
        height, width = reference.shape
        self._window = np.asarray(cv2.createHanningWindow((width, height), cv2.CV_32F), np.float32)

    def _shift(self, small: Grey, edges: npt.NDArray[np.float32]) -> Shift:
        (right, down), response = cv2.phaseCorrelate(edges, _edges(small), self._window)
        height, width = small.shape
        return Shift(right / width, down / height, float(response))


def background(grey: Grey) -> Grey:
    """A grey picture as it is compared: 80 pixels on its longer side, 16 or more on the other."""
    height, width = grey.shape
    scale = SIDE_PX / max(height, width)
    size = (max(round(width * scale), _SHORTEST_PX), max(round(height * scale), _SHORTEST_PX))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)


def _edges(small: Grey) -> npt.NDArray[np.float32]:
    right = cv2.Sobel(small, cv2.CV_32F, 1, 0)
    down = cv2.Sobel(small, cv2.CV_32F, 0, 1)
    strength = np.asarray(cv2.magnitude(right, down), np.float32)
    strength -= np.float32(cv2.mean(strength)[0])
    return strength
