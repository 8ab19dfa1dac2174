"""Whether a picture can be judged at all: dark, over-exposed, blurred, moved, or the same as the ones before.

Light and focus are measured wherever a model looks, without what is masked; the rest in the point's region. Everything
but "the same" is measured on a reduced grey picture; two pictures are compared whole only when theirs have the same
mean and deviation. Together about 0.1 ms for 640×480 on x86, one thread (`tests/bench/picture_health.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import cv2
import numpy as np

from edge_contracts.errors import BadInputError
from edge_contracts.verdict import Cause
from edge_runtime.blue_first import as_stored
from edge_runtime.camera_shift import OtherShape
from edge_runtime.inspection.region import cut
from edge_runtime.occasion import Ailment

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from edge_contracts.station import PictureHealth, Region
    from edge_runtime.camera_shift import CameraShift

_REDUCED_PX: Final = 160
"""The longer side of the picture that everything is measured on, at most twice this."""
_NARROWEST_PX: Final = 3
"""The shorter side of that picture at least, where there is so much: the width of the Laplacian."""
_SMOOTHING: Final = 1 / 64
"""How much one picture counts in the running light."""
_SHARPNESS_EVERY: Final = 16
"""The running sharpness is taken of every sixteenth picture, where no limit asks for it of each."""


@dataclass(frozen=True, slots=True)
class Light:
    """How pictures look of late, a running mean over about 64 of them.

    mean: grey, 0–255. contrast: its standard deviation. sharpness: variance of the Laplacian, over every 16th.
    pictures: how many were seen.
    """

    mean: float
    contrast: float
    sharpness: float
    pictures: int


@dataclass(frozen=True, slots=True)
class AreaGrey:
    """What light and focus are measured on.

    grey: uint8 h×w, 0–255.
    counts: uint8 h×w, not 0 where the pixel is judged; None for everywhere.
    """

    grey: npt.NDArray[np.uint8]
    counts: npt.NDArray[np.uint8] | None = None


class Area(Protocol):
    """What one model judges of a picture; `edge_runtime.judged_area.JudgedArea` is one.

    where: of an error's words, as " where 'label' looks"; empty for the only model.
    """

    where: str

    def grey(self, picture: npt.NDArray[np.uint8]) -> AreaGrey:
        """Of a whole picture, H×W×3 uint8 RGB; raises BadInputError where the two do not fit each other."""
        ...


@dataclass(frozen=True, slots=True)
class _Seen:
    """A picture, with the mean and the deviation of its reduced grey."""

    pixels: npt.NDArray[np.uint8]
    mean: float
    contrast: float

    def is_same(self, other: _Seen | None) -> bool:
        """Whether both are the same in every byte."""
        if other is None or self.mean != other.mean or self.contrast != other.contrast:
            return False
        return np.array_equal(self.pixels, other.pixels)


class PictureCheck:
    """Examines the pictures of one camera in the order they come.

    Args:
        limits: outside of which a picture cannot be judged.
        frozen_frames: identical pictures in a row that mean a frozen camera; 0 switches the check off.
        shift: watches whether the camera has moved, None switches the check off.
        region: what is compared with earlier pictures, and where the camera's place and running light are.
        areas: where light and focus are measured; the region itself when there are none.

    Attributes:
        light: how the pictures that could be judged look of late, None before the first; may be read from any thread.
    """

    def __init__(
        self,
        limits: PictureHealth,
        *,
        frozen_frames: int,
        shift: CameraShift | None = None,
        region: Region | None = None,
        areas: Sequence[Area] = (),
    ) -> None:
        self.light: Light | None = None
        self._limits = limits
        self._frozen_frames = frozen_frames
        self._shift = shift
        self._region = region
        self._areas = areas
        self._last: _Seen | None = None
        self._same = 0

    def examine(
        self, picture: npt.NDArray[np.uint8], *, repeats: int = 0, unseen: npt.NDArray[np.uint8] | None = None
    ) -> Ailment | None:
        """What is wrong with a picture, None when it can be judged.

        Args:
            picture: H×W×3 uint8 RGB, 0–255, as the camera gave it; kept until the next call.
            repeats: pictures directly before it that the source knows to be the same.
            unseen: an earlier picture that was not examined, None where there was none.
        """
        grey, seen = self._seen(picture)
        mean, contrast = seen.mean, seen.contrast
        if unseen is not None and self._frozen_frames:
            self._count_same(self._seen(unseen)[1])
        frozen = self._frozen(seen, repeats) if self._frozen_frames else None
        ailment = frozen or self._unclear(picture, AreaGrey(grey), mean) or self._moved(grey)
        if ailment is None:
            self._note_light(grey, mean, contrast)
        return ailment

    def _seen(self, picture: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.uint8], _Seen]:
        """The region's reduced grey, and what it is compared by."""
        pixels = cut(picture, self._region) if self._region is not None else picture
        grey = reduced_grey(pixels)
        means, deviations = cv2.meanStdDev(grey)
        return grey, _Seen(pixels, means.item(), deviations.item())

    def _count_same(self, seen: _Seen) -> None:
        self._same = self._same + 1 if seen.is_same(self._last) else 1
        self._last = seen

    def _frozen(self, seen: _Seen, repeats: int) -> Ailment | None:
        self._count_same(seen)
        self._same = max(self._same, repeats + 1)
        if self._same < self._frozen_frames:
            return None
        return Ailment(
            Cause.FROZEN, f"wanted a moving picture, found {self._same} identical ones in a row; is the camera frozen?"
        )

    def _unclear(self, picture: npt.NDArray[np.uint8], region: AreaGrey, mean: float) -> Ailment | None:
        """The first ailment of light or focus in what the models judge."""
        if not self._areas:
            return self._exposure(mean, "") or self._blur(region, "")
        for area in self._areas:
            try:
                seen = area.grey(picture)
            except BadInputError as error:
                return Ailment(Cause.BAD_FRAME, str(error))
            light = cv2.mean(seen.grey, seen.counts)[0]
            if (ailment := self._exposure(light, area.where) or self._blur(seen, area.where)) is not None:
                return ailment
        return None

    def _exposure(self, mean: float, where: str) -> Ailment | None:
        if mean < self._limits.dark_mean:
            return Ailment(
                Cause.DARK,
                f"wanted a mean grey of at least {self._limits.dark_mean:g}{where}, found {mean:.1f}; "
                "is the light off?",
            )
        if mean > self._limits.bright_mean:
            return Ailment(
                Cause.OVEREXPOSED,
                f"wanted a mean grey of at most {self._limits.bright_mean:g}{where}, found {mean:.1f}; "
                "lower the exposure",
            )
        return None

    def _blur(self, seen: AreaGrey, where: str) -> Ailment | None:
        if not self._limits.sharpness_min:
            return None
        if min(seen.grey.shape) < _NARROWEST_PX:
            height_px, width_px = seen.grey.shape
            return Ailment(
                Cause.BLURRED,
                f"wanted {_NARROWEST_PX}×{_NARROWEST_PX} pixels or more to measure sharpness on{where}, "
                f"found {width_px}×{height_px}; enlarge the region or its mask, or set sharpness_min = 0",
            )
        found = sharpness(seen.grey, seen.counts)
        if found >= self._limits.sharpness_min:
            return None
        return Ailment(
            Cause.BLURRED,
            f"wanted a sharpness of at least {self._limits.sharpness_min:g}{where}, found {found:.1f}; "
            "check focus, lens and motion",
        )

    def _moved(self, grey: npt.NDArray[np.uint8]) -> Ailment | None:
        found = self._shift.look(grey) if self._shift else None
        if found is None:
            return None
        if isinstance(found, OtherShape):
            return Ailment(
                Cause.MOVED,
                f"wanted a picture {found.wanted:.2f} times as wide as high, as when the camera's place was learned, "
                f"found one {found.found:.2f} times as wide; set the camera as it was, or delete its learned place",
            )
        return Ailment(
            Cause.MOVED,
            f"wanted the background where it was, found it {_toward(found.right, 'right', 'left')} and "
            f"{_toward(found.down, 'lower', 'higher')}; put the camera back, or delete its learned place",
        )

    def _note_light(self, grey: npt.NDArray[np.uint8], mean: float, contrast: float) -> None:
        before = self.light
        if before is None:
            self.light = Light(mean, contrast, sharpness(grey), 1)
            return
        pictures = before.pictures + 1
        weight = max(_SMOOTHING, 1 / pictures)
        edge = before.sharpness
        if pictures % _SHARPNESS_EVERY == 0:
            edge += max(_SMOOTHING * _SHARPNESS_EVERY, _SHARPNESS_EVERY / pictures / 2) * (sharpness(grey) - edge)
        self.light = Light(
            before.mean + weight * (mean - before.mean),
            before.contrast + weight * (contrast - before.contrast),
            edge,
            pictures,
        )


def reduced_grey(pixels: npt.NDArray[np.uint8], *, side_px: int = _REDUCED_PX) -> npt.NDArray[np.uint8]:
    """Every n-th pixel as grey, uint8 h×w, 0–255; n brings the longer side to 160 to 320 pixels, or `side_px` to twice.

    Where that left fewer than 3 pixels of the shorter side, n is smaller. Grey is 0.299 R + 0.587 G + 0.114 B (ITU-R
    BT.601).
    """
    few, is_blue_first = as_stored(pixels)
    height, width = pixels.shape[:2]
    step = min(max(height, width) // side_px, min(height, width) // _NARROWEST_PX)
    if step > 1:
        few = np.asarray(cv2.resize(few, (width // step, height // step), interpolation=cv2.INTER_NEAREST), np.uint8)
    return np.asarray(cv2.cvtColor(few, cv2.COLOR_BGR2GRAY if is_blue_first else cv2.COLOR_RGB2GRAY), np.uint8)


def sharpness(grey: npt.NDArray[np.uint8], counts: npt.NDArray[np.uint8] | None = None) -> float:
    """Variance of the four-neighbour Laplacian (Pech-Pacheco et al., 2000); 0 for pictures under 3×3.

    Args:
        grey: h×w, 0–255.
        counts: h×w, not 0 where the Laplacian counts; None for everywhere.
    """
    if min(grey.shape) < _NARROWEST_PX:
        return 0.0
    inner = None if counts is None else counts[1:-1, 1:-1]
    _, deviation = cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_16S)[1:-1, 1:-1], mask=inner)
    return float(deviation.item()) ** 2


def _toward(fraction: float, positive: str, negative: str) -> str:
    return f"{abs(fraction):.1%} {positive if fraction > 0 else negative}"
