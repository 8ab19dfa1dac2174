"""What a trigger calls for and what an inspection leaves behind: the values between trigger, inspector and sinks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edge_contracts.errors import LeptonError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from edge_contracts.station import Region
    from edge_contracts.verdict import Cause, Verdict
    from edge_runtime.capture.source import Reading
    from edge_runtime.frames import Frame, Window
    from edge_runtime.lessons.lesson import Impression


@dataclass(frozen=True, slots=True)
class Ailment:
    """Why a part cannot be judged.

    cause: never `clean` or `threshold`.
    reason: one sentence for a person.
    """

    cause: Cause
    reason: str


@dataclass(frozen=True, slots=True)
class Occasion:
    """One part that must get a verdict, or a moment at which parts may have passed unseen.

    part: its id, unique between two starts of the point.
    reading: None when none came.
    triggered_at_ns: monotonic time at which the deadline begins.
    ailment: what already speaks against judging it.
    is_part: whether it is known that a part was there; False while camera or line are silent or faulty.
    """

    part: str
    reading: Reading | None
    triggered_at_ns: int
    ailment: Ailment | None = None
    is_part: bool = True


class PartInterrupted(LeptonError, RuntimeError):
    """Taking the reading of an announced part failed; what failed is chained.

    Attributes:
        part: its id.
        triggered_at_ns: its moment, monotonic.
    """

    def __init__(self, part: str, triggered_at_ns: int) -> None:
        super().__init__(f"wanted a reading of part {part}, found a fault while it was taken")
        self.part = part
        self.triggered_at_ns = triggered_at_ns


@dataclass(frozen=True, slots=True)
class Mark:
    """A box worth showing.

    corners: x1, y1, x2, y2 as fractions of the judged picture, in an inspection's result of the whole frame.
    score: 0 to 1.
    is_fault: whether it speaks against the part; a screw that belongs there does not.
    """

    label: str
    score: float
    corners: tuple[float, float, float, float]
    is_fault: bool


@dataclass(frozen=True, slots=True)
class Inspected:
    """One verdict and what backs it.

    frame: the picture that was judged, None when there was none.
    heat_map: float32 h×w over `region`, larger is more suspicious; None where the model has none.
    region: the part of the frame that was judged.
    window: the sound or the readings that were judged, None when there were none.
    triggered_at_ns: the occasion's.
    marks: the boxes that were counted, in the whole frame.
    impression: what can be taught of the part; None where nothing can.
    """

    verdict: Verdict
    frame: Frame | None
    heat_map: npt.NDArray[np.float32] | None
    region: Region
    window: Window | None = None
    triggered_at_ns: int = 0
    marks: tuple[Mark, ...] = ()
    impression: Impression | None = None

    @property
    def seen(self) -> Frame | Window | None:
        """What was judged, None when there was nothing."""
        return self.frame if self.frame is not None else self.window

    @property
    def raw_score(self) -> float | None:
        """What the bundle alone gave the part, before anything that was taught; None where nothing was scored."""
        return self.impression.score if self.impression is not None else self.verdict.score
