"""Whether the coded data of a JPEG came to its end before its picture did, as when bytes were lost on the way.

The code knows no places: after a gap the decoder finds its step again and goes on, a little short of blocks for each
byte that is missing. What it then lacks at the end it fills with the grey of no data, 128 in each channel (libjpeg,
`insufficient_data`), and only warns of it on standard error. So a picture with a corner of just that grey is suspected,
and tried: bytes put before its end change the picture where data were lacking, and nothing where they were not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from edge_runtime.capture.jpeg_end import JpegEnd

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Pixels = npt.NDArray[np.uint8]

_NO_DATA: Final = 128
_EOI_BYTES: Final = 2
_MORE: Final = bytes(range(1, 97))
"""Coded data of some blocks, whatever the tables; without a marker."""


def ran_out(content: bytes, pixels: Pixels, decode: Callable[[bytes], Pixels]) -> bool:
    """Whether the decoder lacked data. Decodes again where a corner is suspicious, so hardly ever in a whole picture.

    Args:
        content: a JPEG file with its end marker.
        pixels: H×W×3 uint8 as it was decoded, in any order of colours and turned in any way.
        decode: does so.
    """
    corners = pixels[[0, 0, -1, -1], [0, -1, 0, -1]]
    if not (corners == _NO_DATA).all(axis=1).any():
        return False
    length = JpegEnd().find(content)
    if length is None:
        return False
    end = length - _EOI_BYTES
    return not np.array_equal(decode(content[:end] + _MORE + content[end:]), pixels)
