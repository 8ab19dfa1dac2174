"""Whether a picture can be judged at all: dark, over-exposed, blurred, or the same as the ones before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edge_contracts.verdict import Cause
from edge_runtime.occasion import Ailment

if TYPE_CHECKING:
    import numpy.typing as npt

    from edge_contracts.station import PictureHealth

_REDUCED_PX = 160
"""The longer side of the picture that brightness and sharpness are measured on, at most twice this."""


class PictureCheck:
    """Examines the pictures of one camera in the order they come.

    Args:
        limits: outside of which a picture cannot be judged.
        frozen_frames: identical pictures in a row that mean a frozen camera; 0 switches the check off.
    """

    def __init__(self, limits: PictureHealth, *, frozen_frames: int) -> None:
        self._limits = limits
        self._frozen_frames = frozen_frames
        self._last: npt.NDArray[np.uint8] | None = None
        self._same = 0

    def examine(self, pixels: npt.NDArray[np.uint8]) -> Ailment | None:
        """What is wrong with a picture, None when it can be judged.

        Args:
            pixels: H×W×3 uint8 RGB, 0–255; kept until the next call.
        """
        frozen = self._frozen(pixels)
        grey = reduced_grey(pixels)
        return frozen or self._exposure(grey) or self._blur(grey)

    def _frozen(self, pixels: npt.NDArray[np.uint8]) -> Ailment | None:
        if not self._frozen_frames:
            return None
        same = self._last is not None and np.array_equal(self._last, pixels)
        self._same = self._same + 1 if same else 1
        self._last = pixels
        if self._same < self._frozen_frames:
            return None
        return Ailment(
            Cause.FROZEN, f"wanted a moving picture, found {self._same} identical ones in a row; is the camera frozen?"
        )

    def _exposure(self, grey: npt.NDArray[np.float32]) -> Ailment | None:
        mean = float(grey.mean())
        if mean < self._limits.dark_mean:
            return Ailment(
                Cause.DARK,
                f"wanted a mean grey of at least {self._limits.dark_mean:g}, found {mean:.1f}; is the light off?",
            )
        if mean > self._limits.bright_mean:
            return Ailment(
                Cause.OVEREXPOSED,
                f"wanted a mean grey of at most {self._limits.bright_mean:g}, found {mean:.1f}; lower the exposure",
            )
        return None

    def _blur(self, grey: npt.NDArray[np.float32]) -> Ailment | None:
        if not self._limits.sharpness_min:
            return None
        found = sharpness(grey)
        if found >= self._limits.sharpness_min:
            return None
        return Ailment(
            Cause.BLURRED,
            f"wanted a sharpness of at least {self._limits.sharpness_min:g}, found {found:.1f}; "
            "check focus, lens and motion",
        )


def reduced_grey(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Every n-th pixel as grey, float32 h×w, 0–255; n brings the longer side to 160 to 320 pixels.

    Grey is 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601).
    """
    step = max(1, max(pixels.shape[:2]) // _REDUCED_PX)
    few = pixels[::step, ::step]
    return np.asarray(few @ np.array([0.299, 0.587, 0.114], np.float32), np.float32)


def sharpness(grey: npt.NDArray[np.float32]) -> float:
    """Variance of the four-neighbour Laplacian (Pech-Pacheco et al., 2000); 0 for pictures under 3×3."""
    if min(grey.shape) < 3:  # noqa: PLR2004 - the width of the Laplacian
        return 0.0
    middle = grey[1:-1, 1:-1]
    laplacian = grey[:-2, 1:-1] + grey[2:, 1:-1] + grey[1:-1, :-2] + grey[1:-1, 2:] - 4 * middle
    return float(laplacian.var())
