"""The pixels of samples, read when they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

from converters.calibration.recorded_frames import read_judged
from edge_contracts.errors import BadInputError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from training.dataset.sample import Sample

# A 12-bit value that stands unscaled in a 16-bit file comes out below 16 of 255.
DARKEST_PEAK = 16


class Photographs(Sequence["npt.NDArray[np.uint8]"]):
    """The pixels of samples, H×W×3 uint8 RGB each, read from disk at each access.

    A picture that a station kept is cut to the region that its model saw. Access raises BadInputError for a file that
    is no picture, and for a picture without light.

    Args:
        samples: which pictures, in which order.
    """

    def __init__(self, samples: Sequence[Sample]) -> None:
        self._samples = samples

    def __len__(self) -> int:
        return len(self._samples)

    @overload
    def __getitem__(self, place: int) -> npt.NDArray[np.uint8]: ...
    @overload
    def __getitem__(self, place: slice) -> Photographs: ...
    def __getitem__(self, place: int | slice) -> npt.NDArray[np.uint8] | Photographs:
        if isinstance(place, slice):
            return Photographs(self._samples[place])
        return _lit(read_judged(self._samples[place].path), self._samples[place].path)


def _lit(pixels: npt.NDArray[np.uint8], path: Path) -> npt.NDArray[np.uint8]:
    if int(pixels.max()) >= DARKEST_PEAK:
        return pixels
    raise BadInputError(
        f"wanted a picture with light in it, found none above {pixels.max()} of 255 in {path}; take it again "
        "with light, or where it is a 16-bit file with raw 10- or 12-bit values, save it as 8-bit PNG"
    )
