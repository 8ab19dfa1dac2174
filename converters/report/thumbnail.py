"""Small pictures that travel inside the page: JPEG in a data address, no larger than they are drawn."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, cast

from edge_runtime.capture.picture_file import load_opencv

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

LONGEST_SIDE_PX = 160
QUALITIES = (85, 65, 40)
MOST_BYTES = 12_000
"""Twelve thumbnails and the rest of the page stay below 400 kB."""


def reduced(pixels: npt.NDArray[np.uint8], longest_px: int = LONGEST_SIDE_PX) -> npt.NDArray[np.uint8]:
    """The picture, H×W×3 uint8 RGB, with its longer side at most `longest_px`."""
    height, width = pixels.shape[:2]
    scale = min(1.0, longest_px / max(height, width))
    if scale == 1.0:
        return pixels
    cv2 = load_opencv()
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cast("npt.NDArray[np.uint8]", cv2.resize(pixels, size, interpolation=cv2.INTER_AREA))


def as_address(pixels: npt.NDArray[np.uint8], most_bytes: int = MOST_BYTES) -> str:
    """A small picture, H×W×3 uint8 RGB, as a `data:` address; see `as_jpeg`."""
    return "data:image/jpeg;base64," + base64.b64encode(as_jpeg(pixels, most_bytes)).decode("ascii")


def as_jpeg(pixels: npt.NDArray[np.uint8], most_bytes: int = MOST_BYTES) -> bytes:
    """A small picture, H×W×3 uint8 RGB; a grainy one is stored at a lower quality."""
    cv2 = load_opencv()
    content = b""
    for quality in QUALITIES:
        done, encoded = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
        content = encoded.tobytes() if done else b""
        if len(content) <= most_bytes:
            break
    return content
