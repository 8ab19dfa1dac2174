"""One picture or sound of a dataset, what it shows, and what it must not be parted from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from converters.calibration.samples import GOOD_LABELS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

GOOD = "good"
"""The label of a part in which nothing is drawn, and of pictures that lie in no class."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle drawn around a defect.

    x_px, y_px: its left and upper edge from the upper left corner of the upright picture, in pixels.
    width_px, height_px: greater than zero.
    label: its class.
    """

    x_px: float
    y_px: float
    width_px: float
    height_px: float
    label: str = ""

    @property
    def is_good(self) -> bool:
        """Whether it says of itself that it holds no defect."""
        return self.label.lower() in GOOD_LABELS


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture or sound.

    label: its class, as the folder or manifest calls it.
    group: samples of one group (one part, one minute) must not be split between learning and judging; empty = alone.
    split: `train`, `test` or whatever the source says; empty = not said.
    boxes: drawn around its defects; empty = none drawn.
    masks: pictures of its size, not black where its defects are, together; empty = none drawn.
    passes: whether a part of this class is good, where a bundle says so; None where the label itself does.
    """

    path: Path
    label: str
    group: str = ""
    split: str = ""
    boxes: tuple[Box, ...] = ()
    masks: tuple[Path, ...] = ()
    passes: bool | None = None

    @property
    def is_good(self) -> bool:
        """Whether the label is one of the good ones."""
        return self.label.lower() in GOOD_LABELS if self.passes is None else self.passes


def label_of(boxes: Sequence[Box]) -> str:
    """What a picture shows whose defects are drawn: the class of its largest defect, good without one."""
    defects = [one for one in boxes if not one.is_good]
    if not defects:
        return GOOD
    return max(defects, key=lambda one: one.width_px * one.height_px).label
