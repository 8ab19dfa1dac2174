"""Pictures for a browser: reduced, with or without the heat map, as JPEG; each is made once for all who look."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

import numpy as np

from edge_runtime.blue_first import bgr_of, resized
from edge_runtime.capture.picture_file import load_opencv
from edge_runtime.inspection.overlay import draw_heat

if TYPE_CHECKING:
    import numpy.typing as npt

    from edge_contracts.station import Region
    from edge_runtime.web.live_view import Pictured

LONGER_SIDE_PX: Final = 960
_QUALITY = 80
_KEPT = 16


def jpeg(
    pixels: npt.NDArray[np.uint8],
    heat_map: npt.NDArray[np.float32] | None,
    region: Region,
    threshold: float | None,
    side_px: int = LONGER_SIDE_PX,
) -> bytes:
    """A picture as JPEG.

    Args:
        pixels: H×W×3 uint8 RGB, 0–255; not changed.
        heat_map: float32 h×w over `region`, None for the bare picture.
        region: what the map covers.
        threshold: places up to it stay clear.
        side_px: its longer side is at most so long.
    """
    cv2 = load_opencv()
    small = _reduced(pixels, side_px)
    if heat_map is not None and np.isfinite(heat_map).all():
        small = draw_heat(small, heat_map, region, threshold)
    written, content = cv2.imencode(".jpg", bgr_of(small), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    if not written:
        raise OSError("wanted a JPEG of the picture, found that OpenCV cannot encode it")
    return bytes(content)


class Album:
    """The JPEGs of the last parts; used by one thread alone."""

    def __init__(self) -> None:
        self._pages: OrderedDict[tuple[str, int, bool], bytes] = OrderedDict()

    def page(self, point: str, pictured: Pictured, *, heat: bool) -> bytes:
        """The JPEG of a part, from the last ones or made now."""
        key = (point, pictured.number, heat)
        content = self._pages.get(key)
        if content is None:
            inspected = pictured.inspected
            assert inspected.frame is not None  # noqa: S101 - what is pictured has a frame
            heat_map = inspected.heat_map if heat else None
            content = jpeg(inspected.frame.pixels, heat_map, inspected.region, inspected.verdict.threshold)
            self._pages[key] = content
            while len(self._pages) > _KEPT:
                self._pages.popitem(last=False)
        return content

    def clear(self) -> None:
        """Nobody has looked for a while."""
        self._pages.clear()


def _reduced(pixels: npt.NDArray[np.uint8], side_px: int) -> npt.NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    share = side_px / max(height, width)
    if share >= 1:
        return pixels
    size = (max(round(width * share), 1), max(round(height * share), 1))
    return resized(pixels, size, load_opencv().INTER_AREA)
