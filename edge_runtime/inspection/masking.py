"""What of a picture counts: masked pixels are made grey before a model sees them, and nothing found there counts.

Grey is 127 in every channel, the middle of a byte. A model should be trained on pictures that are masked alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from edge_contracts.errors import BadInputError
from edge_runtime.capture.picture_file import load_opencv
from edge_runtime.inspection.region import rectangle

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from edge_contracts.station import Mask, Region

NEUTRAL_GREY: Final = 127
_WHITE_FROM = 128
_ASPECT_TOLERANCE = 0.01


class MaskRefused(BadInputError):
    """The mask cannot be read, or does not fit the camera's pictures."""


class Masking:
    """One mask over pictures of any size in its aspect.

    Args:
        mask: as the station's configuration has it; a picture of it is read at once.

    Raises:
        MaskRefused: its picture cannot be read, or leaves nothing to judge.
        MissingExtraError: OpenCV is not installed.
    """

    def __init__(self, mask: Mask) -> None:
        self._mask = mask
        self._drawn = _read(mask.path) if mask.path is not None else None
        self._plane: npt.NDArray[np.bool_] | None = None

    def plane(self, height_px: int, width_px: int) -> npt.NDArray[np.bool_]:
        """Bool H×W: what counts of a picture of this size; the same array until the size changes.

        Raises:
            MaskRefused: the mask has another aspect, or leaves nothing of such a picture.
        """
        if self._plane is None or self._plane.shape != (height_px, width_px):
            self._plane = self._made(height_px, width_px)
        return self._plane

    def within(self, region: Region, height_px: int, width_px: int) -> npt.NDArray[np.bool_]:
        """The part of the plane that lies in the region, bool h×w.

        Raises:
            MaskRefused: as above, or it leaves nothing of the region.
        """
        plane = self.plane(height_px, width_px)[rectangle(region, height_px, width_px)]
        if not plane.any():
            raise MaskRefused("wanted a mask that leaves something of the region, found that it covers all of it")
        return plane

    def _made(self, height_px: int, width_px: int) -> npt.NDArray[np.bool_]:
        plane = self._judged(height_px, width_px)
        _fill(plane, self._mask.ignore, 0)
        if not plane.any():
            raise MaskRefused("wanted a mask that leaves something to judge, found that it covers the whole picture")
        return plane.astype(bool)

    def _judged(self, height_px: int, width_px: int) -> npt.NDArray[np.uint8]:
        if self._drawn is None:
            plane = np.full((height_px, width_px), 0 if self._mask.polygons else 1, np.uint8)
            _fill(plane, self._mask.polygons, 1)
            return plane
        tall, wide = self._drawn.shape
        if abs(width_px * tall / (height_px * wide) - 1) > _ASPECT_TOLERANCE:
            raise MaskRefused(
                f"wanted a mask in the aspect of the pictures of {width_px}×{height_px}, found {self._mask.path} with "
                f"{wide}×{tall}; draw it on a picture of this camera"
            )
        cv2 = load_opencv()
        return np.asarray(cv2.resize(self._drawn, (width_px, height_px), interpolation=cv2.INTER_NEAREST), np.uint8)


def neutralised(pixels: npt.NDArray[np.uint8], judged: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    """A copy of H×W×3 pixels, grey where `judged` (H×W) is false."""
    made = np.full(pixels.shape, NEUTRAL_GREY, np.uint8)
    np.copyto(made, pixels, where=judged[:, :, None])
    return made


def reduced(judged: npt.NDArray[np.bool_], shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """Bool h×w of a map over the same picture: a place counts when any of its pixels does."""
    rows, columns = (_edges(whole, part) for whole, part in zip(judged.shape, shape, strict=True))
    by_rows = np.logical_or.reduceat(judged, rows, axis=0)
    return np.asarray(np.logical_or.reduceat(by_rows, columns, axis=1))


def share_judged(judged: npt.NDArray[np.bool_], corners: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """float32 N: how much of each box (N×4, fractions) counts; at least one pixel of each is looked at."""
    height, width = judged.shape
    shares = []
    for x1, y1, x2, y2 in corners.tolist():
        top, left = min(int(y1 * height), height - 1), min(int(x1 * width), width - 1)
        inner = judged[top : max(round(y2 * height), top + 1), left : max(round(x2 * width), left + 1)]
        shares.append(float(inner.mean()))
    return np.asarray(shares, np.float32)


def _edges(whole: int, parts: int) -> npt.NDArray[np.intp]:
    """Where each of the parts begins; a map finer than its picture repeats pixels."""
    return np.minimum(np.arange(parts) * whole // parts, whole - 1)


def _read(path: str) -> npt.NDArray[np.uint8]:
    cv2 = load_opencv()
    found = cv2.imread(path, cv2.IMREAD_GRAYSCALE)
    if found is None:
        raise MaskRefused(f"wanted a mask as a PNG, found none that can be read at {path}; white is what counts")
    plane = np.asarray(found >= _WHITE_FROM, np.uint8)
    if not plane.any():
        raise MaskRefused(f"wanted a mask with something white, found only black in {path}; white is what counts")
    return plane


def _fill(plane: npt.NDArray[np.uint8], polygons: Sequence[Sequence[tuple[float, float]]], value: int) -> None:
    cv2: Any = load_opencv()
    height, width = plane.shape
    for polygon in polygons:
        points = np.rint(np.asarray(polygon) * [width, height]).astype(np.int32)
        cv2.fillPoly(plane, [points], value)
